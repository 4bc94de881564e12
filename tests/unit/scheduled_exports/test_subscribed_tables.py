"""Tables of subscriptions have the rows and columns that the export of their page has."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import shop_of_two_stores

from tillstream.app import App, subscribed_tables
from tillstream.domain.errors import Rejected
from tillstream.domain.inventory import messages
from tillstream.domain.people import Role
from tillstream.domain.purchasing.order import OrderLine, PurchaseOrder
from tillstream.inventory import levels, records
from tillstream.people import accounts
from tillstream.purchasing import orders
from tillstream.scheduled_exports import tables
from tillstream.scheduled_exports.subscription import Subscription

TODAY = date(2026, 7, 1)
COUNT = b"""{"movements": [{"movement_id": "count", "kind": "count", "region": "UK", "store_id": "LDS1",
"stock_date": "2026-06-30",
"lines": [{"product_id": "TO-1", "quantity": "500"}, {"product_id": "TO-2", "quantity": "0"}]}]}"""


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    opened = shop_of_two_stores.app(tmp_path)
    accounts.add(opened.ports, "boss", "Boss", Role.ADMIN)
    yield opened
    opened.close()


def read(app: App, address: str) -> tables.SubscribedTable:
    one = Subscription("Table", address, "csv", "boss@example.com", "day")
    return tables.read(subscribed_tables.source_of(app), one, accounts.get(app.ports, "boss"), TODAY)


def rows_of(table: tables.SubscribedTable) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pa.Table.from_batches(list(table.table.batches)).to_pylist()
    return rows


def test_stock_levels_have_a_status_and_the_units_on_order(app: App) -> None:
    records.record(app.ports, messages.parse(COUNT, TODAY), by="boss")
    levels.refresh(app.ports)
    ball = OrderLine("TO-2", "Ball", Decimal(36))
    orders.create(app.ports, PurchaseOrder("a", "ACME", "UK", "LDS1", "GBP", (ball,)), by="boss")
    orders.send(app.ports, "a", by="boss")
    (row,) = rows_of(read(app, "/tables/stock-levels?status=out&sort=product&store=LDS1"))
    assert (row["product"], row["on_order"]) == ("TO-2", Decimal(36))
    assert len(rows_of(read(app, "/tables/stock-levels?store=LDS1"))) > 1


def test_sale_lines_lead_to_their_page_and_are_searched(app: App) -> None:
    shown = read(app, "/tables/sale-lines?preset=yesterday&q=Kite")
    assert {row["product_name"] for row in rows_of(shown)} == {"Kite"}
    assert shown.address.startswith("/sale-lines?q=Kite&from=2026-06-30&to=2026-06-30")
    assert shown.file_address.startswith("/sale-lines/export?q=Kite&from=2026-06-30")
    assert shown.file_address.endswith("&format=csv")


@pytest.mark.parametrize("name", ["sale-lines", "kpis"])
def test_an_unknown_argument_is_refused(app: App, name: str) -> None:
    with pytest.raises(Rejected, match=f"{name} has no parameter nothing"):
        read(app, f"/tables/{name}?nothing=1")


def test_the_file_of_a_sorted_table_is_sorted_too(app: App) -> None:
    shown = read(app, "/tables/stock-levels?sort=product&descending=1&preset=last-month")
    assert "sort=product&descending=1" in shown.file_address
