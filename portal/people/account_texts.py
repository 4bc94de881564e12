"""Texts of the pages of people, sign-in rules and tills of stores."""

from collections.abc import Iterable

from tillstream.model.permissions import Role

ROLES = {
    Role.CLERK: "Clerk: uploads and corrects files",
    Role.MANAGER: "Manager: also reviews files and undoes uploads",
    Role.ANALYST: "Analyst: sees numbers without names",
    Role.SALESPERSON: "Salesperson: sees their own sales",
    Role.ADMIN: "Admin: everything",
}
ROLE_NAMES = {role: text.split(":")[0] for role, text in ROLES.items()}
ACCOUNT_STATES = {"active": "Active", "invited": "Invited", "stopped": "Disabled"}
COLUMNS = {
    "name": "Name",
    "role": "Role",
    "regions": "Regions",
    "stores": "Stores",
    "seen": "Last seen",
    "sessions": "Signed in",
    "state": "Account",
}
OTHER_STORES = "Other stores"
SALESPERSON = "Salesperson ID"
LOGIN, NO_LOGIN = "Sign-in name", "Enter a sign-in name."
COMPANY_LOGIN = "People sign in with their company account here. Enter its email address."
REGION, NO_REGION = "Region", "Choose a region."
CHOOSE = "Choose"
STORE, NO_STORE = "Store", "Enter the store's ID as written in its files."
TILL = "Till"

NOT_OWN_ACCOUNT = "You cannot change your own account. Another admin can."
NOT_DISABLE_SELF = "You cannot disable your own account. Another admin can."
OWN_PASSWORD = "Change your own password on your profile."  # noqa: S105 - a sentence
OWN_SECOND_STEP = "Turn off your own two-factor sign-in on your profile."
OWN_SESSIONS = "End your own sessions on your profile."
RULES_SAVED = "Saved. The rules apply from the next page that each person opens."


def can_sign_in_at(login: str, address: str) -> str:
    return f"{login} can sign in now at {address}."


def link_title(login: str) -> str:
    return f"Link for {login}"


def link_use(login: str, days: int) -> str:
    return f"{login} uses it to set a password. It works once, within {'a day' if days == 1 else f'{days} days'}."


def changed(login: str) -> str:
    return f"{login} is changed. Changes apply from the next page that they open."


def disabled(login: str) -> str:
    return f"{login} is signed out and cannot sign in."


def enabled(login: str) -> str:
    return f"{login} can sign in again."


def unbound(login: str) -> str:
    return f"{login} is signed out. The next person who signs in with this address gets the account."


def second_step_off(login: str) -> str:
    return f"{login} now signs in without a code, and can set up two-factor sign-in again."


def session_ended(login: str) -> str:
    return f"{login} is signed out on that device."


def sessions_ended(login: str, count: int) -> str:
    return f"{login} is signed out on {count} {'device' if count == 1 else 'devices'}."


def unknown_role(roles: Iterable[str]) -> str:
    return f"Choose among the roles {', '.join(roles)}."


def token_title(store_id: str, region: str) -> str:
    return f"Token for {store_id} in {region}"


def revoked(store_id: str) -> str:
    return f"The token for {store_id} is revoked."


def unsigned_accepted(store_id: str, region: str) -> str:
    return f"Unsigned messages of {store_id} in {region} are accepted again, until the store gets a new key."


def key_revoked(till: str, store_id: str) -> str:
    return f"The key of the till {till} of {store_id} is revoked. What it signs no longer counts."
