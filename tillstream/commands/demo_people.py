"""What people and tills add to the demo: an account of each role, and the sales of a till."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from tillstream.app import App
from tillstream.domain.batch.record import Batch
from tillstream.domain.people import Role
from tillstream.domain.store_sale import SCHEMA_V1
from tillstream.people import account_store, accounts, passwords, store_tokens
from tillstream.workflows.intake import store_sales

REGION, STORE = "IN", "MUM01"
STAFF = "E101"
"""A salesperson of the store."""
TILL_SALES = (
    ("EL-1003", '24" Monitor', "Electronics", "1", "15999.00"),
    ("HK-1003", "Electric Kettle, 1.7 l", "Home & Kitchen", "2", "3299.00"),
    ("CL-1001", "Cotton T-Shirt", "Clothing", "3", "1249.00"),
    ("GR-1003", "Darjeeling Tea", "Groceries", "4", "749.00"),
    ("TO-1010", "Chess Set", "Toys", "1", "2499.00"),
    ("BO-1001", "Cookbook", "Books", "1", "2099.00"),
)
"""Product, its name and category, quantity, and unit price in rupees; one sale each."""


@dataclass(frozen=True)
class Person:
    """An account of the demo; `password` is generated."""

    login: str
    role: str
    password: str


_SCOPES: dict[Role, tuple[str, str, dict[str, Any]]] = {
    Role.CLERK: ("carol", "Carol Clark", {"regions": ("IN", "UK", "USA")}),
    Role.MANAGER: ("maya", "Maya Rao", {"regions": (REGION, "UK")}),
    Role.SALESPERSON: ("sam", "Sam Iyer", {"regions": (REGION,), "salesperson": STAFF}),
    Role.ANALYST: ("ana", "Ana Lopez", {}),
    Role.ADMIN: ("ada", "Ada Admin", {}),
}
"""role → name to sign in with, full name, and scope"""


def add_accounts(app: App, by: str) -> list[Person]:
    """Create an account for each role that has none; passwords are returned here only."""
    present = {document.data["role"] for document in app.ports.documents.find(account_store.COLLECTION)}
    people = []
    for role, (login, name, scope) in _SCOPES.items():
        if role.value not in present and app.ports.documents.get(account_store.COLLECTION, login) is None:
            password = accounts.add(app.ports, login, name, role, by=by, password=passwords.generate(), **scope)
            people.append(Person(login, role.value, password))
    return people


def add_till(app: App, until: date, load: Callable[[Batch], Any], by: str) -> None:
    """Issue the token of a till, and send the sales of its last evening, unless there is a token. load: one batch."""
    if store_tokens.find(app.ports):
        return
    token, _ = store_tokens.issue(app.ports, REGION, STORE, "Front counter", by)
    zone = ZoneInfo(app.contracts.current(REGION).dates.time_zone)
    for number, (product, name, category, quantity, price) in enumerate(TILL_SALES, 1):
        line = {"line": "1", "product_id": product, "product_name": name, "category": category}
        sale = {
            "schema": SCHEMA_V1,
            "region": REGION,
            "store_id": STORE,
            "number": f"TILL-{until:%Y%m%d}-{number}",
            "sold_at": datetime.combine(until, time(18, 5 * number), zone).isoformat(),
            "currency": "INR",
            "salesperson_id": STAFF,
            "channel": "store",
            "lines": [line | {"quantity": quantity, "unit_price": price, "discount": "0.00", "tax": "0.00"}],
        }
        store_sales.publish(app.ports, token, sale)
    if not app.has_worker:
        for batch in store_sales.receive(app.ports, app.contracts, len(TILL_SALES), 0):
            load(batch)
