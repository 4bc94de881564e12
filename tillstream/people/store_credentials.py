"""Credentials of stores: signing keys, tokens of tills, and the setup codes that contain both.

A document per store contains all its keys, so that one read is enough to verify its messages.
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
from dataclasses import asdict, dataclass, replace
from datetime import time
from functools import lru_cache

from tillstream.model import audit
from tillstream.model.document_json import from_json
from tillstream.model.errors import NotFound, Rejected
from tillstream.people import signatures
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document
from tillstream.records import audit_log
from tillstream.records.collection import Collection

STORE_KEYS_COLLECTION = "store_keys"
PORTAL_KEY_COLLECTION = "portal_key"
PORTAL_KEY_ID = "current"
MAX_STORE_KEYS = 100
"""Maximum keys of a store, revoked ones included."""

STORE_TOKEN_PATTERN = re.compile(r"till_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
SETUP_CODE_PREFIX = "tillsetup_"
MIDNIGHT = time(0, 0)


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
class KeysOfStore:
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


def issue_store_key(ports: Ports, region: str, store_id: str, till: str, by: str) -> tuple[StoreKey, str]:
    """Create a key of one store; return it with its private key, which is not stored. Raises `Rejected`.

    From its first key on, a store accepts no unsigned message, unless an administrator decides otherwise after all its
    keys are revoked.
    """
    if not region.strip() or not store_id.strip():
        raise Rejected("A key belongs to one store of one region. Enter both.")
    return _add_store_key(ports, region.strip(), store_id.strip(), till.strip(), by, None)


def rotate_store_key(ports: Ports, id: str, by: str) -> tuple[StoreKey, str]:
    """Create a key that follows another one, for the same till; both are valid until one is revoked.

    Raises `NotFound`, `Rejected`.
    """
    old = get_store_key(ports, id)
    return _add_store_key(ports, old.region, old.store_id, old.till, by, old)


def _add_store_key(
    ports: Ports, region: str, store_id: str, till: str, by: str, old: StoreKey | None
) -> tuple[StoreKey, str]:
    private, public = signatures.new_key_pair()
    now = ports.clock.now().isoformat(timespec="seconds")
    key = StoreKey(secrets.token_hex(6), region, store_id, public, till, by, now)
    action = audit.AuditAction.KEY_ROTATED if old else audit.AuditAction.KEY_ISSUED
    after = {"region": region, "store_id": store_id, "till": till}

    def added(document: Document | None) -> Update:
        keys = document.data["keys"] if document else []
        if len(keys) >= MAX_STORE_KEYS:
            raise Rejected(f"{store_id} has {MAX_STORE_KEYS} keys, the maximum of a store.")
        data = {"region": region, "store_id": store_id, "keys": [*keys, asdict(key)]}
        return Update(data, [audit_log.entry(ports, by, action, key.id, {"key": old.id} if old else None, after)])

    update_document(ports.documents, STORE_KEYS_COLLECTION, store_document_id(region, store_id), added)
    return key, private


def revoke_store_key(ports: Ports, id: str, by: str) -> StoreKey:
    """Revoke a key. Idempotent. Raises `NotFound`."""
    key = get_store_key(ports, id)
    now = ports.clock.now().isoformat(timespec="seconds")

    def revoked(document: Document | None) -> Update | Document:
        if document is None:
            raise NotFound(f"There is no key {id}.")
        if all(one["revoked_at"] for one in document.data["keys"] if one["id"] == id):
            return document
        change = {"revoked_at": now, "revoked_by": by}
        keys = [one | change if one["id"] == id else one for one in document.data["keys"]]
        entry = audit_log.entry(ports, by, audit.AuditAction.KEY_REVOKED, id, {"revoked": False}, {"revoked": True})
        return Update(document.data | {"keys": keys}, [entry])

    update_document(ports.documents, STORE_KEYS_COLLECTION, store_document_id(key.region, key.store_id), revoked)
    return get_store_key(ports, id)


def accept_unsigned_messages(ports: Ports, region: str, store_id: str, by: str) -> KeysOfStore:
    """Accept unsigned messages of a store again, until it gets a new key. Idempotent.

    Raises `NotFound` for a store that never had a key, and `Rejected` if one of its keys is valid.
    """
    now = ports.clock.now().isoformat(timespec="seconds")

    def accepted(document: Document | None) -> Update | Document:
        if document is None:
            raise NotFound(f"{store_id} in {region} has no key.")
        before = _keys_of_document(document)
        if before.accepts_unsigned:
            return document
        if not before.accepts_nothing:
            raise Rejected(f"{store_id} has a valid key. Revoke it first if its tills shall send unsigned messages.")
        after = {"region": region, "accepts_unsigned": True}
        entry = audit_log.entry(ports, by, audit.AuditAction.KEY_UNSIGNED_ACCEPTED, store_id, None, after)
        return Update(document.data | {"unsigned_by": by, "unsigned_at": now}, [entry])

    return _keys_of_document(
        update_document(ports.documents, STORE_KEYS_COLLECTION, store_document_id(region, store_id), accepted)
    )


def keys_of_store(ports: Ports, region: str, store_id: str) -> KeysOfStore:
    """The keys of a store; without any if it never had one."""
    document = ports.documents.get(STORE_KEYS_COLLECTION, store_document_id(region, store_id))
    return _keys_of_document(document) if document else KeysOfStore(region, store_id)


def stores_with_keys(ports: Ports) -> list[KeysOfStore]:
    """Every store that ever had a key, by region and store."""
    return sorted(
        map(_keys_of_document, ports.documents.find(STORE_KEYS_COLLECTION)), key=lambda one: (one.region, one.store_id)
    )


def find_store_keys(ports: Ports) -> list[StoreKey]:
    """Every key ever issued, newest first."""
    return sorted(
        (key for one in stores_with_keys(ports) for key in one.keys), key=lambda key: key.created_at, reverse=True
    )


def get_store_key(ports: Ports, id: str) -> StoreKey:
    """The key of this ID. Raises `NotFound`."""
    key = next((one for one in find_store_keys(ports) if one.id == id), None)
    if key is None:
        raise NotFound(f"There is no key {id}.")
    return key


def portal_key(ports: Ports) -> tuple[str, str, str]:
    """ID, private key and public key with which the portal signs the sales that people enter; created at first use."""
    document = ports.documents.get(PORTAL_KEY_COLLECTION, PORTAL_KEY_ID)
    if document is None:
        document = update_document(ports.documents, PORTAL_KEY_COLLECTION, PORTAL_KEY_ID, _new_portal_key)
    data = document.data
    return data["key"], data["private_key"], data["public_key"]


def _new_portal_key(document: Document | None) -> Update | Document:
    if document:
        return document
    private, public = signatures.new_key_pair()
    return Update({"key": secrets.token_hex(6), "private_key": private, "public_key": public})


@lru_cache(maxsize=10_000)
def store_document_id(region: str, store_id: str) -> str:
    """ID of the document of a store in this and in other collections: 32 hex digits."""
    return hashlib.sha256(json.dumps([region, store_id]).encode()).hexdigest()[:32]


def _keys_of_document(document: Document) -> KeysOfStore:
    return from_json(KeysOfStore, document.data)


@dataclass(frozen=True)
class StoreToken:
    """The right to send the sales of one store. Times are ISO 8601 UTC text."""

    id: str
    region: str
    store_id: str
    label: str = ""
    created_by: str = ""
    created_at: str = ""
    last_used: str = ""
    """The day on which the token was last used."""
    revoked: bool = False


STORE_TOKENS = Collection(
    "store_tokens",
    StoreToken,
    "token",
    lambda token: {"region": token.region, "store_id": token.store_id, "label": token.label},
    order_by="created_at",
    descending=True,
)


def issue_store_token(ports: Ports, region: str, store_id: str, label: str, by: str) -> tuple[StoreToken, str]:
    """Create a token of one store; return it with its text, which cannot be read again. Raises `Rejected`."""
    if not region.strip() or not store_id.strip():
        raise Rejected("A token belongs to one store of one region. Enter both.")
    secret = secrets.token_urlsafe(32)
    token = StoreToken(
        id=secrets.token_hex(6),
        region=region.strip(),
        store_id=store_id.strip(),
        label=label.strip(),
        created_by=by,
        created_at=ports.clock.now().isoformat(timespec="seconds"),
    )
    hidden = {"hash": _hash_token(secret)}
    STORE_TOKENS.add(ports, token, by, audit.AuditAction.TOKEN_ISSUED, hidden=hidden)
    return token, f"till_{token.id}_{secret}"


def check_store_token(ports: Ports, text: str) -> StoreToken | None:
    """Return the token of this text; None if it is unknown or revoked."""
    parts = STORE_TOKEN_PATTERN.fullmatch(text.strip())
    document = ports.documents.get(STORE_TOKENS.name, parts[1]) if parts else None
    # 256 random bits cannot be guessed, so a fast hash is enough.
    if parts is None or document is None or not hmac.compare_digest(document.data["hash"], _hash_token(parts[2])):
        return None
    token = STORE_TOKENS.record(document)
    if token.revoked:
        return None
    today = ports.clock.now().date().isoformat()
    if token.last_used != today:  # once a day, not on every sale
        STORE_TOKENS.note(
            ports, token.id, lambda one: None if one.last_used == today else replace(one, last_used=today)
        )
    return replace(token, last_used=today)


def find_store_tokens(ports: Ports) -> list[StoreToken]:
    """Every token ever issued, newest first."""
    return STORE_TOKENS.find(ports)


def revoke_store_token(ports: Ports, id: str, by: str) -> StoreToken:
    """Revoke a token. Idempotent. Raises `NotFound`."""
    return STORE_TOKENS.set_fields(ports, id, by, audit.AuditAction.TOKEN_REVOKED, {"revoked": True})


def _hash_token(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True)
class TillSetup:
    """What was created for a till. `code` contains the token and the private key, which cannot be read again."""

    token: StoreToken
    key: StoreKey
    code: str


def connect_till(
    ports: Ports, url: str, region: str, store_id: str, till: str, by: str, cutoff: time = MIDNIGHT
) -> TillSetup:
    """Create a token and a key of a till, and its setup code. Raises `Rejected`.

    url: the address of the portal, without a slash at the end. till: its ID; empty: one is made. cutoff: the time at
    which a business day of the region ends.
    """
    token, text = issue_store_token(ports, region, store_id, till.strip() or f"till-{secrets.token_hex(2)}", by)
    key, private = issue_store_key(ports, token.region, token.store_id, token.label, by)
    return TillSetup(token, key, setup_code(url, key, text, private, cutoff))


def reconnect_till(ports: Ports, url: str, key_id: str, by: str, cutoff: time = MIDNIGHT) -> TillSetup:
    """Create a token and a key that replace those of a till, whose own stay valid until they are revoked.

    Raises `NotFound`, `Rejected`.
    """
    key, private = rotate_store_key(ports, key_id, by)
    token, text = issue_store_token(ports, key.region, key.store_id, key.till, by)
    return TillSetup(token, key, setup_code(url, key, text, private, cutoff))


def setup_code(url: str, key: StoreKey, token: str, private_key: str, cutoff: time = MIDNIGHT) -> str:
    """The setup code: a prefix and JSON as base64url without padding."""
    content = {
        "url": url,
        "region": key.region,
        "store_id": key.store_id,
        "token": token,
        "key": key.id,
        "private_key": private_key,
        "till": key.till,
        "cutoff": f"{cutoff:%H:%M}",
    }
    raw = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return SETUP_CODE_PREFIX + base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
