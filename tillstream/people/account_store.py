"""Pen: an account is changed by compare-and-set, and its audit entry goes with it in one write."""

from collections.abc import Callable, Mapping
from typing import Any

from tillstream import audit
from tillstream.audit import What
from tillstream.domain.errors import Conflict, NotFound
from tillstream.domain.people import Role
from tillstream.people.assigned import SHOWN, WrongField
from tillstream.people.user import User, can_sign_in, user_of
from tillstream.ports import Ports
from tillstream.ports.document_store import Document, Put

COLLECTION = "users"
ADMINS = ("people", "admins")
"""The document that every change writes which leaves one admin fewer: of two at once only one goes through."""
TOLD = (*SHOWN, "disabled", "given_password", "locale", "time_zone")
"""Fields whose change the audit log tells."""

Change = Callable[[dict[str, Any]], dict[str, Any]]


class LastAdmin(WrongField):
    """Nobody could let anybody in any more."""

    def __init__(self, login: str) -> None:
        super().__init__("role", f"{login} is the last admin: make another one first.")


def known(ports: Ports, login: str) -> Document:
    """The account's document; `NotFound` where nobody has the name."""
    document = ports.documents.get(COLLECTION, plain(login))
    if document is None:
        raise NotFound(f"Nobody signs in as {login}.")
    return document


def change(ports: Ports, login: str, change: Change, by: str = "", what: What | None = None) -> User:
    """The account as `change` makes it; it may be asked again where somebody else was faster.

    what: goes to the audit log in the same write. Raises what `change` raises; `NotFound`, `LastAdmin`.
    """
    while True:
        before = known(ports, login)
        after = change(before.data)
        puts = [Put(COLLECTION, before.id, after, if_version=before.version)]
        puts += _admins(ports, before, after)
        fields = [name for name in TOLD if before.data.get(name) != after.get(name)]
        if what and (fields or what not in {What.USER_CHANGED, What.USER_PROFILE_CHANGED}):
            sides = ({name: side.get(name) for name in fields} for side in (before.data, after))
            puts.append(audit.entry(ports, by, what, before.id, *sides))
        try:
            return user_of(before.id, ports.documents.put_all(puts)[0].data)
        except Conflict:
            continue


def _admins(ports: Ports, before: Document, after: Mapping[str, Any]) -> list[Put]:
    if not _is_admin(before.data) or _is_admin(after):
        return []
    # Read before the others are looked at: who takes one of them away meanwhile makes this write fail.
    guard = ports.documents.get(*ADMINS)
    if not any(_is_admin(one.data) for one in ports.documents.find(COLLECTION) if one.id != before.id):
        raise LastAdmin(before.id)
    return [Put(*ADMINS, {"changed_at": now(ports)}, if_version=guard.version if guard else 0)]


def _is_admin(data: Mapping[str, Any]) -> bool:
    """Whoever can sign in as one; not who is only invited."""
    return data["role"] == Role.ADMIN.value and not data["disabled"] and can_sign_in(data)


def plain(login: str) -> str:
    return login.strip().casefold()


def now(ports: Ports) -> str:
    return ports.clock.now().isoformat(timespec="seconds")
