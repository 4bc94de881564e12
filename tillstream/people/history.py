"""Change history of an account as text, from the audit log."""

from tillstream.audit import AuditAction, Entry
from tillstream.audit.reading import find_by_subject
from tillstream.people import account_store, accounts
from tillstream.people.account_fields import difference
from tillstream.ports import Ports

WORDS = {
    AuditAction.USER_ADDED: "account created",
    AuditAction.USER_INVITED: "invitation created",
    AuditAction.USER_JOINED: "invitation accepted",
    AuditAction.USER_SECOND_STEP_ON: "two-factor sign-in turned on",
    AuditAction.USER_SECOND_STEP_OFF: "two-factor sign-in turned off",
    AuditAction.USER_DISABLED: "account disabled",
    AuditAction.USER_ENABLED: "account enabled",
    AuditAction.USER_PASSWORD_RESET: "password reset",
    AuditAction.USER_PASSWORD_CHANGED: "password changed",
}


def changes(ports: Ports, login: str) -> list[dict[str, str]]:
    """Return the changes of an account, newest first: at (ISO 8601 UTC), by and what. Raises `NotFound`."""
    user = accounts.get(ports, login)
    entries = [
        {"at": entry.at, "by": entry.who, "what": describe(entry)}
        for entry in find_by_subject(ports, "user", user.login)
    ]
    # Accounts created before the audit log existed store their changes in the document.
    document = ports.documents.get(account_store.COLLECTION, user.login)
    return entries + list(reversed(document.data.get("changes", []) if document else []))


def describe(entry: Entry) -> str:
    what = AuditAction(entry.what)
    return WORDS.get(what) or difference(entry.before, entry.after) or entry.what.partition(".")[2].replace("-", " ")
