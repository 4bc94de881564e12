"""One-time links with which an invited user, or one who forgot the password, chooses a password."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tillstream.audit import AuditAction
from tillstream.domain.errors import NotFound
from tillstream.domain.people import Role
from tillstream.people import account_store, login_throttle, passwords
from tillstream.people.accounts import create, secret_of
from tillstream.people.user import User, can_sign_in, user_of
from tillstream.ports import Ports

JOIN, FORGOTTEN = "invitation", "password"
INVITATION, NEW_PASSWORD = timedelta(days=7), timedelta(days=1)


class NoSuchLink(NotFound):
    """Used, expired, replaced or never issued: the message is the same."""

    def __init__(self) -> None:
        super().__init__("This link has expired or was already used. Ask an administrator for a new one.")


@dataclass(frozen=True)
class Link:
    """A valid link and its user."""

    user: User
    invitation: bool
    expires_at: str

    @property
    def days(self) -> int:
        """Lifetime of a link of this type, from its creation."""
        return (INVITATION if self.invitation else NEW_PASSWORD).days


def invite(ports: Ports, login: str, name: str, role: Role, *, by: str = "", **scope: Any) -> str:
    """Create an account without a password and return the text of its invitation link. Raises as `accounts.create`."""
    text, link = _new_link(ports, INVITATION, JOIN)
    secret = {"hash": "", "stamp": secrets.token_hex(8), "given_password": False} | link
    create(ports, login, name, role, secret, by, AuditAction.USER_INVITED, **scope)
    return text


def reissue(ports: Ports, login: str, *, by: str = "") -> str:
    """Return a new link: an invitation if the last one is unused, else a link that resets the password.

    The old password, bound identities and every session end at once. Raises `NotFound`, `LastAdmin`.
    """
    document = account_store.get_document(ports, login)
    invited = not can_sign_in(document.data) and document.data.get("link_for") == JOIN
    text, link = _new_link(ports, *((INVITATION, JOIN) if invited else (NEW_PASSWORD, FORGOTTEN)))
    reset: dict[str, Any] = {
        "hash": "",
        "identities": [],
        "stamp": secrets.token_hex(8),
        "given_password": False,
    } | link
    what = AuditAction.USER_INVITED if invited else AuditAction.USER_PASSWORD_RESET
    account_store.change(ports, document.id, lambda data: data | reset, by, what)
    login_throttle.reset(ports, document.id)
    return text


def get_link(ports: Ports, text: str) -> Link:
    """Return the valid link with this text. Raises `NoSuchLink`."""
    documents = ports.documents.find(account_store.COLLECTION, {"link": _hash(text)}, limit=1)
    if not documents or not _is_open(ports, documents[0].data, text):
        raise NoSuchLink
    user = user_of(documents[0].id, documents[0].data)
    return Link(user, documents[0].data["link_for"] == JOIN, documents[0].data["link_expires_at"])


def redeem(ports: Ports, text: str, password: str) -> User:
    """Set the password that the user chose and use up the link. Raises `NoSuchLink`, `Rejected` for a bad password."""
    link = get_link(ports, text)
    chosen = passwords.check_strength(password, link.user.login, link.user.name)
    secret = secret_of(chosen, ports.password_cost) | {"given_password": False}

    def change(data: dict[str, Any]) -> dict[str, Any]:
        # Checked again inside the compare-and-set: of two concurrent calls only one succeeds.
        if not _is_open(ports, data, text):
            raise NoSuchLink
        return data | secret

    what = AuditAction.USER_JOINED if link.invitation else AuditAction.USER_PASSWORD_CHANGED
    return account_store.change(ports, link.user.login, change, link.user.login, what)


def _new_link(ports: Ports, lifetime: timedelta, purpose: str) -> tuple[str, dict[str, Any]]:
    text = secrets.token_urlsafe(32)
    expires_at = (ports.clock.now() + lifetime).isoformat(timespec="seconds")
    return text, {"link": _hash(text), "link_expires_at": expires_at, "link_for": purpose}


def _is_open(ports: Ports, data: dict[str, Any], text: str) -> bool:
    is_current = data.get("link") == _hash(text) and not data["disabled"]
    return is_current and ports.clock.now() < datetime.fromisoformat(data["link_expires_at"])


def _hash(text: str) -> str:
    # 256 random bits cannot be guessed, so a fast hash is enough.
    return hashlib.sha256(text.encode()).hexdigest()
