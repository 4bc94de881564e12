"""Tables of subscriptions have the rows and columns that the export of their page has."""

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import shop_of_two_stores

from examples import in_long_proofs
from tillstream.adapters.local.clock import ManualClock
from tillstream.analytics import line_export, queries
from tillstream.analytics.filters import Filters
from tillstream.app import App, outgoing_deliveries
from tillstream.delivery import export_table, subscribed_tables, subscription_files, subscriptions
from tillstream.delivery.subscribed_tables import ExportRequest
from tillstream.delivery.subscriptions import SubscriptionDraft, TableSubscription
from tillstream.model.errors import Rejected
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.stock import movement_messages, purchase_orders, stored_levels, stored_movements
from tillstream.stock.purchase_orders import OrderLine, PurchaseOrder

TODAY = date(2026, 7, 1)
COUNT = b"""{"movements": [{"movement_id": "count", "kind": "count", "region": "UK", "store_id": "LDS1",
"stock_date": "2026-06-30",
"lines": [{"product_id": "TO-1", "quantity": "500"}, {"product_id": "TO-2", "quantity": "0"}]}]}"""


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    opened = shop_of_two_stores.app(tmp_path)
    accounts.add_account(opened.ports, "boss", "Boss", Role.ADMIN)
    yield opened
    opened.close()


def read(app: App, address: str, today: date = TODAY, suffix: str = "csv") -> subscribed_tables.SubscribedTable:
    request = ExportRequest(accounts.get_user(app.ports, "boss"), address, suffix)
    return subscribed_tables.read_table(outgoing_deliveries.subscribed_tables_source(app), request, today)


def rows_of(table: subscribed_tables.SubscribedTable) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pa.Table.from_batches(list(table.table.batches)).to_pylist()
    return rows


def test_stock_levels_have_a_status_and_the_units_on_order(app: App) -> None:
    stored_movements.record_movements(app.ports, movement_messages.parse_movements(COUNT, TODAY), by="boss")
    stored_levels.refresh_levels(app.ports)
    ball = OrderLine("TO-2", "Ball", Decimal(36))
    purchase_orders.create_order(app.ports, PurchaseOrder("a", "ACME", "UK", "LDS1", "GBP", (ball,)), by="boss")
    purchase_orders.send_order(app.ports, "a", by="boss")
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


@pytest.mark.parametrize("dates", ["", "from=2026-02-01&to=2026-02-28&compare-from=2026-01-01&compare-to=2026-01-31&"])
def test_a_comparison_moves_on_with_its_period_as_the_page_compares(app: App, dates: str) -> None:
    table = read(app, f"/tables/change-by-group?dimension=store&{dates}preset=last-month&currency=GBP")
    june_with_may = Filters(
        date(2026, 6, 1),
        date(2026, 6, 30),
        before_start=date(2026, 5, 1),
        before_end=date(2026, 5, 31),
        currency="GBP",
    )
    warehouse, scope = app.ports.warehouse, accounts.get_user(app.ports, "boss").scope
    rows = rows_of(table)
    assert rows == queries.run_query(warehouse, "change-by-group", scope, june_with_may, dimension="store").to_pylist()
    assert len(rows) == 2


def test_a_comparison_of_the_current_month_is_with_as_many_days_of_the_one_before(tmp_path: Path) -> None:
    opened = shop_of_two_stores.app(tmp_path, date(2026, 5, 12))
    accounts.add_account(opened.ports, "boss", "Boss", Role.ADMIN)
    address, today = "/tables/change-by-group?dimension=store&preset=this-month&currency=GBP", date(2026, 5, 13)
    dated, plain = (
        rows_of(read(opened, address + dates, today))
        for dates in ("&compare-from=2026-01-01&compare-to=2026-01-31", "")
    )
    assert dated == plain
    assert len(dated) == 2
    opened.close()


