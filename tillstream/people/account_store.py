"""Account documents, changed by compare-and-set with the audit entry in the same write; users and their fields, and the
roles that require two-factor sign-in."""

import zoneinfo
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tillstream.model.audit import AuditAction
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.people import Scope, scope_of
from tillstream.model.permissions import Role
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put, Update, update_document
from tillstream.records import audit_log

STORE_ROLES = frozenset({Role.MANAGER, Role.CLERK, Role.SALESPERSON})
ACCOUNT_FIELDS = ("name", "role", "regions", "stores", "salesperson")
RegionCheck = Callable[[Iterable[str]], None]
"""Raises `Rejected` for a region that does not exist."""

USERS_COLLECTION = "users"
ADMINS_GUARD = ("people", "admins")
"""Guard document. Every change that removes an admin writes it, so of two concurrent ones only one succeeds."""
AUDITED_ACCOUNT_FIELDS = (*ACCOUNT_FIELDS, "disabled", "given_password", "locale", "time_zone", "display_currency")
"""Fields whose changes are audited."""

AccountChange = Callable[[JsonObject], JsonObject]

LOCALES = {
    "en-GB": "English (United Kingdom)",
    "en-US": "English (United States)",
    "en-IN": "English (India)",
    "de-DE": "Deutsch",
    "es-ES": "Español",
    "fr-FR": "Français",
    "hi-IN": "हिन्दी",
    "it-IT": "Italiano",
    "ja-JP": "日本語",
    "nl-NL": "Nederlands",
    "pl-PL": "Polski",
    "pt-BR": "Português (Brasil)",
    "sv-SE": "Svenska",
}
"""Formats of dates and numbers; the pages stay in English."""

REPORTING_CURRENCY = "reporting"
"""Display currency of people who want the reporting currency."""
POLICY_DOCUMENT = ("people", "policy")


@dataclass(frozen=True)
class User:
    """Times are ISO 8601 UTC text. `stamp` changes with the password, which ends older sessions."""

    login: str
    name: str
    role: Role
    regions: tuple[str, ...]
    stores: tuple[str, ...]
    salesperson: str | None
    disabled: bool
    given_password: bool
    """The password is still the generated one and must be changed."""
    created_at: str
    last_seen: str
    stamp: str
    invited: bool = False
    """The user has never signed in: the invitation link or the first external sign-in is still open."""
    second_step: bool = False
    """Two-factor sign-in is on."""
    locale: str = ""
    """Format of dates and numbers; empty: the browser's."""
    time_zone: str = ""
    """Time zone of displayed times; empty: the browser's."""
    display_currency: str = ""
    """Currency of amounts: an ISO 4217 code or `reporting`; empty: that of the user's regions."""
    has_password: bool = True
    proved_by: tuple[str, ...] = ()
    """Issuers of the external identities bound to the account."""

    @property
    def scope(self) -> Scope:
        return scope_of(self.role, self.regions, self.stores, self.salesperson)

    @property
    def state(self) -> str:
        """active, invited or stopped."""
        return "stopped" if self.disabled else "invited" if self.invited else "active"


def user_of(login: str, data: JsonObject) -> User:
    """Build a `User` from the account document, without its hash."""
    return User(
        login=login,
        name=data["name"],
        role=Role(data["role"]),
        regions=tuple(data["regions"]),
        stores=tuple(data["stores"]),
        salesperson=data["salesperson"],
        disabled=data["disabled"],
        given_password=data["given_password"],
        created_at=data["created_at"],
        last_seen=data["last_seen"],
        stamp=data["stamp"],
        invited=not has_sign_in(data),
        second_step=bool(data.get("second_step")),
        locale=data.get("locale", ""),
        time_zone=data.get("time_zone", ""),
        display_currency=data.get("display_currency", ""),
        has_password=bool(data["hash"]),
        proved_by=tuple(identity["issuer"] for identity in data.get("identities", ())),
    )


def has_sign_in(data: Mapping[str, Any]) -> bool:
    """Whether the account has a password or a bound external identity."""
    return bool(data["hash"] or data.get("identities"))


class WrongField(Rejected):
    """A form field is invalid; `field` is its name, such as login, role, regions, stores or salesperson."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


def assignment_fields(role: Role, regions: Iterable[str], stores: Iterable[str], salesperson: str | None) -> JsonObject:
    """Return the role and scope fields of the account document, empty where unused by the role. Raises `WrongField`."""
    everywhere = role is Role.ADMIN
    fields: JsonObject = {
        "role": role.value,
        "regions": [] if everywhere else _distinct_values(regions),
        "stores": _distinct_values(stores) if role in STORE_ROLES else [],
        "salesperson": ((salesperson or "").strip() or None) if role is Role.SALESPERSON else None,
    }
    if role in STORE_ROLES and not fields["regions"]:
        raise WrongField("regions", f"A {role.value} sees only assigned regions. Assign at least one.")
    if role is Role.SALESPERSON and not fields["salesperson"]:
        raise WrongField(
            "salesperson", "A salesperson sees only their own sales. Enter the ID that the tills record for them."
        )
    return fields


def check_regions_field(regions: Iterable[str], check: RegionCheck) -> None:
    """Raise `WrongField` for a region that does not exist: the account would see no rows."""
    try:
        check(_distinct_values(regions))
    except Rejected as error:
        raise WrongField("regions", str(error)) from None


def changed_fields_text(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Describe the changed fields as text; empty if none changed."""
    changed = [name for name in ACCOUNT_FIELDS if before.get(name) != after.get(name)]
    return "; ".join(
        f"{name}: {_display_value(before.get(name))} → {_display_value(after.get(name))}" for name in changed
    )


