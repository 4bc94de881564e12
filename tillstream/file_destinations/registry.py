"""The destinations of files: administrators add and remove them; people who subscribe choose among them."""

from dataclasses import asdict, fields

from tillstream.file_destinations.destination import Destination, DestinationDraft
from tillstream.model.audit import AuditAction
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put
from tillstream.records import audit_log

COLLECTION = "file_destinations"
MOST = 50


def add(ports: Ports, draft: DestinationDraft, by: str) -> Destination:
    """Add a destination without connecting to it. Raises `Rejected`."""
    draft.check()
    if len(find(ports)) >= MOST:
        raise Rejected(f"There can be at most {MOST} destinations. Remove one that is not used.")
    added_at = ports.clock.now().isoformat(timespec="seconds")
    destination = Destination(**asdict(draft), added_by=by, added_at=added_at)
    entry = audit_log.entry(ports, by, AuditAction.FILE_DESTINATION_ADDED, draft.name, None, draft.audited())
    try:
        ports.documents.put_all([Put(COLLECTION, draft.name, asdict(destination), if_version=0), entry])
    except Conflict:
        raise Rejected(f"There is a destination {draft.name} already.") from None
    return destination


def remove(ports: Ports, name: str, by: str) -> Destination:
    """Remove a destination; what it has stays there, and its subscriptions are paused when they are due. Raises
    `NotFound`."""
    destination = get(ports, name)
    audit_log.record(ports, by, AuditAction.FILE_DESTINATION_REMOVED, name, destination.audited())
    ports.documents.delete(COLLECTION, name)
    return destination


def find(ports: Ports) -> list[Destination]:
    """All destinations, by name."""
    return sorted((_parsed(one) for one in ports.documents.find(COLLECTION)), key=lambda one: one.name)


def get(ports: Ports, name: str) -> Destination:
    """Raises `NotFound`."""
    document = ports.documents.get(COLLECTION, name)
    if document is None:
        raise NotFound(f"There is no destination {name}.")
    return _parsed(document)


def _parsed(document: Document) -> Destination:
    names = {one.name for one in fields(Destination)}
    return Destination(**{name: value for name, value in document.data.items() if name in names})
