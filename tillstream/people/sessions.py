"""Sessions, one document each, so that every process can list and end them, and the visits of users."""

import hashlib
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from tillstream.model.audit import AuditAction
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Conflict, NotFound
from tillstream.people import account_store
from tillstream.people.account_store import User, user_of
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put, Update, update_document
from tillstream.records import audit_log

BROWSER_NAMES = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
    ("python", "Python"),
    ("Werkzeug", "Werkzeug"),
)
"""Matched in this order: most user agents name several browsers."""
SYSTEM_NAMES = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)

SESSIONS_COLLECTION = "sessions"
TOUCH_INTERVAL = timedelta(minutes=1)
SESSION_RETENTION = timedelta(days=90)
"""How long an ended session is still listed among the last sign-ins."""
CLEANUP_ONE_IN = 50

VISITS_COLLECTION = "visits"
VISIT_PAUSE = timedelta(hours=1)
"""Page views less than this apart belong to one visit."""


def device_name(agent: str) -> str:
    """Return a name such as `Firefox on Windows`, or `Unknown device`."""
    browser = next((name for token, name in BROWSER_NAMES if token in agent), "")
    system = next((name for token, name in SYSTEM_NAMES if token in agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "Unknown device"


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


def begin_session(
    ports: Ports, user: User, *, address: str = "", agent: str = "", remembered: bool = False, way: str = ""
) -> str:
    """Create a session; return its secret text, which is stored only as a hash."""
    text, now = secrets.token_urlsafe(32), account_store.current_time(ports)
    session = Session(
        _session_id(text), user.login, user.stamp, now, now, address, device_name(agent), remembered, way=way
    )
    after = {"device": session.device, "remembered": remembered} | ({"way": way} if way else {})
    puts = [Put(SESSIONS_COLLECTION, session.id, asdict(session), if_version=0)]
    ports.documents.put_all(
        [*puts, audit_log.entry(ports, user.login, AuditAction.SESSION_BEGUN, user.login, None, after)]
    )
    if secrets.randbelow(CLEANUP_ONE_IN) == 0:
        _delete_old_sessions(ports)
    return text


def current_session(ports: Ports, text: str, lives: SessionLifetime) -> tuple[Session, User] | None:
    """Return the open session of this text and its user, or None; update its time of last use once a minute."""
    document = ports.documents.get(SESSIONS_COLLECTION, _session_id(text))
    account = ports.documents.get(account_store.USERS_COLLECTION, document.data["login"]) if document else None
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
                    Put(
                        SESSIONS_COLLECTION,
                        document.id,
                        document.data | {"seen_at": now_text},
                        if_version=document.version,
                    ),
                    Put(
                        account_store.USERS_COLLECTION,
                        account.id,
                        account.data | {"last_seen": now_text},
                        if_version=account.version,
                    ),
                ]
            )
    return session, user


def find_sessions(ports: Ports, login: str, limit: int | None = None) -> list[Session]:
    """All sessions of a user, ended ones included, newest first."""
    where = {"login": account_store.normalize_login(login)}
    documents = ports.documents.find(SESSIONS_COLLECTION, where, order_by="created_at", descending=True, limit=limit)
    return [Session(**document.data) for document in documents]


def open_sessions(ports: Ports, user: User, lives: SessionLifetime) -> list[Session]:
    """Open sessions of a user, newest first."""
    now = ports.clock.now()
    return [session for session in find_sessions(ports, user.login) if session.is_open(user, now, lives)]


def count_open_sessions(ports: Ports, users: Iterable[User], lives: SessionLifetime) -> dict[str, int]:
    """login → number of open sessions."""
    return {user.login: len(open_sessions(ports, user, lives)) for user in users}


def end_session(ports: Ports, login: str, id: str, by: str) -> None:
    """End a session. Idempotent. Raises `NotFound` if the user has no such session."""

    def ended(document: Document | None) -> Update | Document:
        if document is None or document.data["login"] != account_store.normalize_login(login):
            raise NotFound(f"{login} has no session with this ID.")
        if document.data["ended_at"]:
            return document
        audit_entry = audit_log.entry(
            ports, by, AuditAction.SESSION_ENDED, document.data["login"], {"device": document.data["device"]}
        )
        return Update(document.data | {"ended_at": account_store.current_time(ports), "ended_by": by}, [audit_entry])

    update_document(ports.documents, SESSIONS_COLLECTION, id, ended)


def end_sessions(ports: Ports, user: User, lives: SessionLifetime, by: str, *, but: str = "") -> int:
    """End all open sessions except `but`; return how many."""
    ended = [one for one in open_sessions(ports, user, lives) if one.id != but]
    for session in ended:
        end_session(ports, user.login, session.id, by)
    return len(ended)


def _delete_old_sessions(ports: Ports) -> None:
    """Delete sessions that are over and too old to be listed."""
    before = (ports.clock.now() - SESSION_RETENTION).isoformat(timespec="seconds")
    for document in ports.documents.find(SESSIONS_COLLECTION, order_by="seen_at", limit=200):
        if document.data["seen_at"] < before and (document.data["ended_at"] or not document.data["remembered"]):
            ports.documents.delete(SESSIONS_COLLECTION, document.id)


def _session_id(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class PreviousVisit:
    """The last settlement of the previous visit, and when that visit ended (None on the first visit)."""

    settlement_no: int
    at: datetime | None


def record_visit(ports: Ports, login: str, settlement_no: int) -> PreviousVisit:
    """Record a page view at `settlement_no` and return the state of the previous visit. Idempotent."""

    def visited(document: Document | None) -> Update:
        now = ports.clock.now()
        visit: JsonObject
        if document is None:
            visit = {"before": settlement_no, "before_at": "", "last": settlement_no, "last_at": now.isoformat()}
        else:
            visit = {**document.data}
            if now - datetime.fromisoformat(visit["last_at"]) >= VISIT_PAUSE:
                visit |= {"before": visit["last"], "before_at": visit["last_at"]}
            visit |= {"last": settlement_no, "last_at": now.isoformat()}
        return Update(visit)

    # A conflict comes from another window of the same user.
    visit = update_document(ports.documents, VISITS_COLLECTION, login, visited).data
    at = visit["before_at"]
    return PreviousVisit(int(visit["before"]), datetime.fromisoformat(at) if at else None)