def _display_value(value: Any) -> str:
    return (", ".join(value) if isinstance(value, list) else value) or "none"


def _distinct_values(values: Iterable[str]) -> list[str]:
    return sorted({value.strip() for value in values} - {""})


class LastAdmin(WrongField):
    """The change would leave no admin who can sign in."""

    def __init__(self, login: str) -> None:
        super().__init__("role", f"{login} is the only administrator. Create another administrator first.")


def get_account_document(ports: Ports, login: str) -> Document:
    """Return the account's document. Raises `NotFound`."""
    return _existing_account(ports.documents.get(USERS_COLLECTION, normalize_login(login)), login)


def _existing_account(document: Document | None, login: str) -> Document:
    if document is None:
        raise NotFound(f"There is no account {login}.")
    return document


def change_account(
    ports: Ports, login: str, change: AccountChange, by: str = "", what: AuditAction | None = None
) -> User:
    """Apply `change` to the account, calling it again after each write conflict.

    what: the audit action, recorded in the same write. Raises `NotFound`, `LastAdmin` and what `change` raises.
    """

    def changed(document: Document | None) -> Update:
        before = _existing_account(document, login)
        after = change(before.data)
        also = _admin_guard(ports, before, after)
        fields = [name for name in AUDITED_ACCOUNT_FIELDS if before.data.get(name) != after.get(name)]
        if what and (fields or what not in {AuditAction.USER_CHANGED, AuditAction.USER_PROFILE_CHANGED}):
            sides = ({name: side.get(name) for name in fields} for side in (before.data, after))
            also.append(audit_log.entry(ports, by, what, before.id, *sides))
        return Update(after, also)

    account = update_document(ports.documents, USERS_COLLECTION, normalize_login(login), changed)
    return user_of(account.id, account.data)


def _admin_guard(ports: Ports, before: Document, after: Mapping[str, Any]) -> list[Put]:
    if not _is_admin(before.data) or _is_admin(after):
        return []
    # Read the guard before counting admins: a concurrent removal then makes this write fail.
    guard = ports.documents.get(*ADMINS_GUARD)
    if not any(
        _is_admin(document.data) for document in ports.documents.find(USERS_COLLECTION) if document.id != before.id
    ):
        raise LastAdmin(before.id)
    return [Put(*ADMINS_GUARD, {"changed_at": current_time(ports)}, if_version=guard.version if guard else 0)]


def _is_admin(data: Mapping[str, Any]) -> bool:
    """Whether the account can sign in as an admin; an open invitation does not count."""
    return data["role"] == Role.ADMIN.value and not data["disabled"] and has_sign_in(data)


def normalize_login(login: str) -> str:
    return login.strip().casefold()


def current_time(ports: Ports) -> str:
    return ports.clock.now().isoformat(timespec="seconds")


@cache
def time_zone_names() -> tuple[str, ...]:
    """Names of the time zones that a user can choose."""
    return tuple(sorted(name for name in zoneinfo.available_timezones() if "/" in name and name[:4] != "Etc/"))


def save_profile(
    ports: Ports,
    login: str,
    *,
    name: str,
    locale: str,
    time_zone: str,
    display_currency: str = "",
    currencies: Collection[str] = (),
) -> User:
    """Update name, locale, time zone and display currency. Raises `WrongField`, `NotFound`.

    display_currency: one of `currencies`, `REPORTING_CURRENCY`, or empty for that of the user's regions.
    """
    if not name.strip():
        raise WrongField("name", "Enter your name.")
    if locale and locale not in LOCALES:
        raise WrongField("locale", f"There is no number and date format {locale}.")
    if time_zone and time_zone not in {*time_zone_names(), "UTC"}:
        raise WrongField("time_zone", f"There is no time zone {time_zone}. Use a name such as Asia/Kolkata.")
    if display_currency and display_currency not in {*currencies, REPORTING_CURRENCY}:
        raise WrongField("display_currency", f"There is no exchange rate of {display_currency}.")
    chosen: JsonObject = {
        "name": name.strip(),
        "locale": locale,
        "time_zone": time_zone,
        "display_currency": display_currency,
    }
    actor = normalize_login(login)
    return change_account(ports, login, lambda data: data | chosen, actor, AuditAction.USER_PROFILE_CHANGED)


def second_factor_roles(ports: Ports) -> tuple[Role, ...]:
    """Roles for which two-factor sign-in is required."""
    document = ports.documents.get(*POLICY_DOCUMENT)
    return tuple(Role(role) for role in document.data["second_step_roles"]) if document else ()


def require_second_factor(ports: Ports, roles: Iterable[Role], by: str) -> None:
    """Require two-factor sign-in for exactly these roles; users without it must set it up at their next request."""
    chosen = [role.value for role in Role if role in set(roles)]

    def required(document: Document | None) -> Update | Document | None:
        before = document.data["second_step_roles"] if document else []
        if before == chosen:
            return document
        sides = ({"roles": before}, {"roles": chosen})
        audit_entry = audit_log.entry(ports, by, AuditAction.SETTING_CHANGED, "second step is required", *sides)
        return Update({"second_step_roles": chosen}, [audit_entry])

    update_document(ports.documents, *POLICY_DOCUMENT, required)


def must_set_up_second_factor(ports: Ports, user: User) -> bool:
    """Whether the user must set up two-factor sign-in before anything else."""
    return not user.second_step and user.role in second_factor_roles(ports)
