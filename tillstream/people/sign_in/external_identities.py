"""Word of another house: whom a proxy or a provider has proved, as an account of ours."""

import secrets
from dataclasses import dataclass
from typing import Any

from tillstream import audit
from tillstream.audit import What
from tillstream.domain.errors import Conflict, Rejected
from tillstream.domain.people import Role
from tillstream.people import account_store, accounts, login_throttle
from tillstream.people.user import User
from tillstream.ports import Ports

NOTHING_YET = {"hash": "", "given_password": False}


class NotInvited(Rejected):
    """Who it is was proved, but no account lets them in."""


@dataclass(frozen=True)
class Identity:
    """Who somebody is; `subject` is what the issuer calls them for good, the e-mail address may pass to another."""

    issuer: str
    subject: str
    email: str


def sign_in(ports: Ports, identity: Identity) -> User:
    """The account whose sign-in name is the e-mail address; the first time it is bound to the issuer's subject.

    Raises `NotInvited`, and `backoff.TooManyTries` after some of those; every refusal is in the audit log.
    """
    login = account_store.plain(identity.email)[:200]
    login_throttle.count_try(ports, login)
    refused = _refusal(ports, login, identity)
    if refused:
        told = {"issuer": identity.issuer, "reason": refused}
        audit.record(ports, login, What.SESSION_REFUSED, login, None, told)
        raise NotInvited(f"You are {login}, but {refused}. Ask an administrator of Tillstream for an invitation.")
    login_throttle.forget(ports, login)
    first = not _subject(account_store.known(ports, login).data, identity.issuer)
    bound = {"issuer": identity.issuer, "subject": identity.subject}

    def change(data: dict[str, Any]) -> dict[str, Any]:
        subject, seen = _subject(data, identity.issuer), {"last_seen": account_store.now(ports)}
        if data["disabled"] or subject not in ("", identity.subject):
            raise NotInvited("Your account was changed just now. Sign in again.")
        return data | seen | ({} if subject else {"identities": [*data.get("identities", []), bound], "link": ""})

    return account_store.change(ports, login, change, login, What.USER_JOINED if first else None)


def expect(ports: Ports, login: str, name: str, role: Role, *, by: str = "", **scope: Any) -> User:
    """A new account without a password, for whoever is proved to have the address. Raises as `accounts.make`."""
    secret = NOTHING_YET | {"stamp": secrets.token_hex(8)}
    return accounts.make(ports, login, name, role, secret, by, What.USER_INVITED, **scope)


def forget(ports: Ports, login: str, *, by: str = "") -> User:
    """Bound to nobody any more: the next one proved to have the address is let in. Every session ends; `LastAdmin`."""
    free = NOTHING_YET | {"identities": [], "link": "", "stamp": secrets.token_hex(8)}
    login_throttle.forget(ports, account_store.plain(login))
    return account_store.change(ports, login, lambda data: data | free, by, What.USER_INVITED)


def first_admin(ports: Ports, login: str) -> None:
    """Where nobody has an account, one for the administrator to come. Repeatable."""
    if not ports.documents.count(account_store.COLLECTION):
        try:
            expect(ports, login, "Administrator", Role.ADMIN, by="the first start")
        except Conflict:
            return


def _refusal(ports: Ports, login: str, identity: Identity) -> str:
    """Why the person is not let in; empty where they are."""
    known = ports.documents.get(account_store.COLLECTION, login)
    if known is None:
        return "nobody has invited you"
    if known.data["disabled"]:
        return "your account is stopped"
    if _subject(known.data, identity.issuer) not in ("", identity.subject):
        return "this account belongs to somebody who had the address before"
    return ""


def _subject(data: dict[str, Any], issuer: str) -> str:
    return next((str(one["subject"]) for one in data.get("identities", []) if one["issuer"] == issuer), "")
