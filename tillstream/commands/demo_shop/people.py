"""What people add to the demo: an account of each role."""

from dataclasses import dataclass
from typing import Any

from tillstream.app import App
from tillstream.model.people import Role
from tillstream.people import account_store, accounts, passwords

REGION, STAFF = "IN", "E101"
"""A salesperson of the samples, whose name is that of the account, and their region."""
ANALYST, ADMIN = "ana", "ada"


@dataclass(frozen=True)
class Person:
    """An account of the demo; `password` is generated."""

    login: str
    role: str
    password: str


_SCOPES: dict[Role, tuple[str, str, dict[str, Any]]] = {
    Role.CLERK: ("carol", "Carol Clark", {"regions": ("IN", "UK", "USA")}),
    Role.MANAGER: ("maya", "Maya Rao", {"regions": (REGION, "UK")}),
    Role.SALESPERSON: ("pooja", "Pooja Naidu", {"regions": (REGION,), "salesperson": STAFF}),
    Role.ANALYST: (ANALYST, "Ana Lopez", {}),
    Role.ADMIN: (ADMIN, "Ada Admin", {}),
}
"""role → name to sign in with, full name, and scope"""


def account_of(app: App, login: str) -> str:
    """When the account was created; empty if there is none."""
    stored = app.ports.documents.get(account_store.USERS_COLLECTION, login)
    return str(stored.data["created_at"]) if stored else ""


def add_accounts(app: App, by: str) -> list[Person]:
    """Create an account for each role that has none; passwords are returned here only."""
    present = {document.data["role"] for document in app.ports.documents.find(account_store.USERS_COLLECTION)}
    people = []
    for role, (login, name, scope) in _SCOPES.items():
        if role.value not in present and app.ports.documents.get(account_store.USERS_COLLECTION, login) is None:
            password = accounts.add_account(
                app.ports, login, name, role, by=by, password=passwords.generate_password(), **scope
            )
            people.append(Person(login, role.value, password))
    return people
