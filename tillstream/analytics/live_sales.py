"""Sales as they are counted, and today against the same time last week, of the rows that a user may see."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

import pyarrow as pa

from tillstream.analytics import queries
from tillstream.analytics.changes import ANY_SETTLEMENT
from tillstream.analytics.compared_figure import ComparedFigure
from tillstream.analytics.filters import Filters
from tillstream.analytics.query_cache import QueryCache
from tillstream.model.contract import Contract
from tillstream.model.messages import TILL_CLOCK_TOLERANCE
from tillstream.model.people import UNRESTRICTED, Scope
from tillstream.ports.warehouse import Row, Warehouse

WEEK = timedelta(days=7)

ALL_SALES = Filters()
SHOWN_SALES = 50
SETTLEMENTS_TOGETHER = 16
"""Settlements of which pages that have different ones of them share a query."""
RECENT_DAYS = 7
MAX_TIME_AHEAD = timedelta(days=1)
"""How far the local date of a store may be ahead of UTC; later days are mistakes."""
CORRECTED_WITHIN = timedelta(days=31)
"""How much earlier than the recent days the corrected line of a recent sale may be dated."""

MAX_SHARED_SALES = 2_000
"""Sales of the query that all scopes share; a scope has a query of its own only if there are more."""


@dataclass(frozen=True)
class TradingTime:
    """Time zone and start of the business day of a store."""

    zone: str = "UTC"
    cutoff: time = time(0, 0)


@dataclass(frozen=True)
class TradingMoment:
    """A business day that has begun, the day a week earlier, and the instant until which that day is compared."""

    today: date
    week_earlier: date
    sold_until: datetime


@dataclass(frozen=True)
class StoreTimes:
    """The trading times of all stores: by region, and of the stores that differ from their region."""

    regions: Mapping[str, TradingTime] = field(default_factory=dict)
    stores: Mapping[tuple[str, str], TradingTime] = field(default_factory=dict)

    def trading_time(self, region: str, store_id: str | None) -> TradingTime:
        """The trading time of a store; UTC in a region without a contract."""
        return self.stores.get((region, store_id or "")) or self.regions.get(region, TradingTime())

    def moments(self, now: datetime) -> tuple[TradingMoment, ...]:
        """The distinct moments of all stores."""
        times = (TradingTime(), *self.regions.values(), *self.stores.values())
        return tuple(dict.fromkeys(trading_moment(now, one) for one in times))


def store_times(contracts: Iterable[Contract]) -> StoreTimes:
    """The trading times that contracts define; of several contracts of a region, those of the first."""
    regions: dict[str, TradingTime] = {}
    stores: dict[tuple[str, str], TradingTime] = {}
    for contract in contracts:
        dates = contract.dates
        regions.setdefault(contract.region, TradingTime(dates.time_zone, dates.cutoff))
        for store, zone in dates.store_zones.items():
            stores.setdefault((contract.region, store), TradingTime(zone, dates.cutoff))
    return StoreTimes(regions, stores)


def trading_moment(now: datetime, trading: TradingTime) -> TradingMoment:
    """The business day of a store at `now`, and the same local time a week earlier, also if its clocks changed since.

    A local time that does not exist has the offset before the change; of one that exists twice, the first counts.
    """
    local = now.astimezone(ZoneInfo(trading.zone))
    start = timedelta(hours=trading.cutoff.hour, minutes=trading.cutoff.minute)
    wall = local.replace(tzinfo=None)
    today = (wall - start).date()
    earlier = (wall - WEEK).replace(tzinfo=ZoneInfo(trading.zone))
    return TradingMoment(today, today - WEEK, earlier.astimezone(now.tzinfo))


@dataclass(frozen=True)
class LiveSalesView:
    """Whose rows, in which currency."""

    scope: Scope
    currency: str = ""


@dataclass(frozen=True)
class LatestSales:
    """`sales`: at most SHOWN_SALES, those that changed last first, or those that were sold last; `total`: the number of
    all that changed; `since`: the first day."""

    sales: tuple[Row, ...]
    total: int
    since: date


@dataclass(frozen=True)
class StoreToday:
    """A store today, and a week earlier until the same time of day; `is_comparable`: whether its sales have times."""

    region: str
    store_id: str | None
    revenue: Decimal
    orders: int
    revenue_before: Decimal
    orders_before: int
    unconverted_lines: int
    is_comparable: bool

    @property
    def has_sales(self) -> bool:
        """Whether something was sold or returned today."""
        return bool(self.orders or self.revenue)

    def compared_revenue(self, currency: str) -> ComparedFigure:
        """Revenue against that of last week, which is unknown if the store is not comparable."""
        before = self.revenue_before if self.is_comparable else None
        return ComparedFigure.of_whole(self.revenue, before).in_currency(currency)


@dataclass(frozen=True)
class TodaySales:
    """The figures of several stores together."""

    stores: tuple[StoreToday, ...]

    @property
    def revenue(self) -> Decimal:
        return sum((store.revenue for store in self.stores), Decimal(0))

    @property
    def orders(self) -> int:
        return sum(store.orders for store in self.stores)

    @property
    def unconverted_lines(self) -> int:
        return sum(store.unconverted_lines for store in self.stores)

    @property
    def comparable(self) -> "TodaySales":
        return TodaySales(tuple(store for store in self.stores if store.is_comparable))

    def compared_revenue(self, currency: str) -> ComparedFigure:
        """Revenue, and that of the comparable stores against last week, in minor units of the currency."""
        same = self.comparable
        before = sum((store.revenue_before for store in same.stores), Decimal(0))
        return ComparedFigure(self.revenue, same.revenue, before).in_currency(currency)

    @property
    def compared_orders(self) -> ComparedFigure:
        """Orders, and those of the comparable stores against last week."""
        same = self.comparable
        return ComparedFigure(self.orders, same.orders, sum(store.orders_before for store in same.stores))


def latest_sales(
    warehouse: Warehouse,
    view: LiveSalesView,
    now: datetime,
    after: int = 0,
    through: int = ANY_SETTLEMENT,
    *,
    since: date | None = None,
    cache: QueryCache | None = None,
) -> LatestSales:
    """Sales of the recent days (or since a day) that settlements after `after` through `through` changed.

    Without `after`, sales that were removed are left out, and the latest day and time of sale comes first.

    With `after`, queries of all sales are shared: by all scopes, and by pages that have other settlements of the last
    `SETTLEMENTS_TOGETHER`. A scope has a query of its own only if these return not all sales, or one of several stores
    or salespeople.
    """
    since = since or now.date() - timedelta(days=RECENT_DAYS)
    filters = Filters(start=since - CORRECTED_WITHIN, end=now.date() + MAX_TIME_AHEAD, currency=view.currency)
    run = partial(
        queries.run_query,
        warehouse,
        "live-sales",
        filters=filters,
        cache=cache,
        through=through,
        since=since,
        limit=SHOWN_SALES,
        order="counted" if after else "sold",
    )
    changed = None
    for start in filter(None, dict.fromkeys((after - after % SETTLEMENTS_TOGETHER, after))):
        changed = _of_scope(run(scope=UNRESTRICTED, resume_after=start), view.scope, after)
        if changed is not None:
            break
    rows = (run(scope=view.scope, resume_after=after) if changed is None else changed).to_pylist()
    return LatestSales(tuple(rows), int(rows[0]["sales"]) if rows else 0, since)


def _of_scope(sales: pa.Table, scope: Scope, after: int) -> pa.Table | None:
    """The rows of later settlements than `after` that a scope covers; None if they must be queried within the scope."""
    columns = ["region", "store_id", "salesperson_id", "settlement_no", "has_one_place", "sales"]
    rows = sales.select(columns).to_pylist()
    if not rows:
        return queries.without_hidden_columns(sales, scope)
    if rows[0]["sales"] > len(rows) or not all(row["has_one_place"] for row in rows if row["settlement_no"] > after):
        return None
    covered = [
        row["settlement_no"] > after and scope.covers_sale(row["region"], row["store_id"], row["salesperson_id"])
        for row in rows
    ]
    chosen = sales.filter(pa.array(covered))
    total = pa.array([chosen.num_rows] * chosen.num_rows, pa.int64())
    counted = chosen.set_column(chosen.schema.get_field_index("sales"), "sales", total)
    return queries.without_hidden_columns(counted, scope)


def last_day_with_sales(
    warehouse: Warehouse, view: LiveSalesView, now: datetime, *, cache: QueryCache | None = None
) -> date | None:
    """The latest day with a sale; None without one."""
    until = now.date() + MAX_TIME_AHEAD
    (row,) = queries.run_query(warehouse, "reported-days", view.scope, Filters(), cache=cache, until=until).to_pylist()
    day: date | None = row["last_day"]
    return day


def sales_of_today(
    warehouse: Warehouse,
    view: LiveSalesView,
    now: datetime,
    times: StoreTimes,
    *,
    chosen: Filters = ALL_SALES,
    cache: QueryCache | None = None,
) -> TodaySales:
    """Each store on its own business day at `now`; stores without a sale on either day are left out, and sales whose
    time is in the future, beyond the tolerance of a till's clock. chosen: which sales; its periods do not count.

    Scopes of whole stores share one query of all sales.
    """
    stores: list[StoreToday] = []
    is_shared = view.scope.salesperson is None and not chosen.chosen()
    scope = UNRESTRICTED if is_shared else view.scope
    for one in times.moments(now):
        filters = replace(
            chosen,
            start=one.week_earlier,
            end=one.today,
            before_start=None,
            before_end=None,
            against=None,
            currency=view.currency,
        )
        params = {
            "today": one.today,
            "week_earlier": one.week_earlier,
            "ends": _microseconds(now + TILL_CLOCK_TOLERANCE),
            "sold_until": _microseconds(one.sold_until),
        }
        rows = queries.run_query(warehouse, "live-today", scope, filters, cache=cache, **params).to_pylist()
        stores += [
            _store_today(row)
            for row in rows
            if scope == view.scope or view.scope.covers_sale(row["region"], row["store_id"], None)
            if trading_moment(now, times.trading_time(row["region"], row["store_id"])) == one
        ]
    return TodaySales(tuple(sorted(stores, key=lambda store: (store.region, store.store_id or ""))))


def _microseconds(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000)


def _store_today(row: Row) -> StoreToday:
    untimed = row.pop("untimed_lines")
    return StoreToday(**row, is_comparable=not untimed)


@dataclass(frozen=True)
class UnsettledSales:
    """`sales`: at most SHOWN_SALES, the latest first; `total` and `revenue`: of all of them."""

    sales: tuple[Row, ...]
    total: int
    revenue: Decimal


def unsettled_sales(
    warehouse: Warehouse, view: LiveSalesView, version: tuple[int, int], cache: QueryCache
) -> UnsettledSales:
    """The sales that are not in the ledger as of a version: the last settlement, and the appends of unsettled lines."""
    filters = Filters(currency=view.currency)
    key = ("unsettled-sales", view.currency, version)
    answer = cache.get(key)
    if answer is None:
        answer = queries.run_query(
            warehouse, "unsettled-sales", UNRESTRICTED, filters, cache=cache, limit=MAX_SHARED_SALES
        )
        cache.put(key, answer)
    rows = answer.to_pylist()
    if rows and rows[0]["sales"] > len(rows):
        own = queries.run_query(
            warehouse, "unsettled-sales", view.scope, filters, cache=cache, limit=SHOWN_SALES
        ).to_pylist()
        first: Row = own[0] if own else {"sales": 0, "total_revenue": None}
        return UnsettledSales(tuple(own), first["sales"], first["total_revenue"] or Decimal(0))
    covers = view.scope.covers_sale
    rows = [row for row in rows if covers(row["region"], row["store_id"], row["salesperson_id"])]
    revenue = sum((row["revenue"] or Decimal(0) for row in rows), Decimal(0))
    return UnsettledSales(tuple(rows[:SHOWN_SALES]), len(rows), revenue)
