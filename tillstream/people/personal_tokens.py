"""Personal access tokens: a user's program sends one instead of signing in. Stored as hashes."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tillstream.model import audit
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.model.people import Action, Scope
from tillstream.people import accounts
from tillstream.people.account_store import RegionCheck, User
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put, Update, update_document
from tillstream.records import audit_log

PERSONAL_TOKENS_COLLECTION = "personal_tokens"
TOKEN_PATTERN = re.compile(r"tsp_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
TOKEN_RIGHTS: dict[str, Action] = {
    "numbers": Action.SEE_NUMBERS,
    "personal": Action.SEE_PERSONAL,
    "uploads": Action.SEE_UPLOADS,
    "upload": Action.UPLOAD,
    "decide": Action.DECIDE,
    "pipeline": Action.SEE_PIPELINE,
    "quality": Action.SEE_QUALITY,
    "stock": Action.MANAGE_STOCK,
}
"""Name of a right that can be granted to a token → the action. The user's role is the upper bound. The right `numbers`
includes costs and margins, and forecasts."""
READING_RIGHTS = ("numbers", "personal", "quality")
"""Rights that a token for files can have."""
DEFAULT_DAYS, MAX_DAYS = 90, 365
AUDITED_TOKEN_FIELDS = ("login", "name", "rights", "regions", "expires_at", "files_only")
"""Fields of a new token that are audited."""
MAX_LIVE_TOKENS = 50
"""Maximum of live tokens of a user."""


@dataclass(frozen=True)
class PersonalToken:
    """The rights of a program that acts for a user. Times are ISO 8601 UTC text."""

    id: str
    login: str
    account: str
    """When the account was created, so that a later account of the same name does not inherit the token."""
    name: str
    rights: tuple[str, ...]
    regions: tuple[str, ...]
    """A subset of the user's regions; empty means all of them, including those assigned later."""
    created_at: str
    expires_at: str
    files_only: bool = False
    """Whether the token is valid only for live files. Such a token can be part of an address."""
    last_used: str = ""
    """The day on which the token was last used."""
    revoked_at: str = ""
    revoked_by: str = ""

    def scope(self, user: User) -> Scope:
        """The user's current scope, narrowed to the rights and regions of the token."""
        actions = {TOKEN_RIGHTS[name] for name in self.rights}
        if Action.SEE_NUMBERS in actions:
            actions |= {Action.SEE_COSTS, Action.SEE_FORECASTS, Action.SEE_ALERTS}
        return user.scope.restrict(frozenset(actions), self.regions)

    def state(self, now: datetime) -> str:
        """live, expired or revoked."""
        if self.revoked_at:
            return "revoked"
        return "live" if now < datetime.fromisoformat(self.expires_at) else "expired"


def grantable_rights(scope: Scope) -> tuple[str, ...]:
    """Rights that a user of this scope can grant to a token."""
    return tuple(name for name, action in TOKEN_RIGHTS.items() if scope.may(action))


def issue_personal_token(
    ports: Ports,
    login: str,
    name: str,
    rights: Iterable[str],
    *,
    regions: Iterable[str] = (),
    days: int = DEFAULT_DAYS,
    check_regions: RegionCheck | None = None,
    files_only: bool = False,
    by: str,
) -> tuple[PersonalToken, str]:
    """Create a token of a user; return it with its text, which cannot be read again. Raises `Rejected`, `NotFound`.

    check_regions: of the contracts.
    """
    user = accounts.get_user(ports, login)
    requested, requested_regions = tuple(sorted(set(rights))), tuple(sorted(set(regions)))
    _check_request(user, name.strip(), requested, requested_regions, days)
    if files_only and (excess := sorted(set(requested) - set(READING_RIGHTS))):
        raise Rejected(
            f"A token for files only reads, and cannot have the rights {', '.join(excess)}. Available rights: "
            f"{', '.join(READING_RIGHTS)}."
        )
    if check_regions and user.scope.regions is None:
        check_regions(requested_regions)
    now = ports.clock.now()
    if sum(one.state(now) == "live" for one in find_personal_tokens(ports, user.login)) >= MAX_LIVE_TOKENS:
        raise Rejected(f"{user.login} has {MAX_LIVE_TOKENS} active tokens. Revoke an unused one first.")
    secret = secrets.token_urlsafe(32)
    token = PersonalToken(
        id=secrets.token_hex(6),
        login=user.login,
        account=user.created_at,
        name=name.strip(),
        rights=tuple(right for right in TOKEN_RIGHTS if right in requested),
        regions=requested_regions,
        created_at=now.isoformat(timespec="seconds"),
        expires_at=(now + timedelta(days=days)).isoformat(timespec="seconds"),
        files_only=files_only,
    )
    audited = {name: _token_data(token)[name] for name in AUDITED_TOKEN_FIELDS}
    ports.documents.put_all(
        [
            Put(PERSONAL_TOKENS_COLLECTION, token.id, _token_data(token) | {"hash": _hash(secret)}, if_version=0),
            audit_log.entry(ports, by, audit.AuditAction.TOKEN_ISSUED, token.id, None, audited),
        ]
    )
    return token, f"tsp_{token.id}_{secret}"


