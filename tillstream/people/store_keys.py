"""Keys of stores: a store signs its messages with the private key, which is shown once; the public key is stored.

A document per store contains all its keys, so that one read is enough to verify its messages.
"""

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from functools import lru_cache

from tillstream import audit
from tillstream.domain.errors import NotFound, Rejected
from tillstream.people import signatures
from tillstream.ports import Ports
from tillstream.ports.document_store import Document, Update, update

COLLECTION = "store_keys"
PORTAL = "portal_key"
PORTAL_ID = "current"
MAX_KEYS = 100
"""Maximum keys of a store, revoked ones included."""


@dataclass(frozen=True)
class StoreKey:
    """A public key of one store. Times are ISO 8601 UTC text."""

    id: str
    region: str
    store_id: str
    public_key: str
    till: str
    """The till that signs with it."""
    created_by: str
    created_at: str
    revoked_by: str = ""
    revoked_at: str = ""


@dataclass(frozen=True)
class StoreKeys:
    """The keys of one store, revoked ones included, oldest first.

    unsigned_by, unsigned_at: who accepts unsigned messages again, and since when; empty if they are not accepted.
    """

    region: str
    store_id: str
    keys: tuple[StoreKey, ...] = ()
    unsigned_by: str = ""
    unsigned_at: str = ""

    @property
    def accepts_unsigned(self) -> bool:
        return not self.keys or bool(self.unsigned_at)

    @property
    def accepts_nothing(self) -> bool:
        """Whether no till can send: every key is revoked, and unsigned messages are not accepted."""
        return not self.accepts_unsigned and all(key.revoked_at for key in self.keys)


def issue(ports: Ports, region: str, store_id: str, till: str, by: str) -> tuple[StoreKey, str]:
    """Create a key of one store; return it with its private key, which is not stored. Raises `Rejected`.

    From its first key on, a store accepts no unsigned message, unless an administrator decides otherwise after all its
    keys are revoked.
    """
    if not region.strip() or not store_id.strip():
        raise Rejected("A key belongs to one store of one region. Enter both.")
    return _add(ports, region.strip(), store_id.strip(), till.strip(), by, None)


def rotate(ports: Ports, id: str, by: str) -> tuple[StoreKey, str]:
    """Create a key that follows another one, for the same till; both are valid until one is revoked.

    Raises `NotFound`, `Rejected`.
    """
    old = get(ports, id)
    return _add(ports, old.region, old.store_id, old.till, by, old)


def _add(ports: Ports, region: str, store_id: str, till: str, by: str, old: StoreKey | None) -> tuple[StoreKey, str]:
    private, public = signatures.new_key_pair()
    now = ports.clock.now().isoformat(timespec="seconds")
    key = StoreKey(secrets.token_hex(6), region, store_id, public, till, by, now)
    action = audit.AuditAction.KEY_ROTATED if old else audit.AuditAction.KEY_ISSUED
    after = {"region": region, "store_id": store_id, "till": till}

    def added(document: Document | None) -> Update:
        keys = document.data["keys"] if document else []
        if len(keys) >= MAX_KEYS:
            raise Rejected(f"{store_id} has {MAX_KEYS} keys, the maximum of a store.")
        data = {"region": region, "store_id": store_id, "keys": [*keys, asdict(key)]}
        return Update(data, [audit.entry(ports, by, action, key.id, {"key": old.id} if old else None, after)])

    update(ports.documents, COLLECTION, document_id(region, store_id), added)
    return key, private


def revoke(ports: Ports, id: str, by: str) -> StoreKey:
    """Revoke a key. Idempotent. Raises `NotFound`."""
    key = get(ports, id)
    now = ports.clock.now().isoformat(timespec="seconds")

    def revoked(document: Document | None) -> Update | Document:
        if document is None:
            raise NotFound(f"There is no key {id}.")
        if all(one["revoked_at"] for one in document.data["keys"] if one["id"] == id):
            return document
        change = {"revoked_at": now, "revoked_by": by}
        keys = [one | change if one["id"] == id else one for one in document.data["keys"]]
        entry = audit.entry(ports, by, audit.AuditAction.KEY_REVOKED, id, {"revoked": False}, {"revoked": True})
        return Update(document.data | {"keys": keys}, [entry])

    update(ports.documents, COLLECTION, document_id(key.region, key.store_id), revoked)
    return get(ports, id)


def accept_unsigned(ports: Ports, region: str, store_id: str, by: str) -> StoreKeys:
    """Accept unsigned messages of a store again, until it gets a new key. Idempotent.

    Raises `NotFound` for a store that never had a key, and `Rejected` if one of its keys is valid.
    """
    now = ports.clock.now().isoformat(timespec="seconds")

    def accepted(document: Document | None) -> Update | Document:
        if document is None:
            raise NotFound(f"{store_id} in {region} has no key.")
        before = _store_keys(document)
        if before.accepts_unsigned:
            return document
        if not before.accepts_nothing:
            raise Rejected(f"{store_id} has a valid key. Revoke it first if its tills shall send unsigned messages.")
        after = {"region": region, "accepts_unsigned": True}
        entry = audit.entry(ports, by, audit.AuditAction.KEY_UNSIGNED_ACCEPTED, store_id, None, after)
        return Update(document.data | {"unsigned_by": by, "unsigned_at": now}, [entry])

    return _store_keys(update(ports.documents, COLLECTION, document_id(region, store_id), accepted))


def of_store(ports: Ports, region: str, store_id: str) -> StoreKeys:
    """The keys of a store; without any if it never had one."""
    document = ports.documents.get(COLLECTION, document_id(region, store_id))
    return _store_keys(document) if document else StoreKeys(region, store_id)


def stores(ports: Ports) -> list[StoreKeys]:
    """Every store that ever had a key, by region and store."""
    return sorted(map(_store_keys, ports.documents.find(COLLECTION)), key=lambda one: (one.region, one.store_id))


def find(ports: Ports) -> list[StoreKey]:
    """Every key ever issued, newest first."""
    return sorted((key for one in stores(ports) for key in one.keys), key=lambda key: key.created_at, reverse=True)


def get(ports: Ports, id: str) -> StoreKey:
    """The key of this ID. Raises `NotFound`."""
    key = next((one for one in find(ports) if one.id == id), None)
    if key is None:
        raise NotFound(f"There is no key {id}.")
    return key


def portal_key(ports: Ports) -> tuple[str, str, str]:
    """ID, private key and public key with which the portal signs the sales that people enter; created at first use."""
    document = ports.documents.get(PORTAL, PORTAL_ID)
    if document is None:
        document = update(ports.documents, PORTAL, PORTAL_ID, _new_portal_key)
    data = document.data
    return data["key"], data["private_key"], data["public_key"]


def _new_portal_key(document: Document | None) -> Update | Document:
    if document:
        return document
    private, public = signatures.new_key_pair()
    return Update({"key": secrets.token_hex(6), "private_key": private, "public_key": public})


@lru_cache(maxsize=10_000)
def document_id(region: str, store_id: str) -> str:
    """ID of the document of a store in this and in other collections: 32 hex digits."""
    return hashlib.sha256(json.dumps([region, store_id]).encode()).hexdigest()[:32]


def _store_keys(document: Document) -> StoreKeys:
    data = document.data
    keys = tuple(StoreKey(**one) for one in data["keys"])
    unsigned = (data.get("unsigned_by", ""), data.get("unsigned_at", ""))
    return StoreKeys(data["region"], data["store_id"], keys, *unsigned)
