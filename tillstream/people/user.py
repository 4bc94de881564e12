"""User: an account without its secrets."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tillstream.domain.people import Role, Scope, scope_of


@dataclass(frozen=True)
class User:
    """Times are ISO 8601 UTC text. `stamp` changes with the password: older sessions end."""

    login: str
    name: str
    role: Role
    regions: tuple[str, ...]
    stores: tuple[str, ...]
    salesperson: str | None
    disabled: bool
    given_password: bool
    """Still the generated one; the portal asks for an own one."""
    created_at: str
    last_seen: str
    stamp: str
    invited: bool = False
    """Has not come yet: the link that was given is still to be used, or the first sign-in to be made."""
    second_step: bool = False
    """Signing in asks for a code of the person's telephone, too."""
    locale: str = ""
    """How dates and numbers are written; empty: as the browser does."""
    time_zone: str = ""
    """The zone that times are shown in; empty: the browser's."""
    has_password: bool = True
    proved_by: tuple[str, ...] = ()
    """The issuers whose word has let the person in."""

    @property
    def scope(self) -> Scope:
        return scope_of(self.role, self.regions, self.stores, self.salesperson)

    @property
    def state(self) -> str:
        """active, invited or stopped."""
        return "stopped" if self.disabled else "invited" if self.invited else "active"


def user_of(login: str, data: dict[str, Any]) -> User:
    """From the document; the hash stays behind."""
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
        has_password=bool(data["hash"]),
        proved_by=tuple(one["issuer"] for one in data.get("identities", ())),
    )


def can_sign_in(data: Mapping[str, Any]) -> bool:
    """Whether the person has come: has a password, or was let in on the word of another house."""
    return bool(data["hash"] or data.get("identities"))
