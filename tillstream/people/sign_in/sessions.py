"""Sessions: a document each, so that they can be listed and ended, whichever process made them."""

import hashlib
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from tillstream import audit
from tillstream.audit import What
from tillstream.domain.errors import Conflict, NotFound
from tillstream.people import account_store
from tillstream.people.sign_in.devices import device
from tillstream.people.user import User, user_of
from tillstream.ports import Ports
from tillstream.ports.document_store import Put

COLLECTION = "sessions"
SEEN_EVERY = timedelta(minutes=1)
KEPT = timedelta(days=90)
"""How long a session that is over is still shown among the last sign-ins."""
SWEEP_ONE_IN = 50


@dataclass(frozen=True)
class Lives:
    """How long sessions live: `idle` without a request, `longest` in any case. A remembered one is never idle."""

    idle: timedelta = timedelta(hours=12)
    longest: timedelta = timedelta(days=30)


@dataclass(frozen=True)
class Session:
    """One device on which a person is signed in. Times are ISO 8601 UTC text."""

    id: str
    login: str
    stamp: str
    """That of the account: another password ends the session."""
    created_at: str
    seen_at: str
    address: str
    device: str
    remembered: bool
    ended_at: str = ""
    ended_by: str = ""
    way: str = ""
    """How the person signed in: empty with a password of ours, else on whose word, as the settings call it."""

    def is_open(self, user: User, now: datetime, lives: Lives) -> bool:
        if self.ended_at or user.disabled or self.stamp != user.stamp:
            return False
        if now - datetime.fromisoformat(self.created_at) >= lives.longest:
            return False
        return self.remembered or now - datetime.fromisoformat(self.seen_at) < lives.idle


def begin(
    ports: Ports, user: User, *, address: str = "", agent: str = "", remembered: bool = False, way: str = ""
) -> str:
    """A new session; the text that opens it, which is kept only as a hash."""
    text, now = secrets.token_urlsafe(32), account_store.now(ports)
    session = Session(_id(text), user.login, user.stamp, now, now, address, device(agent), remembered, way=way)
    after = {"device": session.device, "remembered": remembered} | ({"way": way} if way else {})
    puts = [Put(COLLECTION, session.id, asdict(session), if_version=0)]
    ports.documents.put_all([*puts, audit.entry(ports, user.login, What.SESSION_BEGUN, user.login, None, after)])
    if secrets.randbelow(SWEEP_ONE_IN) == 0:
        _forget_old(ports)
    return text


def current(ports: Ports, text: str, lives: Lives) -> tuple[Session, User] | None:
    """The session that this text opens, and whose it is; None once it is over. That it was seen is written, rarely."""
    known = ports.documents.get(COLLECTION, _id(text))
    account = ports.documents.get(account_store.COLLECTION, known.data["login"]) if known else None
    if known is None or account is None:
        return None
    session, user, now = Session(**known.data), user_of(account.id, account.data), ports.clock.now()
    if not session.is_open(user, now, lives):
        return None
    if now - datetime.fromisoformat(session.seen_at) >= SEEN_EVERY:
        seen = now.isoformat(timespec="seconds")
        # Whoever wrote meanwhile is right, too: the next minute comes.
        with suppress(Conflict):
            ports.documents.put_all(
                [
                    Put(COLLECTION, known.id, known.data | {"seen_at": seen}, if_version=known.version),
                    Put(
                        account_store.COLLECTION,
                        account.id,
                        account.data | {"last_seen": seen},
                        if_version=account.version,
                    ),
                ]
            )
    return session, user


def find(ports: Ports, login: str, limit: int | None = None) -> list[Session]:
    """A person's sessions, those that are over too, newest first."""
    where = {"login": account_store.plain(login)}
    found = ports.documents.find(COLLECTION, where, order_by="created_at", descending=True, limit=limit)
    return [Session(**document.data) for document in found]


def still_open(ports: Ports, user: User, lives: Lives) -> list[Session]:
    """Where the person is signed in now, newest first."""
    now = ports.clock.now()
    return [one for one in find(ports, user.login) if one.is_open(user, now, lives)]


def count_open(ports: Ports, users: Iterable[User], lives: Lives) -> dict[str, int]:
    """login → how many sessions are open."""
    return {user.login: len(still_open(ports, user, lives)) for user in users}


def end(ports: Ports, login: str, id: str, by: str) -> None:
    """Over now. Repeatable; `NotFound` where the person has no such session."""
    while True:
        known = ports.documents.get(COLLECTION, id)
        if known is None or known.data["login"] != account_store.plain(login):
            raise NotFound(f"{login} has no such session.")
        if known.data["ended_at"]:
            return
        ended: dict[str, Any] = known.data | {"ended_at": account_store.now(ports), "ended_by": by}
        told = audit.entry(ports, by, What.SESSION_ENDED, known.data["login"], {"device": known.data["device"]})
        with suppress(Conflict):
            ports.documents.put_all([Put(COLLECTION, id, ended, if_version=known.version), told])


def end_all(ports: Ports, user: User, lives: Lives, by: str, *, but: str = "") -> int:
    """Every open session, but perhaps one; how many that were."""
    ended = [one for one in still_open(ports, user, lives) if one.id != but]
    for session in ended:
        end(ports, user.login, session.id, by)
    return len(ended)


def _forget_old(ports: Ports) -> None:
    """Sessions that nobody can use any more, and that are too old to be told of."""
    before = (ports.clock.now() - KEPT).isoformat(timespec="seconds")
    for document in ports.documents.find(COLLECTION, order_by="seen_at", limit=200):
        if document.data["seen_at"] < before and (document.data["ended_at"] or not document.data["remembered"]):
            ports.documents.delete(COLLECTION, document.id)


def _id(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
