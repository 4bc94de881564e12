"""Assignments: what an account of a role must be given, for new accounts and changed ones alike."""

from collections.abc import Iterable, Mapping
from typing import Any

from tillstream.domain.errors import Rejected
from tillstream.domain.people import Role

OF_STORES = frozenset({Role.MANAGER, Role.CLERK, Role.SALESPERSON})
SHOWN = ("name", "role", "regions", "stores", "salesperson")


class WrongField(Rejected):
    """`field` names what was given wrongly, as forms call it: login, role, regions, stores or salesperson."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


def assigned(role: Role, regions: Iterable[str], stores: Iterable[str], salesperson: str | None) -> dict[str, Any]:
    """The fields of the account's document; what the role has no use for is left out. Raises `WrongField`."""
    everywhere = role is Role.ADMIN
    found: dict[str, Any] = {
        "role": role.value,
        "regions": [] if everywhere else _words(regions),
        "stores": _words(stores) if role in OF_STORES else [],
        "salesperson": ((salesperson or "").strip() or None) if role is Role.SALESPERSON else None,
    }
    if role in OF_STORES and not found["regions"]:
        raise WrongField("regions", f"A {role.value} sees only given regions: name at least one.")
    if role is Role.SALESPERSON and not found["salesperson"]:
        raise WrongField(
            "salesperson", "A salesperson sees only their own sales: give the id that the tills use for them."
        )
    return found


def are_known(regions: Iterable[str], known: Iterable[str]) -> None:
    """Raises `WrongField` for a region that no contract reports to: nobody would see anything."""
    there = sorted(known)
    for region in _words(regions):
        if region not in there:
            raise WrongField("regions", f"There is no region {region}. Known are {', '.join(there)}.")


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """What changed, in words; empty where nothing did."""
    changed = [name for name in SHOWN if before.get(name) != after.get(name)]
    return "; ".join(f"{name}: {_said(before.get(name))} → {_said(after.get(name))}" for name in changed)


def _said(value: Any) -> str:
    return (", ".join(value) if isinstance(value, list) else value) or "none"


def _words(values: Iterable[str]) -> list[str]:
    return sorted({value.strip() for value in values} - {""})
