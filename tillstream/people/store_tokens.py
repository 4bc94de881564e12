"""Store tokens: a till authenticates with one to send the sales of its store. Stored as hashes, shown once."""

import hashlib
import hmac
import re
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

from tillstream import audit
from tillstream.domain.errors import Conflict, NotFound, Rejected
from tillstream.ports import Ports
from tillstream.ports.document_store import Document, Put, Update, update

COLLECTION = "store_tokens"
TOKEN = re.compile(r"till_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


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


def issue(ports: Ports, region: str, store_id: str, label: str, by: str) -> tuple[StoreToken, str]:
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
    after = {name: getattr(token, name) for name in ("region", "store_id", "label")}
    ports.documents.put_all(
        [
            Put(COLLECTION, token.id, asdict(token) | {"hash": _hash(secret)}, if_version=0),
            audit.entry(ports, by, audit.AuditAction.TOKEN_ISSUED, token.id, None, after),
        ]
    )
    return token, f"till_{token.id}_{secret}"


def check(ports: Ports, text: str) -> StoreToken | None:
    """Return the token of this text; None if it is unknown or revoked."""
    parts = TOKEN.fullmatch(text.strip())
    document = ports.documents.get(COLLECTION, parts[1]) if parts else None
    # 256 random bits cannot be guessed, so a fast hash is enough.
    if parts is None or document is None or not hmac.compare_digest(document.data["hash"], _hash(parts[2])):
        return None
    token = _token(document.data)
    if token.revoked:
        return None
    today = ports.clock.now().date().isoformat()
    if token.last_used == today:
        return token
    # Once a day, not on every sale. A concurrent writer has stored the same day, so ignore the conflict.
    with suppress(Conflict):
        ports.documents.put(COLLECTION, token.id, document.data | {"last_used": today}, if_version=document.version)
    return replace(token, last_used=today)


def find(ports: Ports) -> list[StoreToken]:
    """Every token ever issued, newest first."""
    documents = ports.documents.find(COLLECTION, order_by="created_at", descending=True)
    return [_token(document.data) for document in documents]


def revoke(ports: Ports, id: str, by: str) -> StoreToken:
    """Revoke a token. Idempotent. Raises `NotFound`."""

    def revoked(document: Document | None) -> Update | Document:
        if document is None:
            raise NotFound(f"There is no token {id}.")
        if document.data["revoked"]:
            return document
        audit_entry = audit.entry(ports, by, audit.AuditAction.TOKEN_REVOKED, id, {"revoked": False}, {"revoked": True})
        return Update(document.data | {"revoked": True}, [audit_entry])

    return _token(update(ports.documents, COLLECTION, id, revoked).data)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _token(data: dict[str, Any]) -> StoreToken:
    return StoreToken(**{name: value for name, value in data.items() if name != "hash"})
