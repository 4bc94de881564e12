"""The role table of the catalogue: who may edit which entries."""

from dataclasses import replace
from decimal import Decimal

import pytest

from tillstream.catalogue.entry_permissions import check_edit
from tillstream.model.people import Scope, scope_of
from tillstream.model.permissions import Role
from tillstream.model.product_catalogue import DatedAmount, Entry, Product, Promotion, Salesperson, Store, Supplier

KETTLE = Product("KET", "Kettle", prices=(DatedAmount("UK", "GBP", Decimal(9)),))
IN_PRICE = replace(KETTLE, prices=(*KETTLE.prices, DatedAmount("IN", "INR", Decimal(100))))
UK_PRICE = replace(KETTLE, prices=())
SCOPES = {
    "admin": scope_of(Role.ADMIN),
    "head": Scope(Role.MANAGER),
    "region": scope_of(Role.MANAGER, ("IN",)),
    "store": scope_of(Role.MANAGER, ("IN",), ("MUM01",)),
    "clerk": scope_of(Role.CLERK, ("IN",)),
    "salesperson": scope_of(Role.SALESPERSON, ("IN",), ("MUM01",), "S1"),
    "analyst": scope_of(Role.ANALYST),
}
ALL, REGION, STORE = {"admin", "head"}, {"admin", "head", "region"}, {"admin", "head", "region", "store"}


@pytest.mark.parametrize(
    ("before", "after", "editors"),
    [
        (None, KETTLE, ALL),
        (KETTLE, replace(KETTLE, name="Teapot"), ALL),
        (KETTLE, replace(IN_PRICE, active=False), ALL),
        (KETTLE, IN_PRICE, REGION),
        (IN_PRICE, KETTLE, REGION),
        (KETTLE, UK_PRICE, ALL),
        (None, Supplier("ACME", "Acme"), ALL),
        (None, Store("IN", "MUM01", "Mumbai"), STORE),
        (None, Store("IN", "DEL01", "Delhi"), REGION),
        (None, Store("UK", "LON01", "London"), ALL),
        (None, Salesperson("IN", "S1", "Asha", ("MUM01",)), STORE),
        (None, Salesperson("IN", "S1", "Asha"), REGION),
        (Salesperson("IN", "S1", "Asha", ("DEL01",)), Salesperson("IN", "S1", "Asha", ("MUM01",)), REGION),
        (None, Promotion("P", "p", "KET", region="IN", store_id="MUM01"), STORE),
        (None, Promotion("P", "p", "KET", region="IN"), REGION),
        (None, Promotion("P", "p", "KET"), ALL),
        (Promotion("P", "p", "KET"), Promotion("P", "p", "KET", region="IN"), ALL),
    ],
)
def test_only_these_roles_may_make_the_change(before: Entry | None, after: Entry, editors: set[str]) -> None:
    assert {name for name, scope in SCOPES.items() if not check_edit(scope, before, after)} == editors
