"""Sign-in with identities verified by a proxy or an identity provider."""

import secrets
from dataclasses import dataclass
from typing import Any

from tillstream.model.audit import AuditAction
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Conflict, Rejected
from tillstream.model.permissions import Role
from tillstream.people import account_store, accounts, passwords
from tillstream.people.account_store import User
from tillstream.ports import Ports
from tillstream.records import audit_log

NO_CREDENTIALS = {"hash": "", "given_password": False}


class NotInvited(Rejected):
    """The identity is verified, but no account accepts it."""


@dataclass(frozen=True)
class ExternalIdentity:
    """A verified identity. `subject` is permanent at the issuer; an e-mail address may pass to another user."""

    issuer: str
    subject: str
    email: str


def sign_in_externally(ports: Ports, identity: ExternalIdentity) -> User:
    """Sign in to the account named by the e-mail address; the first sign-in binds it to the issuer's subject.

    Raises `NotInvited`, or `passwords.TooManyTries` after several refusals. Every refusal is audited.
    """
    login = account_store.normalize_login(identity.email)[:200]
    passwords.count_sign_in_try(ports, login)
    refusal = _sign_in_refusal(ports, login, identity)
    if refusal:
        details = {"issuer": identity.issuer, "reason": refusal}
        audit_log.record(ports, login, AuditAction.SESSION_REFUSED, login, None, details)
        raise NotInvited(
            f"You are signed in as {login}, but {refusal}. Ask a Tillstream administrator for an invitation."
        )
    passwords.reset_tries(ports, login)
    is_first = not _bound_subject(account_store.get_account_document(ports, login).data, identity.issuer)
    binding = {"issuer": identity.issuer, "subject": identity.subject}

    def change(data: JsonObject) -> JsonObject:
        subject, updates = _bound_subject(data, identity.issuer), {"last_seen": account_store.current_time(ports)}
        if data["disabled"] or subject not in ("", identity.subject):
            raise NotInvited("Your account was changed. Sign in again.")
        return data | updates | ({} if subject else {"identities": [*data.get("identities", []), binding], "link": ""})

    return account_store.change_account(ports, login, change, login, AuditAction.USER_JOINED if is_first else None)


def invite_externally(ports: Ports, login: str, name: str, role: Role, *, by: str = "", **scope: Any) -> User:
    """Create an account without a password, for external sign-in with the address. Raises as
    `accounts.create_account`."""
    secret = NO_CREDENTIALS | {"stamp": secrets.token_hex(8)}
    return accounts.create_account(ports, login, name, role, secret, by, AuditAction.USER_INVITED, **scope)


def unbind_identity(ports: Ports, login: str, *, by: str = "") -> User:
    """Unbind the account, so that the next verified owner of the address can sign in; every session ends.

    Raises `NotFound`, `LastAdmin`.
    """
    reset = NO_CREDENTIALS | {"identities": [], "link": "", "stamp": secrets.token_hex(8)}
    passwords.reset_tries(ports, account_store.normalize_login(login))
    return account_store.change_account(ports, login, lambda data: data | reset, by, AuditAction.USER_INVITED)


def create_first_external_admin(ports: Ports, login: str) -> None:
    """Create the first admin, for external sign-in, if there are no accounts. Idempotent."""
    if not ports.documents.count(account_store.USERS_COLLECTION):
        try:
            invite_externally(ports, login, "Administrator", Role.ADMIN, by="the first start")
        except Conflict:
            return


def _sign_in_refusal(ports: Ports, login: str, identity: ExternalIdentity) -> str:
    """Why the sign-in is refused; empty if it is not."""
    document = ports.documents.get(account_store.USERS_COLLECTION, login)
    if document is None:
        return "you have no account"
    if document.data["disabled"]:
        return "your account is disabled"
    if _bound_subject(document.data, identity.issuer) not in ("", identity.subject):
        return "this account belongs to a previous owner of the address"
    return ""


def _bound_subject(data: JsonObject, issuer: str) -> str:
    return next((str(bound["subject"]) for bound in data.get("identities", []) if bound["issuer"] == issuer), "")