def _check_request(user: User, name: str, rights: tuple[str, ...], regions: tuple[str, ...], days: int) -> None:
    grantable = grantable_rights(user.scope)
    if user.disabled:
        raise Rejected(f"The account {user.login} is disabled and cannot have a token.")
    if not name or len(name) > 60:
        raise Rejected("Enter a name for the token, with at most 60 characters.")
    if not rights:
        raise Rejected("Choose at least one right for the token.")
    excess = [right for right in rights if right not in grantable]
    if excess:
        raise Rejected(
            f"{user.login} cannot give a token the rights {', '.join(excess)}. Available rights: "
            f"{', '.join(grantable)}."
        )
    outside = [one for one in regions if not user.scope.covers_region(one)]
    if outside:
        raise Rejected(f"{user.login} cannot see the region {', '.join(outside)}.")
    if not 1 <= days <= MAX_DAYS:
        raise Rejected(f"A token is valid for 1 to {MAX_DAYS} days, not {days}.")


def check_personal_token(ports: Ports, text: str) -> tuple[PersonalToken, User] | None:
    """Return the token of this text and its user; None if the token is not live or the account is disabled or gone."""
    parts = TOKEN_PATTERN.fullmatch(text.strip())
    document = ports.documents.get(PERSONAL_TOKENS_COLLECTION, parts[1]) if parts else None
    # 256 random bits cannot be guessed, so a fast hash is enough.
    if parts is None or document is None or not hmac.compare_digest(document.data["hash"], _hash(parts[2])):
        return None
    token, now = _token_of_data(document.data), ports.clock.now()
    try:
        user = accounts.get_user(ports, token.login)
    except NotFound:
        return None
    if token.state(now) != "live" or user.disabled or user.created_at != token.account:
        return None
    today = now.date().isoformat()
    if token.last_used != today:
        # Once a day, not on every request. A concurrent writer has stored the same day, so ignore the conflict.
        with suppress(Conflict):
            ports.documents.put(
                PERSONAL_TOKENS_COLLECTION, token.id, document.data | {"last_used": today}, if_version=document.version
            )
    return replace(token, last_used=today), user


def find_personal_tokens(ports: Ports, login: str | None = None) -> list[PersonalToken]:
    """Tokens of one user, or of all users, newest first."""
    where = {"login": login} if login is not None else None
    documents = ports.documents.find(PERSONAL_TOKENS_COLLECTION, where, order_by="created_at", descending=True)
    return [_token_of_data(document.data) for document in documents]


def revoke_personal_token(ports: Ports, id: str, *, by: str, login: str | None = None) -> PersonalToken:
    """Revoke a token. Idempotent. Raises `NotFound`, also if it is not a token of `login`."""

    def revoked(document: Document | None) -> Update | Document:
        if document is None or login not in {None, document.data["login"]}:
            raise NotFound(f"There is no token {id}.")
        if document.data["revoked_at"]:
            return document
        change = {"revoked_at": ports.clock.now().isoformat(timespec="seconds"), "revoked_by": by}
        audit_entry = audit_log.entry(
            ports, by, audit.AuditAction.TOKEN_REVOKED, id, {"login": document.data["login"]}, {"revoked": True}
        )
        return Update(document.data | change, [audit_entry])

    return _token_of_data(update_document(ports.documents, PERSONAL_TOKENS_COLLECTION, id, revoked).data)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _token_data(token: PersonalToken) -> dict[str, Any]:
    return asdict(token) | {"rights": list(token.rights), "regions": list(token.regions)}


def _token_of_data(data: dict[str, Any]) -> PersonalToken:
    lists = {"rights": tuple(data["rights"]), "regions": tuple(data["regions"])}
    return PersonalToken(**{name: value for name, value in data.items() if name != "hash"} | lists)
