"""Sessions, one document each, so that every process can list and end them."""

import hashlib
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from tillstream import audit
from tillstream.audit import AuditAction
from tillstream.domain.errors import Conflict, NotFound
from tillstream.people import account_store
from tillstream.people.sign_in.devices import device
from tillstream.people.user import User, user_of
from tillstream.ports import Ports
from tillstream.ports.document_store import Document, Put, Update, update

COLLECTION = "sessions"
TOUCH_INTERVAL = timedelta(minutes=1)
RETENTION = timedelta(days=90)
"""How long an ended session is still listed among the last sign-ins."""
CLEANUP_ONE_IN = 50


@dataclass(frozen=True)
class SessionLifetime:
    """Session lifetimes: `idle` since the last request (unless remembered), `longest` since the sign-in."""

    idle: timedelta = timedelta(hours=12)
    longest: timedelta = timedelta(days=30)


@dataclass(frozen=True)
class Session:
    """A user's sign-in on one device. Times are ISO 8601 UTC text."""

    id: str
    login: str
    stamp: str
    """Copy of the account's stamp: a new password changes that one and so ends the session."""
    created_at: str
    seen_at: str
    address: str
    device: str
    remembered: bool
    ended_at: str = ""
    ended_by: str = ""
    way: str = ""
    """Sign-in method: empty for a password, else the name of the identity source in the settings."""

    def is_open(self, user: User, now: datetime, lives: SessionLifetime) -> bool:
        if self.ended_at or user.disabled or self.stamp != user.stamp:
            return False
        if now - datetime.fromisoformat(self.created_at) >= lives.longest:
            return False
        return self.remembered or now - datetime.fromisoformat(self.seen_at) < lives.idle


def begin(
    ports: Ports, user: User, *, address: str = "", agent: str = "", remembered: bool = False, way: str = ""
) -> str:
    """Create a session; return its secret text, which is stored only as a hash."""
    text, now = secrets.token_urlsafe(32), account_store.now(ports)
    session = Session(_id(text), user.login, user.stamp, now, now, address, device(agent), remembered, way=way)
    after = {"device": session.device, "remembered": remembered} | ({"way": way} if way else {})
    puts = [Put(COLLECTION, session.id, asdict(session), if_version=0)]
    ports.documents.put_all([*puts, audit.entry(ports, user.login, AuditAction.SESSION_BEGUN, user.login, None, after)])
    if secrets.randbelow(CLEANUP_ONE_IN) == 0:
        _delete_old(ports)
    return text


def current(ports: Ports, text: str, lives: SessionLifetime) -> tuple[Session, User] | None:
    """Return the open session of this text and its user, or None; update its time of last use once a minute."""
    document = ports.documents.get(COLLECTION, _id(text))
    account = ports.documents.get(account_store.COLLECTION, document.data["login"]) if document else None
    if document is None or account is None:
        return None
    session, user, now = Session(**document.data), user_of(account.id, account.data), ports.clock.now()
    if not session.is_open(user, now, lives):
        return None
    if now - datetime.fromisoformat(session.seen_at) >= TOUCH_INTERVAL:
        now_text = now.isoformat(timespec="seconds")
        # A lost update is harmless: the next minute writes again.
        with suppress(Conflict):
            ports.documents.put_all(
                [
                    Put(COLLECTION, document.id, document.data | {"seen_at": now_text}, if_version=document.version),
                    Put(
                        account_store.COLLECTION,
                        account.id,
                        account.data | {"last_seen": now_text},
                        if_version=account.version,
                    ),
                ]
            )
    return session, user


def find(ports: Ports, login: str, limit: int | None = None) -> list[Session]:
    """All sessions of a user, ended ones included, newest first."""
    where = {"login": account_store.normalize_login(login)}
    documents = ports.documents.find(COLLECTION, where, order_by="created_at", descending=True, limit=limit)
    return [Session(**document.data) for document in documents]


def still_open(ports: Ports, user: User, lives: SessionLifetime) -> list[Session]:
    """Open sessions of a user, newest first."""
    now = ports.clock.now()
    return [session for session in find(ports, user.login) if session.is_open(user, now, lives)]


def count_open(ports: Ports, users: Iterable[User], lives: SessionLifetime) -> dict[str, int]:
    """login → number of open sessions."""
    return {user.login: len(still_open(ports, user, lives)) for user in users}


def end(ports: Ports, login: str, id: str, by: str) -> None:
    """End a session. Idempotent. Raises `NotFound` if the user has no such session."""

    def ended(document: Document | None) -> Update | Document:
        if document is None or document.data["login"] != account_store.normalize_login(login):
            raise NotFound(f"{login} has no session with this ID.")
        if document.data["ended_at"]:
            return document
        audit_entry = audit.entry(
            ports, by, AuditAction.SESSION_ENDED, document.data["login"], {"device": document.data["device"]}
        )
        return Update(document.data | {"ended_at": account_store.now(ports), "ended_by": by}, [audit_entry])

    update(ports.documents, COLLECTION, id, ended)


def end_all(ports: Ports, user: User, lives: SessionLifetime, by: str, *, but: str = "") -> int:
    """End all open sessions except `but`; return how many."""
    ended = [one for one in still_open(ports, user, lives) if one.id != but]
    for session in ended:
        end(ports, user.login, session.id, by)
    return len(ended)


def _delete_old(ports: Ports) -> None:
    """Delete sessions that are over and too old to be listed."""
    before = (ports.clock.now() - RETENTION).isoformat(timespec="seconds")
    for document in ports.documents.find(COLLECTION, order_by="seen_at", limit=200):
        if document.data["seen_at"] < before and (document.data["ended_at"] or not document.data["remembered"]):
            ports.documents.delete(COLLECTION, document.id)


def _id(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
