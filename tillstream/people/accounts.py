"""User accounts: sign-in, role and scope, their list and history, and readers of what was requested earlier."""

import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tillstream.model.audit import AuditAction, AuditEntry
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.model.people import PasswordCost, Scope
from tillstream.model.permissions import Action, Role
from tillstream.people import account_store, passwords
from tillstream.people.account_store import (
    ACCOUNT_FIELDS,
    USERS_COLLECTION,
    RegionCheck,
    User,
    WrongField,
    assignment_fields,
    changed_fields_text,
    check_regions_field,
    normalize_login,
    user_of,
)
from tillstream.people.passwords import UNKNOWN_ORIGIN, SignInOrigin
from tillstream.ports import Ports
from tillstream.ports.documents import Put
from tillstream.records import audit_log
from tillstream.records.audit_log import find_by_subject

FIRST_ADMIN_LOGIN = "admin"
LOGIN_PATTERN = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,59}")

ACCOUNT_STATES = ("active", "invited", "stopped")
USER_SORTS: dict[str, Callable[[User], Any]] = {
    "name": lambda one: (one.name.casefold(), one.login),
    "role": lambda one: (one.role.value, one.login),
    "seen": lambda one: (one.last_seen, one.login),
    "made": lambda one: (one.created_at, one.login),
}

HISTORY_WORDS = {
    AuditAction.USER_ADDED: "account created",
    AuditAction.USER_INVITED: "invitation created",
    AuditAction.USER_JOINED: "invitation accepted",
    AuditAction.USER_SECOND_STEP_ON: "two-factor sign-in turned on",
    AuditAction.USER_SECOND_STEP_OFF: "two-factor sign-in turned off",
    AuditAction.USER_DISABLED: "account disabled",
    AuditAction.USER_ENABLED: "account enabled",
    AuditAction.USER_PASSWORD_RESET: "password reset",
    AuditAction.USER_PASSWORD_CHANGED: "password changed",
}

ACCOUNT_STOPPED = "The account was removed or is stopped."
NUMBERS_NOT_ALLOWED = "The role of the account may no longer see sales."


class WrongSignIn(Rejected):
    """Unknown name, wrong password or disabled account: the message is the same, so as not to reveal which."""

    def __init__(self) -> None:
        super().__init__("The sign-in name or the password is incorrect.")


def create_first_admin(ports: Ports, login: str = FIRST_ADMIN_LOGIN, password: str | None = None) -> str | None:
    """Create the first admin and return its password; return None if there are accounts. Idempotent.

    The password is generated unless passed; either way it must be changed at the first sign-in.
    """
    if ports.documents.count(USERS_COLLECTION):
        return None
    name = "Administrator"
    initial = (
        passwords.check_password_strength(password, normalize_login(login), name)
        if password
        else passwords.generate_password()
    )
    secret = password_fields(initial, ports.password_cost) | {"given_password": True}
    try:
        create_account(ports, login, name, Role.ADMIN, secret, "the first start", AuditAction.USER_ADDED)
    except Conflict:
        return None
    return initial


def add_account(
    ports: Ports,
    login: str,
    name: str,
    role: Role,
    *,
    password: str | None = None,
    by: str = "",
    **scope: Any,
) -> str:
    """Create an account and return its password, generated unless passed. `scope` and errors: as `create_account`."""
    initial = (
        passwords.check_password_strength(password, normalize_login(login), name)
        if password is not None
        else passwords.generate_password()
    )
    secret = password_fields(initial, ports.password_cost) | {"given_password": password is None}
    create_account(ports, login, name, role, secret, by, AuditAction.USER_ADDED, **scope)
    return initial


