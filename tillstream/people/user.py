"""The people room's user: an account without its secrets."""

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

    @property
    def scope(self) -> Scope:
        return scope_of(self.role, self.regions, self.stores, self.salesperson)


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
    )
