"""One-time links with which an invited user, or one who forgot the password, chooses a password."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tillstream.model.audit import AuditAction
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import NotFound
from tillstream.model.permissions import Role
from tillstream.people import account_store, passwords
from tillstream.people.account_store import User, has_sign_in, user_of
from tillstream.people.accounts import create_account, password_fields
from tillstream.ports import Ports

INVITATION_PURPOSE, PASSWORD_PURPOSE = "invitation", "password"
INVITATION_LIFETIME, PASSWORD_LINK_LIFETIME = timedelta(days=7), timedelta(days=1)


class NoSuchInvitationLink(NotFound):
    """Used, expired, replaced or never issued: the message is the same."""

    def __init__(self) -> None:
        super().__init__("This link has expired or was already used. Ask an administrator for a new one.")


@dataclass(frozen=True)
class InvitationLink:
    """A valid link and its user."""

    user: User
    invitation: bool
    expires_at: str

    @property
    def days(self) -> int:
        """Lifetime of a link of this type, from its creation."""
        return (INVITATION_LIFETIME if self.invitation else PASSWORD_LINK_LIFETIME).days


def invite_with_link(ports: Ports, login: str, name: str, role: Role, *, by: str = "", **scope: Any) -> str:
    """Create an account without a password and return the text of its invitation link. Raises as `create_account`."""
    text, link = _new_link(ports, INVITATION_LIFETIME, INVITATION_PURPOSE)
    secret = {"hash": "", "stamp": secrets.token_hex(8), "given_password": False} | link
    create_account(ports, login, name, role, secret, by, AuditAction.USER_INVITED, **scope)
    return text


def reissue_link(ports: Ports, login: str, *, by: str = "") -> str:
    """Return a new link: an invitation if the last one is unused, else a link that resets the password.

    The old password, bound identities and every session end at once. Raises `NotFound`, `LastAdmin`.
    """
    document = account_store.get_account_document(ports, login)
    invited = not has_sign_in(document.data) and document.data.get("link_for") == INVITATION_PURPOSE
    text, link = _new_link(
        ports, *((INVITATION_LIFETIME, INVITATION_PURPOSE) if invited else (PASSWORD_LINK_LIFETIME, PASSWORD_PURPOSE))
    )
    reset: JsonObject = {
        "hash": "",
        "identities": [],
        "stamp": secrets.token_hex(8),
        "given_password": False,
    } | link
    what = AuditAction.USER_INVITED if invited else AuditAction.USER_PASSWORD_RESET
    account_store.change_account(ports, document.id, lambda data: data | reset, by, what)
    passwords.reset_tries(ports, document.id)
    return text


def get_link(ports: Ports, text: str) -> InvitationLink:
    """Return the valid link with this text. Raises `NoSuchInvitationLink`."""
    documents = ports.documents.find(account_store.USERS_COLLECTION, {"link": _hash(text)}, limit=1)
    if not documents or not _is_open(ports, documents[0].data, text):
        raise NoSuchInvitationLink
    user = user_of(documents[0].id, documents[0].data)
    return InvitationLink(
        user, documents[0].data["link_for"] == INVITATION_PURPOSE, documents[0].data["link_expires_at"]
    )


def redeem_link(ports: Ports, text: str, password: str) -> User:
    """Set the password that the user chose and use up the link.

    Raises `NoSuchInvitationLink`, `Rejected` for a bad password.
    """
    link = get_link(ports, text)
    chosen = passwords.check_password_strength(password, link.user.login, link.user.name)
    secret = password_fields(chosen, ports.password_cost) | {"given_password": False}

    def change(data: JsonObject) -> JsonObject:
        # Checked again inside the compare-and-set: of two concurrent calls only one succeeds.
        if not _is_open(ports, data, text):
            raise NoSuchInvitationLink
        return data | secret

    what = AuditAction.USER_JOINED if link.invitation else AuditAction.USER_PASSWORD_CHANGED
    return account_store.change_account(ports, link.user.login, change, link.user.login, what)


def _new_link(ports: Ports, lifetime: timedelta, purpose: str) -> tuple[str, JsonObject]:
    text = secrets.token_urlsafe(32)
    expires_at = (ports.clock.now() + lifetime).isoformat(timespec="seconds")
    return text, {"link": _hash(text), "link_expires_at": expires_at, "link_for": purpose}


def _is_open(ports: Ports, data: JsonObject, text: str) -> bool:
    is_current = data.get("link") == _hash(text) and not data["disabled"]
    return is_current and ports.clock.now() < datetime.fromisoformat(data["link_expires_at"])


def _hash(text: str) -> str:
    # 256 random bits cannot be guessed, so a fast hash is enough.
    return hashlib.sha256(text.encode()).hexdigest()
