"""Maintenance log: times of the last sweep, listing of the whole inbox, backup, and repair."""

from collections.abc import Sequence

from tillstream.ports import Ports

COLLECTION = "upkeep"
SWEEP, INBOX, BACKUP, REPAIR = "sweep", "inbox", "backup", "repair"


def note(ports: Ports, what: str) -> None:
    """Record that the task has run now. Idempotent."""
    ports.documents.put(COLLECTION, what, {"at": ports.clock.now().isoformat(timespec="seconds")})


def last(ports: Ports, what: str) -> str:
    """Return the time of the last run, ISO 8601 UTC; empty if it never ran."""
    document = ports.documents.get(COLLECTION, what)
    return str(document.data["at"]) if document else ""


def note_repair(ports: Ports, sentences: Sequence[str]) -> None:
    """Record a repair of the ledger or of the records, in sentences for users; the last one is kept."""
    at = ports.clock.now().isoformat(timespec="seconds")
    ports.documents.put(COLLECTION, REPAIR, {"at": at, "sentences": list(sentences)})


def last_repair(ports: Ports) -> tuple[str, list[str]]:
    """Return the time and the sentences of the last repair; empty if there was none."""
    document = ports.documents.get(COLLECTION, REPAIR)
    return (str(document.data["at"]), list(document.data["sentences"])) if document else ("", [])
