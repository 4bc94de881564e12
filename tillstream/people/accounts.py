"""The people room's accounts: who may sign in, and what is theirs to see."""

import re
import secrets
from collections.abc import Callable, Iterable
from typing import Any

from tillstream.domain.errors import Conflict, NotFound, Rejected
from tillstream.domain.people import Role
from tillstream.people import backoff, passwords
from tillstream.people.user import User, user_of
from tillstream.ports import Ports

COLLECTION = "users"
FIRST = "admin"
LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,59}")


class WrongSignIn(Rejected):
    """Says the same for an unknown name, a wrong password and a disabled account."""

    def __init__(self) -> None:
        super().__init__("The name or the password is not right.")


def first_admin(ports: Ports) -> str | None:
    """Where nobody has an account, make `admin`: the generated password, once; else None. Repeatable."""
    if ports.documents.count(COLLECTION):
        return None
    try:
        return add(ports, FIRST, "Administrator", Role.ADMIN)
    except Conflict:
        return None


def add(
    ports: Ports,
    login: str,
    name: str,
    role: Role,
    *,
    regions: Iterable[str] = (),
    stores: Iterable[str] = (),
    salesperson: str | None = None,
    password: str | None = None,
    known: Iterable[str] | None = None,
) -> str:
    """A new account; its password, generated where none is given. `Rejected` for a bad name, `Conflict` for a taken.

    known: the regions there are, where the caller can tell; another one is `Rejected`, for nobody would see anything.
    """
    login = _plain(login)
    if not LOGIN.fullmatch(login):
        raise Rejected("A sign-in name begins with a letter or digit and has up to 60 letters, digits or . _ @ + -")
    given = passwords.good(password, login) if password is not None else passwords.generate()
    data: dict[str, Any] = {
        "name": name.strip() or login,
        "role": Role(role).value,
        "regions": _words(regions),
        "stores": _words(stores),
        "salesperson": (salesperson or "").strip() or None,
        "disabled": False,
        "given_password": password is None,
        "created_at": _now(ports),
        "last_seen": "",
        **_secret(given),
    }
    if known is not None:
        _are_known(data["regions"], sorted(known))
    if role in {Role.MANAGER, Role.CLERK, Role.SALESPERSON} and not data["regions"]:
        raise Rejected(f"A {Role(role).value} sees only given regions: name at least one.")
    if role is Role.SALESPERSON and not data["salesperson"]:
        raise Rejected("A salesperson sees only their own sales: give the id that the tills use for them.")
    try:
        ports.documents.put(COLLECTION, login, data, if_version=0)
    except Conflict as error:
        raise Conflict(f"The sign-in name {login} is taken.") from error
    return given


def _are_known(regions: Iterable[str], known: list[str]) -> None:
    for region in regions:
        if region not in known:
            raise Rejected(f"There is no region {region}. Known are {', '.join(known)}.")


def sign_in(ports: Ports, login: str, password: str) -> User:
    """`WrongSignIn`, or `backoff.TooManyTries` after some of them; both cost the same for known and unknown names."""
    login = _plain(login)[:200]
    backoff.count_try(ports, login)
    known = ports.documents.get(COLLECTION, login) if LOGIN.fullmatch(login) else None
    if (
        not passwords.matches(known.data["hash"] if known else None, password)
        or known is None
        or known.data["disabled"]
    ):
        raise WrongSignIn
    backoff.forget(ports, login)
    seen = {"last_seen": _now(ports)}
    if passwords.outdated(known.data["hash"]):
        seen["hash"] = passwords.hashed(password)
    return _change(ports, login, lambda data: data | seen)


def get(ports: Ports, login: str) -> User:
    """`NotFound` where nobody has the name."""
    known = ports.documents.get(COLLECTION, _plain(login))
    if known is None:
        raise NotFound(f"Nobody signs in as {login}.")
    return user_of(known.id, known.data)


def find(ports: Ports) -> list[User]:
    """Everybody, by sign-in name."""
    return [user_of(document.id, document.data) for document in ports.documents.find(COLLECTION)]


def disable(ports: Ports, login: str) -> User:
    """Signed out everywhere, and cannot sign in; `Rejected` for the last admin."""
    active = {user.login for user in find(ports) if user.role is Role.ADMIN and not user.disabled}
    if active == {_plain(login)}:
        raise Rejected(f"{login} is the last admin: make another one first.")
    return _change(ports, login, lambda data: data | {"disabled": True})


def enable(ports: Ports, login: str) -> User:
    return _change(ports, login, lambda data: data | {"disabled": False})


def reset_password(ports: Ports, login: str) -> str:
    """A generated password in place of the forgotten one, returned once; every session ends."""
    password = passwords.generate()
    secret = _secret(password)
    _change(ports, login, lambda data: data | secret | {"given_password": True})
    backoff.forget(ports, _plain(login))
    return password


def change_password(ports: Ports, login: str, old: str, new: str) -> User:
    """The person's own choice; other sessions end. `WrongSignIn` where the old one is not right."""
    backoff.count_try(ports, _plain(login))
    known = ports.documents.get(COLLECTION, _plain(login))
    if not passwords.matches(known.data["hash"] if known else None, old):
        raise WrongSignIn
    backoff.forget(ports, _plain(login))
    secret = _secret(passwords.good(new, _plain(login)))
    return _change(ports, login, lambda data: data | secret | {"given_password": False})


def _change(ports: Ports, login: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> User:
    while True:
        known = ports.documents.get(COLLECTION, _plain(login))
        if known is None:
            raise NotFound(f"Nobody signs in as {login}.")
        try:
            return user_of(
                known.id, ports.documents.put(COLLECTION, known.id, change(known.data), if_version=known.version).data
            )
        except Conflict:
            continue


def _secret(password: str) -> dict[str, str]:
    return {"hash": passwords.hashed(password), "stamp": secrets.token_hex(8)}


def _plain(login: str) -> str:
    return login.strip().casefold()


def _words(values: Iterable[str]) -> list[str]:
    return sorted({value.strip() for value in values} - {""})


def _now(ports: Ports) -> str:
    return ports.clock.now().isoformat(timespec="seconds")
