"""Diary of upkeep: when the last sweep and the last backup were."""

from tillstream.ports import Ports

COLLECTION = "upkeep"
SWEEP, BACKUP = "sweep", "backup"


def note(ports: Ports, what: str) -> None:
    """It is done. Repeatable."""
    ports.documents.put(COLLECTION, what, {"at": ports.clock.now().isoformat(timespec="seconds")})


def last(ports: Ports, what: str) -> str:
    """ISO 8601 UTC; empty where it never was."""
    known = ports.documents.get(COLLECTION, what)
    return str(known.data["at"]) if known else ""
