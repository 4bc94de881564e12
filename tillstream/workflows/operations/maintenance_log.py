"""Maintenance log: times of the last sweep, the last listing of the whole inbox, and the last backup."""

from tillstream.ports import Ports

COLLECTION = "upkeep"
SWEEP, INBOX, BACKUP = "sweep", "inbox", "backup"


def note(ports: Ports, what: str) -> None:
    """Record that the task has run now. Idempotent."""
    ports.documents.put(COLLECTION, what, {"at": ports.clock.now().isoformat(timespec="seconds")})


def last(ports: Ports, what: str) -> str:
    """Return the time of the last run, ISO 8601 UTC; empty if it never ran."""
    document = ports.documents.get(COLLECTION, what)
    return str(document.data["at"]) if document else ""
