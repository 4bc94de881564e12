"""What the sale form offers: active products of the catalogue with dated prices, and promotions of the store."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from visitor import People, Visitor, Work, indian_file, indian_sale

from portal.sell.products import _listed
from portal.user_stores import UserStore
from tillstream.app import App
from tillstream.catalogue import entry_saving
from tillstream.model.permissions import Role
from tillstream.model.product_catalogue import (
    Alias,
    DatedAmount,
    Entry,
    EntryKind,
    Product,
    Promotion,
    Salesperson,
    Store,
    price_on,
)

SHARED = False
MUMBAI = UserStore("IN", "MUM01", "INR", 2, numbered=True, sale_prefix="MUM01/")


def sell(admin: Visitor, work: Work) -> None:
    admin.upload(indian_file(indian_sale("1"), indian_sale("2")))
    work()


@pytest.fixture
def save(app: App) -> Callable[..., Any]:
    def save(kind: EntryKind, entry: Entry) -> Any:
        return entry_saving.save_entry(app.ports, kind, entry, if_version=0, by="ana", regions=["IN", "UK"])

    return save


def price_list(visitor: Visitor) -> dict[str, Any]:
    listed: dict[str, Any] = visitor.get("/sell/products.json?region=IN&store=MUM01").get_json()
    return listed


def amount(region: str, value: str, start: str = "", currency: str = "INR") -> DatedAmount:
    return DatedAmount(region, currency, Decimal(value), date.fromisoformat(start) if start else None)


def test_prices_come_from_the_catalogue_of_the_region_and_currency(sold: Visitor, save: Callable[..., Any]) -> None:
    prices = (
        amount("*", "110"), amount("*", "120", "2026-03-01"), amount("IN", "115", "2026-05-01"),
        amount("UK", "1"), amount("*", "9", currency="GBP"),
    )  # fmt: skip
    save(EntryKind.PRODUCT, Product("P1", "Tea kettle", "Kitchen", barcodes=("4006381333931",), prices=prices))
    (kettle,) = price_list(sold)["products"]
    assert kettle == {
        "code": "P1", "name": "Tea kettle", "category": "Kitchen", "barcodes": ["4006381333931"],
        "prices": [["", "110"], ["2026-03-01", "120"], ["2026-05-01", "115"]],
    }  # fmt: skip


def test_a_code_that_the_files_use_is_the_product_of_its_alias(sold: Visitor, save: Callable[..., Any]) -> None:
    save(EntryKind.PRODUCT, Product("KET", "Tea kettle", aliases=(Alias("IN", "P1"),)))
    (kettle,) = price_list(sold)["products"]
    assert (kettle["code"], kettle["barcodes"], kettle["prices"]) == ("KET", ["P1"], [["", "100"]])
    assert kettle["usual"]


def test_a_retired_product_is_not_offered_even_if_it_was_sold(sold: Visitor, save: Callable[..., Any]) -> None:
    save(EntryKind.PRODUCT, Product("P1", "Tea kettle", active=False))
    save(EntryKind.PRODUCT, Product("P2", "Toaster"))
    assert [(one["code"], one["prices"]) for one in price_list(sold)["products"]] == [("P2", [])]


def test_only_active_promotions_of_the_store_are_offered(sold: Visitor, save: Callable[..., Any]) -> None:
    save(EntryKind.STORE, Store("IN", "MUM01", "Fort", currency="INR", country="IN", time_zone="Asia/Kolkata"))
    save(EntryKind.STORE, Store("IN", "DEL01", "Delhi", currency="INR", country="IN", time_zone="Asia/Kolkata"))
    save(EntryKind.PRODUCT, Product("P1", "Tea kettle", "Kitchen"))
    dated: Any = {"valid_from": date(2026, 6, 1), "valid_to": date(2026, 6, 30)}
    for one in (
        Promotion("June", "Monsoon", category="Kitchen", region="IN", store_id="MUM01", rate=Decimal("0.125"), **dated),
        Promotion("Delhi", "Delhi", product="P1", region="IN", store_id="DEL01", rate=Decimal("0.2"), **dated),
        Promotion("Past", "Past", product="P1", kind="other", rate=Decimal("0.2"), active=False, **dated),
    ):
        save(EntryKind.PROMOTION, one)
    june = {"rate": "12.5", "from": "2026-06-01", "to": "2026-06-30"}
    assert price_list(sold)["promotions"] == [{"name": "Monsoon", "product": "", "category": "Kitchen"} | june]


DAYS = st.dates(date(2026, 1, 1), date(2026, 1, 12))
AMOUNTS = st.builds(
    DatedAmount, st.sampled_from(["*", "IN", "UK"]), st.sampled_from(["INR", "USD"]),
    st.integers(1, 99).map(Decimal), st.none() | DAYS, st.sampled_from(["1", "2", "3"]),
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(AMOUNTS, max_size=8), DAYS)
def test_the_price_of_a_day_in_the_form_is_the_one_of_the_catalogue(rows: list[DatedAmount], day: date) -> None:
    product = Product("P", prices=tuple(rows))
    offered = [price for start, price in _listed(product, [], MUMBAI)["prices"] if start <= day.isoformat()]
    expected = price_on(product, "IN", "INR", day)
    assert (Decimal(offered[-1]) if offered else None) == expected


def test_stores_and_salespeople_have_the_names_of_the_catalogue(
    sold: Visitor, save: Callable[..., Any], person: People, work: Work
) -> None:
    save(EntryKind.STORE, Store("IN", "MUM01", "Fort", currency="INR", country="IN", time_zone="Asia/Kolkata"))
    save(EntryKind.SALESPERSON, Salesperson("IN", "S7", "Ravi Nair", stores=("MUM01",)))
    seller = person(Role.SALESPERSON, "IN", login="ravi", salesperson="S7")
    context = seller.get("/sell/context.json").get_json()
    assert ("MUM01", "Fort") in [(one["store_id"], one["name"]) for one in context["places"]]
    assert context["salespeople"]["IN"] == [{"id": "S7", "name": "Ravi Nair"}]
