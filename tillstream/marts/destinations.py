"""The destinations of the marts: databases and folders to which they are written again and again."""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tillstream.model.audit import AuditAction
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put, Update, update_document
from tillstream.records import audit_log

COLLECTION = "mart_destinations"
MOST = 50
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
DAY, HOUR, SETTLEMENT = "day", "hour", "settlement"
EVERY = (DAY, HOUR, SETTLEMENT)


@dataclass(frozen=True)
class DestinationDraft:
    """What an administrator enters. to: the URL of a database without the password, the path of a folder, or its URL.
    password: a reference. schema: of a database. format: of a folder; empty: that of the last export to it."""

    name: str
    to: str
    password: str = ""
    schema: str = ""
    format: str = ""
    every: str = DAY


@dataclass(frozen=True)
class Destination(DestinationDraft):
    """Times are ISO 8601 UTC text; empty: never, and for next_at: at once."""

    added_by: str = ""
    added_at: str = ""
    ran_at: str = ""
    """When the last run began."""
    done_at: str = ""
    """When the last run ended that did not fail."""
    settlement_no: int = 0
    """The last settlement that the destination has."""
    as_of: str = ""
    version: int = 0
    """Of the data, before the last run that did not fail."""
    next_at: str = ""
    failures: int = 0
    """Runs that failed since the last one that did not."""
    failing_since: str = ""
    error: str = ""


def add(ports: Ports, draft: DestinationDraft, by: str) -> Destination:
    """Add a destination, which is due at once. Raises `Rejected`."""
    if not NAME.fullmatch(draft.name):
        raise Rejected(
            "The name of a destination has up to 40 small letters, digits and hyphens, such as reporting-db."
        )
    if draft.every not in EVERY:
        raise Rejected(f"A destination is written every {', '.join(EVERY[:-1])} or {EVERY[-1]}.")
    others = find(ports)
    if len(others) >= MOST:
        raise Rejected(f"There can be at most {MOST} destinations. Remove one that is not used.")
    if same := next((other for other in others if (other.to, other.schema) == (draft.to, draft.schema)), None):
        raise Rejected(f"{same.name} is the destination at this address already.")
    added_at = ports.clock.now().isoformat(timespec="seconds")
    destination = Destination(**asdict(draft), added_by=by, added_at=added_at)
    entry = audit_log.entry(ports, by, AuditAction.MART_DESTINATION_ADDED, draft.name, None, _audited(destination))
    try:
        ports.documents.put_all([Put(COLLECTION, draft.name, asdict(destination), if_version=0), entry])
    except Conflict:
        raise Rejected(f"There is a destination {draft.name} already.") from None
    return destination


def remove(ports: Ports, name: str, by: str) -> Destination:
    """Write to a destination no longer; what it has stays there. Raises `NotFound`."""
    destination = get(ports, name)
    audit_log.record(ports, by, AuditAction.MART_DESTINATION_REMOVED, name, _audited(destination))
    ports.documents.delete(COLLECTION, name)
    return destination


def find(ports: Ports) -> list[Destination]:
    """All destinations, by name."""
    return [_destination(document.data) for document in ports.documents.find(COLLECTION)]


def get(ports: Ports, name: str) -> Destination:
    """Raises `NotFound`."""
    document = ports.documents.get(COLLECTION, name)
    if document is None:
        raise NotFound(f"There is no destination {name}.")
    return _destination(document.data)


def change(ports: Ports, name: str, changed: Callable[[Destination], Destination]) -> None:
    """Change the document of a destination by compare-and-set; of one that was removed, nothing."""

    def updated(document: Document | None) -> Update | Document | None:
        return Update(asdict(changed(_destination(document.data)))) if document else None

    update_document(ports.documents, COLLECTION, name, updated)


def _audited(destination: Destination) -> dict[str, Any]:
    data = asdict(destination)
    return {name: data[name] for name in ("to", "password", "schema", "format", "every") if data[name]}


def _destination(data: Mapping[str, Any]) -> Destination:
    return Destination(**data)
