"""`User`: an account without its credentials."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tillstream.domain.people import Role, Scope, scope_of


@dataclass(frozen=True)
class User:
    """Times are ISO 8601 UTC text. `stamp` changes with the password, which ends older sessions."""

    login: str
    name: str
    role: Role
    regions: tuple[str, ...]
    stores: tuple[str, ...]
    salesperson: str | None
    disabled: bool
    given_password: bool
    """The password is still the generated one and must be changed."""
    created_at: str
    last_seen: str
    stamp: str
    invited: bool = False
    """The user has never signed in: the invitation link or the first external sign-in is still open."""
    second_step: bool = False
    """Two-factor sign-in is on."""
    locale: str = ""
    """Format of dates and numbers; empty: the browser's."""
    time_zone: str = ""
    """Time zone of displayed times; empty: the browser's."""
    display_currency: str = ""
    """Currency of amounts: an ISO 4217 code or `reporting`; empty: that of the user's regions."""
    has_password: bool = True
    proved_by: tuple[str, ...] = ()
    """Issuers of the external identities bound to the account."""

    @property
    def scope(self) -> Scope:
        return scope_of(self.role, self.regions, self.stores, self.salesperson)

    @property
    def state(self) -> str:
        """active, invited or stopped."""
        return "stopped" if self.disabled else "invited" if self.invited else "active"


def user_of(login: str, data: dict[str, Any]) -> User:
    """Build a `User` from the account document, without its hash."""
    return User(
        login=login,
        name=data["name"],
        role=Role(data["role"]),
        regions=tuple(data["regions"]),
        stores=tuple(data["stores"]),
        salesperson=data["salesperson"],
        disabled=data["disabled"],
        given_password=data["given_password"],
        created_at=data["created_at"],
        last_seen=data["last_seen"],
        stamp=data["stamp"],
        invited=not can_sign_in(data),
        second_step=bool(data.get("second_step")),
        locale=data.get("locale", ""),
        time_zone=data.get("time_zone", ""),
        display_currency=data.get("display_currency", ""),
        has_password=bool(data["hash"]),
        proved_by=tuple(identity["issuer"] for identity in data.get("identities", ())),
    )


def can_sign_in(data: Mapping[str, Any]) -> bool:
    """Whether the account has a password or a bound external identity."""
    return bool(data["hash"] or data.get("identities"))