def create_account(
    ports: Ports,
    login: str,
    name: str,
    role: Role,
    secret: JsonObject,
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
    if not LOGIN_PATTERN.fullmatch(login):
        raise WrongField(
            "login",
            "A sign-in name starts with a letter or digit and has at most 60 letters, digits, or the characters . _ @ "
            "+ -",
        )
    regions = list(regions)
    if check_regions:
        check_regions_field(regions, check_regions)
    data: JsonObject = {
        "name": name.strip() or login,
        **assignment_fields(Role(role), regions, stores, salesperson),
        "disabled": False,
        "created_at": account_store.current_time(ports),
        "last_seen": "",
        **secret,
    }
    audit_entry = audit_log.entry(ports, by, what, login, None, {field: data[field] for field in ACCOUNT_FIELDS})
    try:
        return user_of(
            login, ports.documents.put_all([Put(USERS_COLLECTION, login, data, if_version=0), audit_entry])[0].data
        )
    except Conflict as error:
        raise Conflict(f"The sign-in name {login} already exists.") from error


def assign_account(
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

    def change(data: JsonObject) -> JsonObject:
        after = assignment_fields(
            Role(role or data["role"]),
            data["regions"] if new_regions is None else new_regions,
            data["stores"] if stores is None else stores,
            data["salesperson"] if salesperson is None else salesperson,
        )
        return data | after | {"name": (name or "").strip() or data["name"]}

    return account_store.change_account(ports, login, change, by, AuditAction.USER_CHANGED)


def sign_in_with_password(ports: Ports, login: str, password: str, origin: SignInOrigin = UNKNOWN_ORIGIN) -> User:
    """Check the password and record the sign-in; known and unknown names take the same time.

    Raises `WrongSignIn`, or `passwords.TooManyTries` after several failures. If the user's `second_step` is set,
    a second factor is required as well.
    """
    login = normalize_login(login)[:200]
    passwords.count_sign_in_try(ports, login, origin)
    document = ports.documents.get(USERS_COLLECTION, login) if LOGIN_PATTERN.fullmatch(login) else None
    if (
        not passwords.verify_password(
            (document.data["hash"] or None) if document else None, password, ports.password_cost
        )
        or document is None
        or document.data["disabled"]
    ):
        raise WrongSignIn
    passwords.reset_tries(ports, login, origin)
    updates = {"last_seen": account_store.current_time(ports)}
    if passwords.needs_rehash(document.data["hash"], ports.password_cost):
        updates["hash"] = passwords.hash_password(password, ports.password_cost)
    return account_store.change_account(ports, login, lambda data: data | updates)


def get_user(ports: Ports, login: str) -> User:
    """Return the user. Raises `NotFound`."""
    document = account_store.get_account_document(ports, login)
    return user_of(document.id, document.data)


def all_users(ports: Ports) -> list[User]:
    """All users, by sign-in name."""
    return [user_of(document.id, document.data) for document in ports.documents.find(USERS_COLLECTION)]


def all_salespeople(ports: Ports) -> list[User]:
    """Users with the role of a salesperson, by sign-in name."""
    documents = ports.documents.find(USERS_COLLECTION, {"role": Role.SALESPERSON.value})
    return [user_of(document.id, document.data) for document in documents]


def salespeople_of_region(ports: Ports, region: str) -> dict[str, str]:
    """Salesperson ID → name, of the users who sell in a region."""
    return {one.salesperson: one.name for one in all_salespeople(ports) if one.salesperson and region in one.regions}


def disable_account(ports: Ports, login: str, *, by: str = "") -> User:
    """Block sign-in, end every session and revoke the open link. Raises `NotFound`, `LastAdmin`."""
    closed = {"disabled": True, "link": "", "stamp": _new_stamp()}
    return account_store.change_account(ports, login, lambda data: data | closed, by, AuditAction.USER_DISABLED)


def enable_account(ports: Ports, login: str, *, by: str = "") -> User:
    return account_store.change_account(
        ports, login, lambda data: data | {"disabled": False}, by, AuditAction.USER_ENABLED
    )


def reset_password(ports: Ports, login: str, *, by: str = "") -> str:
    """Replace the password with a generated one, returned only here; every session ends."""
    password = passwords.generate_password()
    secret = password_fields(password, ports.password_cost) | {"given_password": True}
    account_store.change_account(ports, login, lambda data: data | secret, by, AuditAction.USER_PASSWORD_RESET)
    passwords.reset_tries(ports, normalize_login(login))
    return password


def change_password(ports: Ports, login: str, old: str, new: str) -> User:
    """Set the password that the user chose; other sessions end.

    Raises `WrongSignIn` if the old one is wrong, `Rejected` if the new one is weak or the same.
    """
    throttled = f"password:{normalize_login(login)}"  # only the signed-in user can use up these tries
    passwords.count_sign_in_try(ports, throttled)
    document = ports.documents.get(USERS_COLLECTION, normalize_login(login))
    if document is None or not passwords.verify_password(document.data["hash"] or None, old, ports.password_cost):
        raise WrongSignIn
    passwords.reset_tries(ports, throttled)
    if new == old:
        raise Rejected("Choose a password that differs from the current one.")
    chosen = passwords.check_password_strength(new, document.id, document.data["name"])
    secret = password_fields(chosen, ports.password_cost) | {"given_password": False}
    return account_store.change_account(
        ports, login, lambda data: data | secret, document.id, AuditAction.USER_PASSWORD_CHANGED
    )


def password_fields(password: str, cost: PasswordCost) -> JsonObject:
    """Credential fields for a new password; they also revoke an open link."""
    return {"hash": passwords.hash_password(password, cost), "stamp": _new_stamp(), "link": ""}


def _new_stamp() -> str:
    return secrets.token_hex(8)


def current_scope(ports: Ports, login: str) -> Scope:
    """The scope of an account as it is now. Raises `NotFound`, and `Rejected` for a disabled account."""
    user = get_user(ports, login)
    if user.disabled:
        raise Rejected(f"The account {login} is disabled.")
    return user.scope


@dataclass(frozen=True)
class PeopleFilter:
    """Filters, where empty means any, and sort order: a key of SORTS, prefixed with - to sort descending."""

    text: str = ""
    role: str = ""
    state: str = ""
    sort: str = "name"


def find_users(ports: Ports, filters: PeopleFilter) -> list[User]:
    terms = filters.text.casefold().split()
    matches = [
        user
        for user in all_users(ports)
        if filters.role in ("", user.role.value) and filters.state in ("", user.state) and _matches_terms(user, terms)
    ]
    matches.sort(key=USER_SORTS.get(filters.sort.lstrip("-"), USER_SORTS["name"]), reverse=filters.sort.startswith("-"))
    return matches


def _matches_terms(user: User, terms: list[str]) -> bool:
    text = " ".join((user.login, user.name, *user.regions, *user.stores, user.salesperson or "")).casefold()
    return all(term in text for term in terms)


def account_history(ports: Ports, login: str) -> list[dict[str, str]]:
    """Return the changes of an account, newest first: at (ISO 8601 UTC), by and what. Raises `NotFound`."""
    user = get_user(ports, login)
    entries = [
        {"at": entry.at, "by": entry.who, "what": describe_account_entry(entry)}
        for entry in find_by_subject(ports, "user", user.login)
    ]
    # Accounts created before the audit log existed store their changes in the document.
    document = ports.documents.get(account_store.USERS_COLLECTION, user.login)
    return entries + list(reversed(document.data.get("changes", []) if document else []))


def describe_account_entry(entry: AuditEntry) -> str:
    what = AuditAction(entry.what)
    return (
        HISTORY_WORDS.get(what)
        or changed_fields_text(entry.before, entry.after)
        or entry.what.partition(".")[2].replace("-", " ")
    )


def current_reader(ports: Ports, login: str, account: str | None = None) -> User:
    """The user whose scope counts now. Raises `Rejected` with the reason if their access ended.

    account: `created_at` of the account that made the request, so that a later account with the same sign-in name
    inherits nothing; None: the request does not have it.
    """
    try:
        user = get_user(ports, login)
    except NotFound:
        raise Rejected(ACCOUNT_STOPPED) from None
    if user.disabled or account not in (None, user.created_at):
        raise Rejected(ACCOUNT_STOPPED)
    if not user.scope.may(Action.SEE_NUMBERS):
        raise Rejected(NUMBERS_NOT_ALLOWED)
    return user
