"""User accounts: sign-in, role and scope."""

import re
import secrets
from collections.abc import Iterable
from typing import Any

from tillstream import audit
from tillstream.audit import AuditAction
from tillstream.domain.errors import Conflict, Rejected
from tillstream.domain.password_cost import PasswordCost
from tillstream.domain.people import Role
from tillstream.people import account_store, login_throttle, passwords
from tillstream.people.account_fields import (
    ACCOUNT_FIELDS,
    RegionCheck,
    WrongField,
    assignment_fields,
    check_regions_field,
)
from tillstream.people.account_store import COLLECTION, normalize_login
from tillstream.people.login_throttle import NOWHERE, Origin
from tillstream.people.user import User, user_of
from tillstream.ports import Ports
from tillstream.ports.document_store import Put

FIRST_LOGIN = "admin"
LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,59}")


class WrongSignIn(Rejected):
    """Unknown name, wrong password or disabled account: the message is the same, so as not to reveal which."""

    def __init__(self) -> None:
        super().__init__("The sign-in name or the password is incorrect.")


def first_admin(ports: Ports, login: str = FIRST_LOGIN, password: str | None = None) -> str | None:
    """Create the first admin and return its password; return None if there are accounts. Idempotent.

    The password is generated unless passed; either way it must be changed at the first sign-in.
    """
    if ports.documents.count(COLLECTION):
        return None
    name = "Administrator"
    initial = passwords.check_strength(password, normalize_login(login), name) if password else passwords.generate()
    secret = secret_of(initial, ports.password_cost) | {"given_password": True}
    try:
        create(ports, login, name, Role.ADMIN, secret, "the first start", AuditAction.USER_ADDED)
    except Conflict:
        return None
    return initial


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
    """Create an account and return its password, generated unless passed. `scope` and errors: as `create`."""
    initial = (
        passwords.check_strength(password, normalize_login(login), name)
        if password is not None
        else passwords.generate()
    )
    secret = secret_of(initial, ports.password_cost) | {"given_password": password is None}
    create(ports, login, name, role, secret, by, AuditAction.USER_ADDED, **scope)
    return initial


def create(
    ports: Ports,
    login: str,
    name: str,
    role: Role,
    secret: dict[str, Any],
    by: str,
    what: AuditAction,
    *,
    regions: Iterable[str] = (),
    stores: Iterable[str] = (),
    salesperson: str | None = None,
    check_regions: RegionCheck | None = None,
) -> User:
    """Create an account. Raises `WrongField` for a bad name or scope, `Conflict` for a taken name.

    secret: its credential fields. check_regions: of the contracts. by: the actor, for audit.
    """
    login = normalize_login(login)
    if not LOGIN.fullmatch(login):
        raise WrongField(
            "login",
            "A sign-in name starts with a letter or digit and has at most 60 letters, digits, or the characters . _ @ "
            "+ -",
        )
    regions = list(regions)
    if check_regions:
        check_regions_field(regions, check_regions)
    data: dict[str, Any] = {
        "name": name.strip() or login,
        **assignment_fields(Role(role), regions, stores, salesperson),
        "disabled": False,
        "created_at": account_store.now(ports),
        "last_seen": "",
        **secret,
    }
    audit_entry = audit.entry(ports, by, what, login, None, {field: data[field] for field in ACCOUNT_FIELDS})
    try:
        return user_of(
            login, ports.documents.put_all([Put(COLLECTION, login, data, if_version=0), audit_entry])[0].data
        )
    except Conflict as error:
        raise Conflict(f"The sign-in name {login} already exists.") from error


def assign(
    ports: Ports,
    login: str,
    *,
    name: str | None = None,
    role: Role | None = None,
    regions: Iterable[str] | None = None,
    stores: Iterable[str] | None = None,
    salesperson: str | None = None,
    check_regions: RegionCheck | None = None,
    by: str = "",
) -> User:
    """Change the fields that are not None, with effect from the user's next request.

    Raises `WrongField` for a field that the role requires or an unknown region, `LastAdmin`, `NotFound`.
    """
    new_regions = None if regions is None else list(regions)
    if new_regions is not None and check_regions:
        check_regions_field(new_regions, check_regions)
    stores = None if stores is None else list(stores)

    def change(data: dict[str, Any]) -> dict[str, Any]:
        after = assignment_fields(
            Role(role or data["role"]),
            data["regions"] if new_regions is None else new_regions,
            data["stores"] if stores is None else stores,
            data["salesperson"] if salesperson is None else salesperson,
        )
        return data | after | {"name": (name or "").strip() or data["name"]}

    return account_store.change(ports, login, change, by, AuditAction.USER_CHANGED)


