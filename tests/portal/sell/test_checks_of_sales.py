"""What the server checks of a sale of the form: stores and salespeople of the catalogue, currency, and amounts."""

from collections.abc import Callable
from typing import Any

import pytest
from test_entering_sales import sale, send
from visitor import People

from tillstream.app import App
from tillstream.catalogue import entry_saving
from tillstream.model.permissions import Role
from tillstream.model.product_catalogue import Entry, EntryKind, Salesperson, Store

Save = Callable[[Entry], None]
PLACE: dict[str, Any] = {"currency": "INR", "country": "IN", "time_zone": "Asia/Kolkata"}


@pytest.fixture
def save(app: App) -> Save:
    def save(entry: Entry) -> None:
        kind = EntryKind.STORE if isinstance(entry, Store) else EntryKind.SALESPERSON
        entry_saving.save_entry(app.ports, kind, entry, if_version=0, by="ana", regions=["IN", "UK"])

    return save


@pytest.fixture
def catalogued(save: Save) -> None:
    for store in ("BLR01", "DEL01", "MUM01"):
        save(Store("IN", store, "Central", **PLACE))
    save(Store("IN", "OLD", "Old", active=False, **PLACE))
    save(Store("UK", "LON1", "London", country="GB", time_zone="Europe/London", currency="GBP"))
    save(Salesperson("IN", "S1", "Sam", stores=("MUM01",)))
    save(Salesperson("IN", "S2", "Rita", active=False))


@pytest.mark.usefixtures("catalogued")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "accepted"),
        ({"store_id": "DEL01"}, "accepted"),
        ({"store_id": "NOSUCH"}, "unknown-store"),
        ({"store_id": "OLD"}, "retired-store"),
        ({"region": "UK"}, "unknown-store"),
        ({"salesperson_id": "S2"}, "retired-salesperson"),
        ({"salesperson_id": "S9"}, "unknown-salesperson"),
        ({"salesperson_id": ""}, "unknown-salesperson"),
    ],
)
def test_stores_and_salespeople_are_those_of_the_catalogue(person: People, changes: dict[str, Any], code: str) -> None:
    (result,) = send(person(Role.MANAGER, "IN", "UK"), sale() | changes)
    assert result.get("code", result["status"]) == code


@pytest.mark.usefixtures("catalogued")
def test_a_retired_salesperson_enters_no_sale(person: People) -> None:
    retired = person(Role.SALESPERSON, "IN", salesperson="S2")
    assert send(retired, sale(salesperson_id="S2"))[0]["code"] == "retired-salesperson"
    assert retired.get("/sell/context.json").get_json()["salespeople"] == {"IN": []}


@pytest.mark.usefixtures("catalogued")
def test_a_salesperson_with_an_account_need_not_be_in_the_catalogue(person: People) -> None:
    new = person(Role.SALESPERSON, "IN", salesperson="S7")
    assert send(new, sale(salesperson_id="S7"))[0]["status"] == "accepted"


@pytest.mark.usefixtures("catalogued")
def test_the_stores_of_a_salesperson_come_first_and_only_active_ones_are_offered(person: People) -> None:
    context = person(Role.SALESPERSON, "IN").get("/sell/context.json").get_json()
    assert [one["store_id"] for one in context["places"]] == ["MUM01", "BLR01", "DEL01"]


@pytest.mark.usefixtures("catalogued")
def test_only_salespeople_who_may_sell_are_offered(person: People) -> None:
    context = person(Role.MANAGER, "IN").get("/sell/context.json").get_json()
    assert [one["id"] for one in context["salespeople"]["IN"]] == ["S1"]


def line(**changes: str) -> dict[str, Any]:
    whole = {"line": "1", "product_id": "P1", "quantity": "3", "unit_price": "33.333333333", "net_amount": "100"}
    return {"lines": [whole | changes]}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (line(), "accepted"),
        (line(discount="10", net_amount="90"), "accepted"),
        (line(net_amount="100.01"), "accepted"),
        (line(net_amount="1"), "amounts-differ"),
        (line(discount="10"), "amounts-differ"),
        (line(quantity="9999999999", unit_price="1", net_amount="9999999999"), "quantity-too-large"),
        ({"currency": "USD"}, "wrong-currency"),
    ],
)
def test_currency_and_amounts_must_be_right(person: People, changes: dict[str, Any], code: str) -> None:
    (result,) = send(person(Role.SALESPERSON, "IN"), sale() | changes)
    assert result.get("code", result["status"]) == code


def test_an_old_sale_is_refused_with_the_next_step(person: People) -> None:
    (result,) = send(person(Role.SALESPERSON, "IN"), sale(sold_at="2019-06-29T09:00:00+00:00"))
    assert "ask your office to upload it in a file" in result["detail"]


def test_the_form_has_the_limits_of_the_server(person: People) -> None:
    limits = person(Role.SALESPERSON, "IN").get("/sell/context.json").get_json()["limits"]
    assert (limits["ahead_seconds"], limits["age_seconds"]) == (600, 366 * 24 * 3600)
    assert (limits["quantity"], limits["lines"], limits["bytes"]) == ("10000000", 1000, 65536)
