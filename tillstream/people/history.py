"""Change history of an account as text, from the audit log."""

from tillstream.audit import Entry, What
from tillstream.audit.reading import of_subject
from tillstream.people import account_store, accounts
from tillstream.people.assigned import difference
from tillstream.ports import Ports

WORDS = {
    What.USER_ADDED: "account made",
    What.USER_INVITED: "invitation given",
    What.USER_JOINED: "invitation taken up",
    What.USER_SECOND_STEP_ON: "second step set up",
    What.USER_SECOND_STEP_OFF: "second step taken off",
    What.USER_DISABLED: "account stopped",
    What.USER_ENABLED: "let in again",
    What.USER_PASSWORD_RESET: "new password made",
    What.USER_PASSWORD_CHANGED: "own password",
}


def changes(ports: Ports, login: str) -> list[dict[str, str]]:
    """Return the changes of an account, newest first: at (ISO 8601 UTC), by and what. Raises `NotFound`."""
    user = accounts.get(ports, login)
    entries = [
        {"at": entry.at, "by": entry.who, "what": words(entry)} for entry in of_subject(ports, "user", user.login)
    ]
    # Accounts created before the audit log existed store their changes in the document.
    document = ports.documents.get(account_store.COLLECTION, user.login)
    return entries + list(reversed(document.data.get("changes", []) if document else []))


def words(entry: Entry) -> str:
    what = What(entry.what)
    return WORDS.get(what) or difference(entry.before, entry.after) or entry.what.partition(".")[2].replace("-", " ")
