"""Account documents: updated by compare-and-set, with the audit entry in the same write."""

from collections.abc import Callable, Mapping
from typing import Any

from tillstream import audit
from tillstream.audit import AuditAction
from tillstream.domain.errors import NotFound
from tillstream.domain.people import Role
from tillstream.people.account_fields import ACCOUNT_FIELDS, WrongField
from tillstream.people.user import User, can_sign_in, user_of
from tillstream.ports import Ports
from tillstream.ports.document_store import Document, Put, Update, update

COLLECTION = "users"
ADMINS = ("people", "admins")
"""Guard document. Every change that removes an admin writes it, so of two concurrent ones only one succeeds."""
AUDITED_FIELDS = (*ACCOUNT_FIELDS, "disabled", "given_password", "locale", "time_zone", "display_currency")
"""Fields whose changes are audited."""

Change = Callable[[dict[str, Any]], dict[str, Any]]


class LastAdmin(WrongField):
    """The change would leave no admin who can sign in."""

    def __init__(self, login: str) -> None:
        super().__init__("role", f"{login} is the only administrator. Create another administrator first.")


def get_document(ports: Ports, login: str) -> Document:
    """Return the account's document. Raises `NotFound`."""
    return _existing(ports.documents.get(COLLECTION, normalize_login(login)), login)


def _existing(document: Document | None, login: str) -> Document:
    if document is None:
        raise NotFound(f"There is no account {login}.")
    return document


def change(ports: Ports, login: str, change: Change, by: str = "", what: AuditAction | None = None) -> User:
    """Apply `change` to the account, calling it again after each write conflict.

    what: the audit action, recorded in the same write. Raises `NotFound`, `LastAdmin` and what `change` raises.
    """

    def changed(document: Document | None) -> Update:
        before = _existing(document, login)
        after = change(before.data)
        also = _admin_guard(ports, before, after)
        fields = [name for name in AUDITED_FIELDS if before.data.get(name) != after.get(name)]
        if what and (fields or what not in {AuditAction.USER_CHANGED, AuditAction.USER_PROFILE_CHANGED}):
            sides = ({name: side.get(name) for name in fields} for side in (before.data, after))
            also.append(audit.entry(ports, by, what, before.id, *sides))
        return Update(after, also)

    account = update(ports.documents, COLLECTION, normalize_login(login), changed)
    return user_of(account.id, account.data)


def _admin_guard(ports: Ports, before: Document, after: Mapping[str, Any]) -> list[Put]:
    if not _is_admin(before.data) or _is_admin(after):
        return []
    # Read the guard before counting admins: a concurrent removal then makes this write fail.
    guard = ports.documents.get(*ADMINS)
    if not any(_is_admin(document.data) for document in ports.documents.find(COLLECTION) if document.id != before.id):
        raise LastAdmin(before.id)
    return [Put(*ADMINS, {"changed_at": now(ports)}, if_version=guard.version if guard else 0)]


def _is_admin(data: Mapping[str, Any]) -> bool:
    """Whether the account can sign in as an admin; an open invitation does not count."""
    return data["role"] == Role.ADMIN.value and not data["disabled"] and can_sign_in(data)


def normalize_login(login: str) -> str:
    return login.strip().casefold()


def now(ports: Ports) -> str:
    return ports.clock.now().isoformat(timespec="seconds")