def sign_in(ports: Ports, login: str, password: str, origin: Origin = NOWHERE) -> User:
    """Check the password and record the sign-in; known and unknown names take the same time.

    Raises `WrongSignIn`, or `login_throttle.TooManyTries` after several failures. If the user's `second_step` is set,
    a second factor is required as well.
    """
    login = normalize_login(login)[:200]
    login_throttle.count_try(ports, login, origin)
    document = ports.documents.get(COLLECTION, login) if LOGIN.fullmatch(login) else None
    if (
        not passwords.verify((document.data["hash"] or None) if document else None, password, ports.password_cost)
        or document is None
        or document.data["disabled"]
    ):
        raise WrongSignIn
    login_throttle.reset(ports, login, origin)
    updates = {"last_seen": account_store.now(ports)}
    if passwords.needs_rehash(document.data["hash"], ports.password_cost):
        updates["hash"] = passwords.hashed(password, ports.password_cost)
    return account_store.change(ports, login, lambda data: data | updates)


def get(ports: Ports, login: str) -> User:
    """Return the user. Raises `NotFound`."""
    document = account_store.get_document(ports, login)
    return user_of(document.id, document.data)


def find(ports: Ports) -> list[User]:
    """All users, by sign-in name."""
    return [user_of(document.id, document.data) for document in ports.documents.find(COLLECTION)]


def salespeople(ports: Ports) -> list[User]:
    """Users with the role of a salesperson, by sign-in name."""
    documents = ports.documents.find(COLLECTION, {"role": Role.SALESPERSON.value})
    return [user_of(document.id, document.data) for document in documents]


def salespeople_of(ports: Ports, region: str) -> dict[str, str]:
    """Salesperson ID → name, of the users who sell in a region."""
    return {one.salesperson: one.name for one in salespeople(ports) if one.salesperson and region in one.regions}


def disable(ports: Ports, login: str, *, by: str = "") -> User:
    """Block sign-in, end every session and revoke the open link. Raises `NotFound`, `LastAdmin`."""
    closed = {"disabled": True, "link": "", "stamp": _stamp()}
    return account_store.change(ports, login, lambda data: data | closed, by, AuditAction.USER_DISABLED)


def enable(ports: Ports, login: str, *, by: str = "") -> User:
    return account_store.change(ports, login, lambda data: data | {"disabled": False}, by, AuditAction.USER_ENABLED)


def reset_password(ports: Ports, login: str, *, by: str = "") -> str:
    """Replace the password with a generated one, returned only here; every session ends."""
    password = passwords.generate()
    secret = secret_of(password, ports.password_cost) | {"given_password": True}
    account_store.change(ports, login, lambda data: data | secret, by, AuditAction.USER_PASSWORD_RESET)
    login_throttle.reset(ports, normalize_login(login))
    return password


def change_password(ports: Ports, login: str, old: str, new: str) -> User:
    """Set the password that the user chose; other sessions end.

    Raises `WrongSignIn` if the old one is wrong, `Rejected` if the new one is weak or the same.
    """
    throttled = f"password:{normalize_login(login)}"  # only the signed-in user can use up these tries
    login_throttle.count_try(ports, throttled)
    document = ports.documents.get(COLLECTION, normalize_login(login))
    if document is None or not passwords.verify(document.data["hash"] or None, old, ports.password_cost):
        raise WrongSignIn
    login_throttle.reset(ports, throttled)
    if new == old:
        raise Rejected("Choose a password that differs from the current one.")
    chosen = passwords.check_strength(new, document.id, document.data["name"])
    secret = secret_of(chosen, ports.password_cost) | {"given_password": False}
    return account_store.change(
        ports, login, lambda data: data | secret, document.id, AuditAction.USER_PASSWORD_CHANGED
    )


def secret_of(password: str, cost: PasswordCost) -> dict[str, Any]:
    """Credential fields for a new password; they also revoke an open link."""
    return {"hash": passwords.hashed(password, cost), "stamp": _stamp(), "link": ""}


def _stamp() -> str:
    return secrets.token_hex(8)
