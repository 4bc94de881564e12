"""The people room's accounts: who may sign in, and what is theirs to see."""

import re
import secrets
from collections.abc import Callable, Iterable
from typing import Any

from tillstream.domain.errors import Conflict, NotFound, Rejected
from tillstream.domain.people import Role
from tillstream.people import backoff, passwords
from tillstream.people.assigned import WrongField, are_known, assigned, difference
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
        return add(ports, FIRST, "Administrator", Role.ADMIN, by="the first start")
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
    by: str = "",
) -> str:
    """A new account; its password, generated where none is given. `WrongField` for a bad one, `Conflict` for a taken.

    known: the regions there are, where the caller can tell. by: who does it, for the account's changes.
    """
    login = _plain(login)
    if not LOGIN.fullmatch(login):
        raise WrongField(
            "login", "A sign-in name begins with a letter or digit and has up to 60 letters, digits or . _ @ + -"
        )
    given = passwords.good(password, login) if password is not None else passwords.generate()
    regions = list(regions)
    if known is not None:
        are_known(regions, known)
    data: dict[str, Any] = {
        "name": name.strip() or login,
        **assigned(Role(role), regions, stores, salesperson),
        "disabled": False,
        "given_password": password is None,
        "created_at": _now(ports),
        "last_seen": "",
        "changes": [_change_of(ports, by, "account made")],
        **_secret(given),
    }
    try:
        ports.documents.put(COLLECTION, login, data, if_version=0)
    except Conflict as error:
        raise Conflict(f"The sign-in name {login} is taken.") from error
    return given


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
        if after["role"] != Role.ADMIN and _is_last_admin(ports, login):
            raise WrongField("role", f"{_plain(login)} is the last admin: make another one first.")
        return data | after | {"name": (name or "").strip() or data["name"]}

    return _change(ports, login, change, by)


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


def changes(ports: Ports, login: str) -> list[dict[str, str]]:
    """What was changed about an account, newest first: at (ISO 8601 UTC), by and what. `NotFound`."""
    known = ports.documents.get(COLLECTION, _plain(login))
    if known is None:
        raise NotFound(f"Nobody signs in as {login}.")
    return list(reversed(known.data.get("changes", [])))


def disable(ports: Ports, login: str, *, by: str = "") -> User:
    """Signed out everywhere, and cannot sign in; `Rejected` for the last admin."""
    if _is_last_admin(ports, login):
        raise Rejected(f"{login} is the last admin: make another one first.")
    return _change(ports, login, lambda data: data | {"disabled": True}, by, "account stopped")


def enable(ports: Ports, login: str, *, by: str = "") -> User:
    return _change(ports, login, lambda data: data | {"disabled": False}, by, "let in again")


def _is_last_admin(ports: Ports, login: str) -> bool:
    active = {user.login for user in find(ports) if user.role is Role.ADMIN and not user.disabled}
    return active == {_plain(login)}


def reset_password(ports: Ports, login: str, *, by: str = "") -> str:
    """A generated password in place of the forgotten one, returned once; every session ends."""
    password = passwords.generate()
    secret = _secret(password)
    _change(ports, login, lambda data: data | secret | {"given_password": True}, by, "new password made")
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
    return _change(ports, login, lambda data: data | secret | {"given_password": False}, _plain(login), "own password")


def _change(
    ports: Ports, login: str, change: Callable[[dict[str, Any]], dict[str, Any]], by: str = "", what: str = ""
) -> User:
    """By compare-and-set; what was changed is written down in the same write, so that neither is without the other."""
    while True:
        known = ports.documents.get(COLLECTION, _plain(login))
        if known is None:
            raise NotFound(f"Nobody signs in as {login}.")
        after = change(known.data)
        said = what or difference(known.data, after)
        if said:
            after = after | {"changes": [*known.data.get("changes", []), _change_of(ports, by, said)]}
        try:
            return user_of(known.id, ports.documents.put(COLLECTION, known.id, after, if_version=known.version).data)
        except Conflict:
            continue


def _change_of(ports: Ports, by: str, what: str) -> dict[str, str]:
    return {"at": _now(ports), "by": by, "what": what}


def _secret(password: str) -> dict[str, str]:
    return {"hash": passwords.hashed(password), "stamp": secrets.token_hex(8)}


def _plain(login: str) -> str:
    return login.strip().casefold()


def _now(ports: Ports) -> str:
    return ports.clock.now().isoformat(timespec="seconds")
