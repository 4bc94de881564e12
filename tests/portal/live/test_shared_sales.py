"""Scopes share a query of all sales, and each gets what a query of its own would return."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pyarrow as pa
import pytest
from visitor import Visitor, Work, indian_file, indian_sale

from examples import in_long_proofs
from tillstream.analytics import live_sales as live
from tillstream.analytics import queries
from tillstream.analytics.filters import Filters
from tillstream.analytics.live_sales import StoreTimes, TradingTime
from tillstream.analytics.query_cache import QueryCache
from tillstream.app import App
from tillstream.model.messages import TILL_CLOCK_TOLERANCE
from tillstream.model.people import UNRESTRICTED, Scope
from tillstream.model.permissions import Role
from tillstream.ports.warehouse import Warehouse

SHARED = True
pytestmark = pytest.mark.usefixtures("sold")
NOW = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
TODAY = "01-07-2026"
STORES = (("MUM01", "S1"), ("DEL01", "S2"), ("PUN01", "S3"))
SCOPES = [
    UNRESTRICTED,
    Scope(Role.ANALYST),
    Scope(Role.ANALYST, ("UK",)),
    Scope(Role.MANAGER, ("IN",)),
    Scope(Role.MANAGER, ("IN",), ("MUM01",)),
    Scope(Role.MANAGER, ("IN",), ("DEL01", "MUM01")),
    Scope(Role.MANAGER, ()),
    Scope(Role.SALESPERSON, ("IN",), None, "S2"),
    Scope(Role.SALESPERSON, ("IN",), None, ""),
]


class CountingWarehouse:
    """A warehouse that counts the queries with a word."""

    def __init__(self, warehouse: Warehouse, word: str) -> None:
        self._warehouse, self._word, self.queries = warehouse, word, 0

    def query(self, text: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        self.queries += self._word in text
        return self._warehouse.query(text, params)


def sell(admin: Visitor, work: Work) -> None:
    """Five settlements: sales of three stores, of one, one that moved to another store, 60 sales, an undone file."""
    minutes = iter(range(1_000))

    def sale(number: str, store: str, seller: str) -> str:
        at = NOW.replace(hour=4) + timedelta(minutes=next(minutes))
        return indian_sale(number, date=f"{TODAY} {at:%H:%M}").replace("MUM01,S1", f"{store},{seller}")

    def upload(name: str, *rows: str) -> str:
        batch = admin.upload(indian_file(*rows), name=name)
        work()
        return batch

    undone = upload("a.csv", *(sale(store, store, seller) for store, seller in STORES))
    upload("b.csv", sale("b", "DEL01", "S2"))
    upload("c.csv", sale("b", "MUM01", "S1"), sale("c", "PUN01", "S3"))
    upload("d.csv", *(sale(f"d{at}", *STORES[at % 3]) for at in range(60)))
    admin.post(f"/uploads/{undone}/undo")
    work()


def own_query(app: App, scope: Scope, after: int, through: int, cache: QueryCache) -> list[dict[str, Any]]:
    day = NOW.date() - timedelta(days=live.RECENT_DAYS)
    window: dict[str, Any] = {"resume_after": after, "through": through, "since": day, "limit": live.SHOWN_SALES}
    window["order"] = "counted" if after else "sold"
    filters = Filters(start=day - live.CORRECTED_WITHIN, end=NOW.date() + live.MAX_TIME_AHEAD)
    return queries.run_query(app.ports.warehouse, "live-sales", scope, filters, cache=cache, **window).to_pylist()


@pytest.mark.system
@pytest.mark.parametrize("every", [False, *in_long_proofs(True)], ids=["a third of the windows", "all windows"])
def test_each_scope_gets_the_sales_of_its_own_query(app: App, monkeypatch: pytest.MonkeyPatch, every: bool) -> None:
    compared, cache = 0, QueryCache()
    windows = [(after, through) for after, through in product(range(6), range(1, 6)) if after <= through]
    for number, (scope, (after, through)) in enumerate(product(SCOPES, windows)):
        if number % 3 and not every:
            continue
        own = own_query(app, scope, after, through, cache)
        for together in (1, 2, 3) if every else (1 + number // 3 % 3,):
            monkeypatch.setattr(live, "SETTLEMENTS_TOGETHER", together)
            latest = live.latest_sales(app.ports.warehouse, live.LiveSalesView(scope), NOW, after, through, cache=cache)
            assert list(latest.sales) == own, (scope, after, through, together)
            assert latest.total == (own[0]["sales"] if own else 0)
            compared += bool(own)
    assert compared > (150 if every else 15)


def test_at_first_sales_are_listed_by_time_without_those_that_were_removed(app: App) -> None:
    view = live.LiveSalesView(UNRESTRICTED)
    listed = live.latest_sales(app.ports.warehouse, view, NOW)
    times = [sale["sold_at"] for sale in listed.sales]
    assert times == sorted(times, reverse=True)
    assert "removed" not in {sale["kind"] for sale in listed.sales}
    changed = live.latest_sales(app.ports.warehouse, view, NOW, 4, 5)
    assert "removed" in {sale["kind"] for sale in changed.sales}, "a page that is open is notified"


def test_scopes_share_one_query_of_the_sales_and_one_of_today(app: App) -> None:
    warehouse = CountingWarehouse(app.ports.warehouse, "changed_sales")
    cache = QueryCache()
    whole_stores = [scope for scope in SCOPES if scope.salesperson is None]
    for scope in whole_stores:
        live.latest_sales(warehouse, live.LiveSalesView(scope), NOW, 4, 5, cache=cache)  # type: ignore[arg-type]
    assert warehouse.queries == 1
    times = StoreTimes({}, {"IN": TradingTime("Asia/Kolkata")})
    today = CountingWarehouse(app.ports.warehouse, "@sold_until")
    for scope in whole_stores:
        live.sales_of_today(today, live.LiveSalesView(scope), NOW, times, cache=cache)  # type: ignore[arg-type]
    assert today.queries == len(times.moments(NOW))


def test_pages_that_have_different_settlements_share_a_query(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SETTLEMENTS_TOGETHER", 4)
    warehouse, cache = CountingWarehouse(app.ports.warehouse, "changed_sales"), QueryCache()
    for scope, after in ((UNRESTRICTED, 4), (SCOPES[4], 5)):
        live.latest_sales(warehouse, live.LiveSalesView(scope), NOW, after, 5, cache=cache)  # type: ignore[arg-type]
    assert warehouse.queries == 1


def test_today_is_that_of_a_query_of_the_scope(app: App) -> None:
    times = StoreTimes({}, {"IN": TradingTime("Asia/Kolkata")})
    for scope in SCOPES:
        (one,) = times.moments(NOW)
        filters = Filters(start=one.week_earlier, end=one.today)
        until = int(one.sold_until.timestamp() * 1_000_000)
        ends = int((NOW + TILL_CLOCK_TOLERANCE).timestamp() * 1_000_000)
        params = {"today": one.today, "week_earlier": one.week_earlier, "sold_until": until, "ends": ends}
        rows = queries.run_query(app.ports.warehouse, "live-today", scope, filters, **params).to_pylist()
        stores = live.sales_of_today(app.ports.warehouse, live.LiveSalesView(scope), NOW, times).stores
        assert [(store.store_id, store.revenue, store.orders) for store in stores] == [
            (row["store_id"], row["revenue"], row["orders"]) for row in rows
        ]
