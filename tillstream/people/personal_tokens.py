"""Personal access tokens: a user's program sends one instead of signing in. Stored as hashes."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tillstream.model import audit
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.people import Scope
from tillstream.model.permissions import Action
from tillstream.people import accounts
from tillstream.people.account_store import RegionCheck, User
from tillstream.ports import Ports
from tillstream.records.collection import Collection, Data, Sides

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


PERSONAL_TOKENS = Collection(
    "personal_tokens",
    PersonalToken,
    "token",
    lambda token: {name: getattr(token, name) for name in AUDITED_TOKEN_FIELDS},
    order_by="created_at",
    descending=True,
)


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
    hidden = {"hash": _hash(secret)}
    PERSONAL_TOKENS.add(ports, token, by, audit.AuditAction.TOKEN_ISSUED, hidden=hidden)
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
    document = ports.documents.get(PERSONAL_TOKENS.name, parts[1]) if parts else None
    # 256 random bits cannot be guessed, so a fast hash is enough.
    if parts is None or document is None or not hmac.compare_digest(document.data["hash"], _hash(parts[2])):
        return None
    token, now = PERSONAL_TOKENS.record(document), ports.clock.now()
    try:
        user = accounts.get_user(ports, token.login)
    except NotFound:
        return None
    if token.state(now) != "live" or user.disabled or user.created_at != token.account:
        return None
    today = now.date().isoformat()
    if token.last_used != today:  # once a day, not on every request
        PERSONAL_TOKENS.note(
            ports, token.id, lambda one: None if one.last_used == today else replace(one, last_used=today)
        )
    return replace(token, last_used=today), user


def find_personal_tokens(ports: Ports, login: str | None = None) -> list[PersonalToken]:
    """Tokens of one user, or of all users, newest first."""
    where = {"login": login} if login is not None else None
    return PERSONAL_TOKENS.find(ports, where)


def revoke_personal_token(ports: Ports, id: str, *, by: str, login: str | None = None) -> PersonalToken:
    """Revoke a token. Idempotent. Raises `NotFound`, also if it is not a token of `login`."""

    def revoked(data: Data) -> Data:
        if login not in {None, data["login"]}:
            raise NotFound(f"There is no token {id}.")
        now = ports.clock.now().isoformat(timespec="seconds")
        return {} if data["revoked_at"] else {"login": data["login"], "revoked_at": now, "revoked_by": by}

    return PERSONAL_TOKENS.set_fields(ports, id, by, audit.AuditAction.TOKEN_REVOKED, revoked, sides=_revoked)


def _revoked(before: Data, _after: Data) -> Sides:
    return {"login": before["login"]}, {"revoked": True}


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