def test_a_comparison_with_fixed_days_stays_as_it_is(app: App) -> None:
    days = "from=2026-03-01&to=2026-03-31&compare-from=2026-01-01&compare-to=2026-01-31"
    table = read(app, f"/tables/change?{days}&currency=GBP")
    assert (table.filters.before_start, table.filters.before_end) == (date(2026, 1, 1), date(2026, 1, 31))


@pytest.mark.parametrize(
    "address",
    [
        "growth?preset=own&region=UK&",
        "change-by-group?dimension=store&",
        *in_long_proofs("growth?", "change?grain=product&"),
    ],
)
def test_a_table_that_compares_has_the_latest_period_without_dates(app: App, address: str) -> None:
    """The latest complete month is June, as the pages Sales and Compare show."""
    june = "from=2026-06-01&to=2026-06-30&"
    latest, chosen = (read(app, f"/tables/{address}{dates}currency=GBP") for dates in ("", june))
    assert latest.filters == chosen.filters
    rows = rows_of(latest)
    assert rows
    assert rows == rows_of(chosen)


def test_the_file_of_a_sorted_table_is_sorted_too(app: App) -> None:
    shown = read(app, "/tables/stock-levels?sort=product&descending=1&preset=last-month")
    assert "sort=product&descending=1" in shown.file_address


@pytest.mark.parametrize("limit", ["first=5", "having=revenue&having-is=above&having-value=99999999"])
def test_an_exploration_that_shows_some_groups_only_is_refused(app: App, limit: str) -> None:
    one = TableSubscription("Table", f"/explore?by=store&{limit}", "csv", "boss@example.com", "day")
    source, boss = outgoing_deliveries.subscribed_tables_source(app), accounts.get_user(app.ports, "boss")
    with pytest.raises(Rejected, match="contains all groups"):
        subscribed_tables.check_table(source, one, boss, TODAY)
    assert rows_of(read(app, one.address)), "an export in the background has all groups"
    subscriptions.add_subscription(
        app.ports, "boss", SubscriptionDraft("Table", one.address, "csv", one.to, "day"), "boss"
    )
    assert isinstance(app.ports.clock, ManualClock)
    app.ports.clock.advance(timedelta(days=2).total_seconds())
    assert list(subscription_files.make_due_files(subscription_files.SubscriptionSender(source, "a@example.com"))) == []
    assert "contains all groups" in subscriptions.list_subscriptions(app.ports)[0].paused


def test_a_pdf_of_sale_lines_has_the_columns_of_the_page(app: App) -> None:
    address = "/tables/sale-lines?preset=yesterday"
    chosen = read(app, f"{address}&column=net_amount&column=store_id&column=unknown", suffix="pdf")
    assert chosen.table.schema.names == ["store_id", "net_amount"]
    assert "column=net_amount&column=store_id" in chosen.file_address
    assert read(app, address, suffix="pdf").table.schema.names == list(line_export.PAGE_COLUMNS)
    assert len(read(app, address).table.schema.names) > len(line_export.PAGE_COLUMNS)


def test_a_pdf_without_place_for_its_table_is_not_added(app: App) -> None:
    source, boss = outgoing_deliveries.subscribed_tables_source(app), accounts.get_user(app.ports, "boss")
    names = read(app, "/tables/sale-lines?preset=yesterday").table.schema.names
    day = "/tables/sale-lines?preset=yesterday"
    for address, place in ((f"{day}&column={'&column='.join(names)}", "Choose fewer columns"), (day, "")):
        one = TableSubscription("Table", address, "pdf", "boss@example.com", "day")
        with pytest.raises(Rejected, match=place) if place else nullcontext():
            subscribed_tables.check_table(source, one, boss, TODAY)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/tables/sale-lines?preset=yesterday&q=zzz", "Search: zzz"),
        ("/tables/stock-levels?status=low&preset=yesterday", "Status: low"),
    ],
)
def test_a_file_names_the_search_and_the_parameters(app: App, address: str, words: str) -> None:
    assert words in export_table.filters_in_words(read(app, address).table.filters)
