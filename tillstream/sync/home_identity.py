"""The identity of this home: its ID, the key pair that signs what it sends, and the epoch of its journal."""

import hashlib
from dataclasses import dataclass, field

from tillstream.model.audit import AuditAction
from tillstream.model.errors import Rejected
from tillstream.people import signatures
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document
from tillstream.records import audit_log

SYNC_COLLECTION, IDENTITY_DOCUMENT = "sync", "identity"


@dataclass(frozen=True)
class HomeIdentity:
    """epoch: from 1; one more whenever the home was restored from a backup that lacked what it had sent."""

    home_id: str
    public_key: str
    private_key: str = field(repr=False)
    epoch: int = 1


def home_id(public_key: str) -> str:
    """The ID of the home with this key: 16 hex digits."""
    return hashlib.sha256(public_key.encode()).hexdigest()[:16]


def create_identity(ports: Ports, by: str) -> HomeIdentity:
    """The identity of this home, created at the first call."""

    def created(document: Document | None) -> Update | Document:
        if document:
            return document
        private, public = signatures.new_key_pair()
        data = {"public_key": public, "private_key": private, "epoch": 1}
        return Update(data, [audit_log.entry(ports, by, AuditAction.SYNC_KEY_CREATED, home_id(public), None, {})])

    return _identity(update_document(ports.documents, SYNC_COLLECTION, IDENTITY_DOCUMENT, created))


def get_identity(ports: Ports) -> HomeIdentity:
    """The identity of this home. Raises `Rejected` before `create_identity`."""
    own = find_identity(ports)
    if own is None:
        raise Rejected("This home has no key yet. Run `tillstream sync init` first.")
    return own


def find_identity(ports: Ports) -> HomeIdentity | None:
    """The identity of this home, or None before `create_identity`."""
    document = ports.documents.get(SYNC_COLLECTION, IDENTITY_DOCUMENT)
    return _identity(document) if document else None


def set_epoch(ports: Ports, epoch: int) -> None:
    """Start a new epoch. Idempotent."""

    def changed(document: Document | None) -> Update | Document | None:
        if document is None or document.data["epoch"] >= epoch:
            return document
        return Update(document.data | {"epoch": epoch})

    update_document(ports.documents, SYNC_COLLECTION, IDENTITY_DOCUMENT, changed)


def _identity(document: Document) -> HomeIdentity:
    data = document.data
    return HomeIdentity(home_id(data["public_key"]), data["public_key"], data["private_key"], data["epoch"])
