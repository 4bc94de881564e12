"""Accounts: who may sign in, and what is theirs to see."""

import re
import secrets
from collections.abc import Iterable
from typing import Any

from tillstream import audit
from tillstream.audit import What
from tillstream.domain.errors import Conflict, Rejected
from tillstream.domain.password_cost import PasswordCost
from tillstream.domain.people import Role
from tillstream.people import account_store, login_throttle, passwords
from tillstream.people.account_store import COLLECTION, plain
from tillstream.people.assigned import SHOWN, WrongField, are_known, assigned
from tillstream.people.user import User, user_of
from tillstream.ports import Ports
from tillstream.ports.document_store import Put

FIRST = "admin"
LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,59}")


class WrongSignIn(Rejected):
    """Says the same for an unknown name, a wrong password and a disabled account."""

    def __init__(self) -> None:
        super().__init__("The name or the password is not right.")


def first_admin(ports: Ports, login: str = FIRST, password: str | None = None) -> str | None:
    """Where nobody has an account, make one: its password, generated where none is given; else None. Repeatable.

    The person is asked to choose another one in either case.
    """
    if ports.documents.count(COLLECTION):
        return None
    name = "Administrator"
    given = passwords.good(password, plain(login), name) if password else passwords.generate()
    secret = secret_of(given, ports.password_cost) | {"given_password": True}
    try:
        make(ports, login, name, Role.ADMIN, secret, "the first start", What.USER_ADDED)
    except Conflict:
        return None
    return given


def add(
    ports: Ports,
    login: str,
    name: str,
    role: Role,
    *,
    password: str | None = None,
    by: str = "",
    **scope: Any,
) -> str:
    """A new account; its password, generated where none is given. Raises as `make`. scope: as `make` takes it."""
    given = passwords.good(password, plain(login), name) if password is not None else passwords.generate()
    secret = secret_of(given, ports.password_cost) | {"given_password": password is None}
    make(ports, login, name, role, secret, by, What.USER_ADDED, **scope)
    return given


def make(
    ports: Ports,
    login: str,
    name: str,
    role: Role,
    secret: dict[str, Any],
    by: str,
    what: What,
    *,
    regions: Iterable[str] = (),
    stores: Iterable[str] = (),
    salesperson: str | None = None,
    known: Iterable[str] | None = None,
) -> User:
    """A new account with what opens it. `WrongField` for a bad name or scope, `Conflict` for a taken name.

    known: the regions there are, where the caller can tell. by: who does it, for the audit log.
    """
    login = plain(login)
    if not LOGIN.fullmatch(login):
        raise WrongField(
            "login", "A sign-in name begins with a letter or digit and has up to 60 letters, digits or . _ @ + -"
        )
    regions = list(regions)
    if known is not None:
        are_known(regions, known)
    data: dict[str, Any] = {
        "name": name.strip() or login,
        **assigned(Role(role), regions, stores, salesperson),
        "disabled": False,
        "created_at": account_store.now(ports),
        "last_seen": "",
        **secret,
    }
    told = audit.entry(ports, by, what, login, None, {field: data[field] for field in SHOWN})
    try:
        return user_of(login, ports.documents.put_all([Put(COLLECTION, login, data, if_version=0), told])[0].data)
    except Conflict as error:
        raise Conflict(f"The sign-in name {login} is taken.") from error


def assign(
    ports: Ports,
    login: str,
    *,
    name: str | None = None,
    role: Role | None = None,
    regions: Iterable[str] | None = None,
    stores: Iterable[str] | None = None,
    salesperson: str | None = None,
    known: Iterable[str] | None = None,
    by: str = "",
) -> User:
    """Change what is given and leave the rest; it counts from the person's next request on.

    `WrongField` for what the role cannot be without and for the last admin, `NotFound`.
    """
    given = None if regions is None else list(regions)
    if given is not None and known is not None:
        are_known(given, known)
    stores = None if stores is None else list(stores)

    def change(data: dict[str, Any]) -> dict[str, Any]:
        after = assigned(
            Role(role or data["role"]),
            data["regions"] if given is None else given,
            data["stores"] if stores is None else stores,
            data["salesperson"] if salesperson is None else salesperson,
        )
        return data | after | {"name": (name or "").strip() or data["name"]}

    return account_store.change(ports, login, change, by, What.USER_CHANGED)


def sign_in(ports: Ports, login: str, password: str) -> User:
    """`WrongSignIn`, or `backoff.TooManyTries` after some of them; both cost the same for known and unknown names.

    Where `second_step` is on for the account, this is only the first one.
    """
    login = plain(login)[:200]
    login_throttle.count_try(ports, login)
    known = ports.documents.get(COLLECTION, login) if LOGIN.fullmatch(login) else None
    if (
        not passwords.matches((known.data["hash"] or None) if known else None, password, ports.password_cost)
        or known is None
        or known.data["disabled"]
    ):
        raise WrongSignIn
    login_throttle.forget(ports, login)
    seen = {"last_seen": account_store.now(ports)}
    if passwords.outdated(known.data["hash"], ports.password_cost):
        seen["hash"] = passwords.hashed(password, ports.password_cost)
    return account_store.change(ports, login, lambda data: data | seen)


def get(ports: Ports, login: str) -> User:
    """`NotFound` where nobody has the name."""
    known = account_store.known(ports, login)
    return user_of(known.id, known.data)


def find(ports: Ports) -> list[User]:
    """Everybody, by sign-in name."""
    return [user_of(document.id, document.data) for document in ports.documents.find(COLLECTION)]


def disable(ports: Ports, login: str, *, by: str = "") -> User:
    """Signed out everywhere, and cannot sign in; `LastAdmin`. Links that were given open nothing any more."""
    closed = {"disabled": True, "link": "", "stamp": _stamp()}
    return account_store.change(ports, login, lambda data: data | closed, by, What.USER_DISABLED)


def enable(ports: Ports, login: str, *, by: str = "") -> User:
    return account_store.change(ports, login, lambda data: data | {"disabled": False}, by, What.USER_ENABLED)


def reset_password(ports: Ports, login: str, *, by: str = "") -> str:
    """A generated password in place of the forgotten one, returned once; every session ends."""
    password = passwords.generate()
    given = secret_of(password, ports.password_cost) | {"given_password": True}
    account_store.change(ports, login, lambda data: data | given, by, What.USER_PASSWORD_RESET)
    login_throttle.forget(ports, plain(login))
    return password


def change_password(ports: Ports, login: str, old: str, new: str) -> User:
    """The person's own choice; other sessions end. `WrongSignIn` where the old one is not right."""
    login_throttle.count_try(ports, plain(login))
    known = ports.documents.get(COLLECTION, plain(login))
    if known is None or not passwords.matches(known.data["hash"] or None, old, ports.password_cost):
        raise WrongSignIn
    login_throttle.forget(ports, plain(login))
    chosen = passwords.good(new, known.id, known.data["name"])
    own = secret_of(chosen, ports.password_cost) | {"given_password": False}
    return account_store.change(ports, login, lambda data: data | own, known.id, What.USER_PASSWORD_CHANGED)


def secret_of(password: str, cost: PasswordCost) -> dict[str, Any]:
    """What a password leaves in the account; a link that was given before opens nothing any more."""
    return {"hash": passwords.hashed(password, cost), "stamp": _stamp(), "link": ""}


def _stamp() -> str:
    return secrets.token_hex(8)
