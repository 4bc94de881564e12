"""Validation of role and scope, for new and changed accounts alike."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tillstream.domain.errors import Rejected
from tillstream.domain.people import Role

STORE_ROLES = frozenset({Role.MANAGER, Role.CLERK, Role.SALESPERSON})
ACCOUNT_FIELDS = ("name", "role", "regions", "stores", "salesperson")


class WrongField(Rejected):
    """A form field is invalid; `field` is its name, such as login, role, regions, stores or salesperson."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


def assignment_fields(
    role: Role, regions: Iterable[str], stores: Iterable[str], salesperson: str | None
) -> dict[str, Any]:
    """Return the role and scope fields of the account document, empty where unused by the role. Raises `WrongField`."""
    everywhere = role is Role.ADMIN
    fields: dict[str, Any] = {
        "role": role.value,
        "regions": [] if everywhere else _distinct(regions),
        "stores": _distinct(stores) if role in STORE_ROLES else [],
        "salesperson": ((salesperson or "").strip() or None) if role is Role.SALESPERSON else None,
    }
    if role in STORE_ROLES and not fields["regions"]:
        raise WrongField("regions", f"A {role.value} sees only assigned regions. Assign at least one.")
    if role is Role.SALESPERSON and not fields["salesperson"]:
        raise WrongField(
            "salesperson", "A salesperson sees only their own sales. Enter the ID that the tills record for them."
        )
    return fields


RegionCheck = Callable[[Iterable[str]], None]
"""Raises `Rejected` for a region that does not exist."""


def check_regions_field(regions: Iterable[str], check: RegionCheck) -> None:
    """Raise `WrongField` for a region that does not exist: the account would see no rows."""
    try:
        check(_distinct(regions))
    except Rejected as error:
        raise WrongField("regions", str(error)) from None


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Describe the changed fields as text; empty if none changed."""
    changed = [name for name in ACCOUNT_FIELDS if before.get(name) != after.get(name)]
    return "; ".join(f"{name}: {_display(before.get(name))} → {_display(after.get(name))}" for name in changed)


def _display(value: Any) -> str:
    return (", ".join(value) if isinstance(value, list) else value) or "none"


def _distinct(values: Iterable[str]) -> list[str]:
    return sorted({value.strip() for value in values} - {""})
