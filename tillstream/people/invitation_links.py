"""Links: a person who was invited, or forgot, chooses a password by a link that opens once."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tillstream.audit import What
from tillstream.domain.errors import NotFound
from tillstream.domain.people import Role
from tillstream.people import account_store, login_throttle, passwords
from tillstream.people.accounts import make, secret_of
from tillstream.people.user import User, can_sign_in, user_of
from tillstream.ports import Ports

JOIN, FORGOTTEN = "invitation", "password"
INVITATION, NEW_PASSWORD = timedelta(days=7), timedelta(days=1)


class NoSuchLink(NotFound):
    """Used, too old, replaced by a newer one, or never made: whoever holds it is told the same."""

    def __init__(self) -> None:
        super().__init__("This link was used already or is too old. Ask an administrator for a new one.")


@dataclass(frozen=True)
class Link:
    """What the page behind a link shows."""

    user: User
    invitation: bool
    expires_at: str

    @property
    def days(self) -> int:
        """How long it opens from the moment it was made."""
        return (INVITATION if self.invitation else NEW_PASSWORD).days


def invite(ports: Ports, login: str, name: str, role: Role, *, by: str = "", **scope: Any) -> str:
    """A new account that is opened by the link whose text this returns, once. Raises as `accounts.make`."""
    text, link = _new(ports, INVITATION, JOIN)
    secret = {"hash": "", "stamp": secrets.token_hex(8), "given_password": False} | link
    make(ports, login, name, role, secret, by, What.USER_INVITED, **scope)
    return text


def renew(ports: Ports, login: str, *, by: str = "") -> str:
    """Another link: for who has not come yet, and in the place of a forgotten password, which ends at once.

    Every session ends. Raises `NotFound`, `LastAdmin`.
    """
    known = account_store.known(ports, login)
    invited = not can_sign_in(known.data) and known.data.get("link_for") == JOIN
    text, link = _new(ports, *((INVITATION, JOIN) if invited else (NEW_PASSWORD, FORGOTTEN)))
    closed: dict[str, Any] = {
        "hash": "",
        "identities": [],
        "stamp": secrets.token_hex(8),
        "given_password": False,
    } | link
    what = What.USER_INVITED if invited else What.USER_PASSWORD_RESET
    account_store.change(ports, known.id, lambda data: data | closed, by, what)
    login_throttle.forget(ports, known.id)
    return text


def look(ports: Ports, text: str) -> Link:
    """Whose link it is. Raises `NoSuchLink`."""
    found = ports.documents.find(account_store.COLLECTION, {"link": _hash(text)}, limit=1)
    if not found or not _open(ports, found[0].data, text):
        raise NoSuchLink
    user = user_of(found[0].id, found[0].data)
    return Link(user, found[0].data["link_for"] == JOIN, found[0].data["link_expires_at"])


def take(ports: Ports, text: str, password: str) -> User:
    """The person's own password; the link opens nothing any more. Raises `NoSuchLink`, `Rejected` for a bad one."""
    link = look(ports, text)
    chosen = passwords.good(password, link.user.login, link.user.name)
    own = secret_of(chosen, ports.password_cost) | {"given_password": False}

    def change(data: dict[str, Any]) -> dict[str, Any]:
        # Asked again inside the compare-and-set: of two at once only one finds it open.
        if not _open(ports, data, text):
            raise NoSuchLink
        return data | own

    what = What.USER_JOINED if link.invitation else What.USER_PASSWORD_CHANGED
    return account_store.change(ports, link.user.login, change, link.user.login, what)


def _new(ports: Ports, lives: timedelta, what_for: str) -> tuple[str, dict[str, Any]]:
    text = secrets.token_urlsafe(32)
    until = (ports.clock.now() + lives).isoformat(timespec="seconds")
    return text, {"link": _hash(text), "link_expires_at": until, "link_for": what_for}


def _open(ports: Ports, data: dict[str, Any], text: str) -> bool:
    known = data.get("link") == _hash(text) and not data["disabled"]
    return known and ports.clock.now() < datetime.fromisoformat(data["link_expires_at"])


def _hash(text: str) -> str:
    # 256 random bits need no slow hash: there is nothing to guess.
    return hashlib.sha256(text.encode()).hexdigest()
