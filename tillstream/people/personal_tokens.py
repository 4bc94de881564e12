"""Personal tokens: what a person's program shows in the place of a sign-in. Kept as hashes."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tillstream import audit
from tillstream.domain.errors import Conflict, NotFound, Rejected
from tillstream.domain.people import Action, Scope
from tillstream.people import accounts
from tillstream.people.user import User
from tillstream.ports import Ports
from tillstream.ports.document_store import Put

COLLECTION = "personal_tokens"
TOKEN = re.compile(r"tsp_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
RIGHTS: dict[str, Action] = {
    "numbers": Action.SEE_NUMBERS,
    "personal": Action.SEE_PERSONAL,
    "uploads": Action.SEE_UPLOADS,
    "upload": Action.UPLOAD,
    "decide": Action.DECIDE,
    "pipeline": Action.SEE_PIPELINE,
}
"""The short name of each right that a token may be given → the action; the person's role bounds them."""
USUAL_DAYS, MOST_DAYS = 90, 365
TOLD = ("login", "name", "rights", "regions", "expires_at")
"""What the audit log says of a new token."""
MOST = 50
"""Live tokens of one person."""


@dataclass(frozen=True)
class PersonalToken:
    """What a person's program may do in their name. Times are ISO 8601 UTC text."""

    id: str
    login: str
    account: str
    """When the account was made: another account of the same name later does not inherit the token."""
    name: str
    rights: tuple[str, ...]
    regions: tuple[str, ...]
    """Of the person's regions these; none named means all of them, also those given later."""
    created_at: str
    expires_at: str
    last_used: str = ""
    """A day: when a program last showed it."""
    revoked_at: str = ""
    revoked_by: str = ""

    def scope(self, user: User) -> Scope:
        """What the person may today, with no more than was given to the token."""
        return user.scope.narrowed(frozenset(RIGHTS[name] for name in self.rights), self.regions)

    def state(self, now: datetime) -> str:
        """live, expired or revoked."""
        if self.revoked_at:
            return "revoked"
        return "live" if now < datetime.fromisoformat(self.expires_at) else "expired"


def rights_of(scope: Scope) -> tuple[str, ...]:
    """What a person of this scope may give to a token."""
    return tuple(name for name, action in RIGHTS.items() if scope.may(action))


def issue(
    ports: Ports,
    login: str,
    name: str,
    rights: Iterable[str],
    *,
    regions: Iterable[str] = (),
    days: int = USUAL_DAYS,
    known: Iterable[str] | None = None,
    by: str,
) -> tuple[PersonalToken, str]:
    """A new token of the person, and its text, which is never shown again. Raises `Rejected`, `NotFound`.

    known: the regions there are, where the caller can tell.
    """
    user = accounts.get(ports, login)
    given, chosen = tuple(sorted(set(rights))), tuple(sorted(set(regions)))
    _check(user, name.strip(), given, chosen, days)
    strangers = sorted(set(chosen) - set(known)) if known is not None and user.scope.regions is None else []
    if strangers:
        raise Rejected(f"There is no region {', '.join(strangers)}.")
    now = ports.clock.now()
    if sum(one.state(now) == "live" for one in find(ports, user.login)) >= MOST:
        raise Rejected(f"{user.login} has {MOST} live tokens; revoke one that nobody uses first.")
    secret = secrets.token_urlsafe(32)
    token = PersonalToken(
        id=secrets.token_hex(6),
        login=user.login,
        account=user.created_at,
        name=name.strip(),
        rights=tuple(right for right in RIGHTS if right in given),
        regions=chosen,
        created_at=now.isoformat(timespec="seconds"),
        expires_at=(now + timedelta(days=days)).isoformat(timespec="seconds"),
    )
    told = {name: _data(token)[name] for name in TOLD}
    ports.documents.put_all(
        [
            Put(COLLECTION, token.id, _data(token) | {"hash": _hash(secret)}, if_version=0),
            audit.entry(ports, by, audit.What.TOKEN_ISSUED, token.id, None, told),
        ]
    )
    return token, f"tsp_{token.id}_{secret}"


def _check(user: User, name: str, rights: tuple[str, ...], regions: tuple[str, ...], days: int) -> None:
    possible = rights_of(user.scope)
    if user.disabled:
        raise Rejected(f"The account {user.login} is stopped: it can have no token.")
    if not name or len(name) > 60:
        raise Rejected("Give the token a name of at most 60 letters, to know it again.")
    if not rights:
        raise Rejected("Choose at least one right, else the token opens nothing.")
    more = [right for right in rights if right not in possible]
    if more:
        raise Rejected(f"{user.login} cannot give {', '.join(more)} to a token; there are {', '.join(possible)}.")
    outside = [one for one in regions if not user.scope.covers_region(one)]
    if outside:
        raise Rejected(f"{user.login} does not see the region {', '.join(outside)}.")
    if not 1 <= days <= MOST_DAYS:
        raise Rejected(f"A token lives from 1 to {MOST_DAYS} days, not {days}.")


def check(ports: Ports, text: str) -> tuple[PersonalToken, User] | None:
    """The token that this text is, and its person; None once it is revoked, too old, or its person is gone."""
    parts = TOKEN.fullmatch(text.strip())
    known = ports.documents.get(COLLECTION, parts[1]) if parts else None
    # 256 random bits need no slow hash: there is nothing to guess.
    if parts is None or known is None or not hmac.compare_digest(known.data["hash"], _hash(parts[2])):
        return None
    token, now = _token(known.data), ports.clock.now()
    try:
        user = accounts.get(ports, token.login)
    except NotFound:
        return None
    if token.state(now) != "live" or user.disabled or user.created_at != token.account:
        return None
    today = now.date().isoformat()
    if token.last_used != today:
        # Once a day: a program must not write a document with every read. Whoever wrote meanwhile is right, too.
        with suppress(Conflict):
            ports.documents.put(COLLECTION, token.id, known.data | {"last_used": today}, if_version=known.version)
    return replace(token, last_used=today), user


def find(ports: Ports, login: str | None = None) -> list[PersonalToken]:
    """The tokens of one person, or everybody's, newest first."""
    where = {"login": login} if login is not None else None
    documents = ports.documents.find(COLLECTION, where, order_by="created_at", descending=True)
    return [_token(document.data) for document in documents]


def revoke(ports: Ports, id: str, *, by: str, login: str | None = None) -> PersonalToken:
    """Refused from now on. Repeatable; `NotFound` where there is none, or it is not the one of `login`."""
    while True:
        known = ports.documents.get(COLLECTION, id)
        if known is None or login not in {None, known.data["login"]}:
            raise NotFound(f"There is no token {id}.")
        if known.data["revoked_at"]:
            return _token(known.data)
        change = {"revoked_at": ports.clock.now().isoformat(timespec="seconds"), "revoked_by": by}
        told = audit.entry(ports, by, audit.What.TOKEN_REVOKED, id, {"login": known.data["login"]}, {"revoked": True})
        put = Put(COLLECTION, id, known.data | change, if_version=known.version)
        try:
            return _token(ports.documents.put_all([put, told])[0].data)
        except Conflict:
            continue


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _data(token: PersonalToken) -> dict[str, Any]:
    return asdict(token) | {"rights": list(token.rights), "regions": list(token.regions)}


def _token(data: dict[str, Any]) -> PersonalToken:
    lists = {"rights": tuple(data["rights"]), "regions": tuple(data["regions"])}
    return PersonalToken(**{name: value for name, value in data.items() if name != "hash"} | lists)
