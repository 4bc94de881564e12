"""Store tokens: what a till shows to send its store's sales. Kept as hashes, shown once."""

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
from tillstream.ports.document_store import Put

COLLECTION = "store_tokens"
TOKEN = re.compile(r"till_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True)
class StoreToken:
    """The right to send the sales of one store; its text is kept only as a hash. Times are ISO 8601 UTC text."""

    id: str
    region: str
    store_id: str
    label: str = ""
    created_by: str = ""
    created_at: str = ""
    last_used: str = ""
    """A day: when a till last showed it."""
    revoked: bool = False


def issue(ports: Ports, region: str, store_id: str, label: str, by: str) -> tuple[StoreToken, str]:
    """A new token of one store, and its text, which is never shown again."""
    if not region.strip() or not store_id.strip():
        raise Rejected("A token belongs to one store of one region: give both.")
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
            audit.entry(ports, by, audit.What.TOKEN_ISSUED, token.id, None, after),
        ]
    )
    return token, f"till_{token.id}_{secret}"


def check(ports: Ports, text: str) -> StoreToken | None:
    """The token that this text is, unless it was revoked or never was."""
    parts = TOKEN.fullmatch(text.strip())
    known = ports.documents.get(COLLECTION, parts[1]) if parts else None
    # 256 random bits need no slow hash: there is nothing to guess.
    if parts is None or known is None or not hmac.compare_digest(known.data["hash"], _hash(parts[2])):
        return None
    token = _token(known.data)
    if token.revoked:
        return None
    today = ports.clock.now().date().isoformat()
    if token.last_used != today:
        # Once a day: a till must not write a document with every sale. Whoever wrote meanwhile is right, too.
        with suppress(Conflict):
            ports.documents.put(COLLECTION, token.id, known.data | {"last_used": today}, if_version=known.version)
    return replace(token, last_used=today)


def find(ports: Ports) -> list[StoreToken]:
    """Every token ever issued, newest first."""
    documents = ports.documents.find(COLLECTION, order_by="created_at", descending=True)
    return [_token(document.data) for document in documents]


def revoke(ports: Ports, id: str, by: str) -> StoreToken:
    """Refused from now on. Repeatable; `NotFound` where there is none."""
    known = ports.documents.get(COLLECTION, id)
    if known is None:
        raise NotFound(f"There is no token {id}.")
    if known.data["revoked"]:
        return _token(known.data)
    told = audit.entry(ports, by, audit.What.TOKEN_REVOKED, id, {"revoked": False}, {"revoked": True})
    put = Put(COLLECTION, id, known.data | {"revoked": True}, if_version=known.version)
    try:
        return _token(ports.documents.put_all([put, told])[0].data)
    except Conflict:
        return revoke(ports, id, by)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _token(data: dict[str, Any]) -> StoreToken:
    return StoreToken(**{name: value for name, value in data.items() if name != "hash"})
