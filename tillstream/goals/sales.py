"""What was sold of a measure, by target: from the marts, and the last complete day of each region."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from tillstream.analytics import measure_values, queries
from tillstream.analytics.completeness import DeliveryFacts, delivery_watermark
from tillstream.analytics.filters import Filters
from tillstream.analytics.query_cache import QueryCache
from tillstream.domain.goals.goal import BELOW, FIELDS, WITHOUT, GoalMeasure, Level, Target
from tillstream.model.contract import Contract
from tillstream.model.months import Month
from tillstream.model.people import UNRESTRICTED
from tillstream.ports.warehouse import Warehouse

MOST_ROWS = 1_000_000
MOST_BEHIND = timedelta(days=14)
"""A region whose last day with sales is longer before the last one of all does not hold back the company."""
RECENT = timedelta(days=730)
BEFORE = timedelta(days=45)
"""Time before a month whose deliveries are read."""
PLACES: Mapping[Level, tuple[str, ...]] = {
    Level.COMPANY: (),
    Level.REGION: ("region",),
    Level.STORE: ("region", "store"),
    Level.SALESPERSON: ("region", "store", "salesperson"),
}


def dimensions(target: Target) -> tuple[str, ...]:
    """The dimensions whose values name the targets like this one."""
    if target.level is Level.CATEGORY:
        return ("region", "category") if target.region else ("category",)
    return PLACES[target.level]


@dataclass(frozen=True)
class Sales:
    """Reads of one request. today: the date of the clock. contracts: with the expectations that apply."""

    warehouse: Warehouse
    today: date
    contracts: Sequence[Contract] = ()
    cache: QueryCache | None = None

    def sold(
        self, by: tuple[str, ...], measure: GoalMeasure, first: date, last: date, currency: str = ""
    ) -> dict[Target, Decimal]:
        """The measure by target, of the days from `first` to `last`; without a currency, in the reporting one."""
        if last < first:
            return {}
        rows = self.rows((measure.value,), by, first, last, currency)
        return {target_of(row): row[measure.value] or Decimal(0) for row in rows}

    def coverage(self, by: tuple[str, ...], first: date, last: date) -> dict[Target, Decimal | None]:
        """The part of revenue whose cost is in the data."""
        rows = self.rows(("cost_coverage",), by, first, last) if first <= last else []
        return {target_of(row): row["cost_coverage"] for row in rows}

    def rows(
        self, names: Sequence[str], by: Sequence[str], first: date, last: date, currency: str = ""
    ) -> list[dict[str, Any]]:
        """Measures by dimensions."""
        params = {"limit": MOST_ROWS} if by else {}
        filters = Filters(first, last, currency=currency)
        table = measure_values.query_measures(
            self.warehouse, names, by, UNRESTRICTED, filters, cache=self.cache, **params
        )
        rows: list[dict[str, Any]] = table.to_pylist()
        return rows

    @cached_property
    def last_days(self) -> dict[str, date]:
        """The last day with sales of each region, before today, within the last two years."""
        yesterday = self.today - timedelta(days=1)
        rows = self.rows(("last_sale_date",), ("region",), yesterday - RECENT, yesterday)
        return {row["region"]: row["last_sale_date"] for row in rows if row["last_sale_date"]}

    @cached_property
    def rates(self) -> dict[str, Decimal]:
        """The latest exchange rate of each currency into the reporting currency."""
        rows = self.warehouse.query("SELECT * FROM latest_rates").to_pylist()
        return {row["currency"]: Decimal(row["factor"]) for row in rows}

    def complete_through(self, month: Month) -> dict[str, date]:
        """The last complete day of each region: its watermark if files are expected, else its last day with sales.

        A region whose files never came has none.
        """
        expected: dict[str, list[Contract]] = {}
        for contract in self.contracts:
            if contract.schedule.cadence:
                expected.setdefault(contract.region, []).append(contract)
        days = dict(self.last_days)
        if expected:
            filters = Filters(month.first - BEFORE, min(month.last, self.today))
            delivered = queries.run_query(
                self.warehouse, "told-days", UNRESTRICTED, filters, cache=self.cache
            ).to_pylist()
            facts = DeliveryFacts((), days=delivered)
            now = datetime.combine(min(month.last, self.today), time(12), UTC)
            for region, contracts in expected.items():
                mark = delivery_watermark(contracts, facts, now)
                if mark is not None:
                    days[region] = mark
        return days


def of_company(days: Mapping[str, date]) -> date | None:
    """The day through which all regions are complete, without those that sell no more."""
    newest = max(days.values(), default=None)
    return min((day for day in days.values() if newest and newest - day <= MOST_BEHIND), default=None)


def target_of(row: Mapping[str, Any]) -> Target:
    """The target of a row of measures by its dimensions."""
    return Target(**{name: row[name] or WITHOUT for name in FIELDS if name in row})


def by_parent(targets: Iterable[Target]) -> dict[Target | None, list[Target]]:
    """The targets by the one whose goal theirs are parts of."""
    grouped: dict[Target | None, list[Target]] = {}
    for one in targets:
        grouped.setdefault(one.parent, []).append(one)
    return grouped


def members(target: Target, axis: Level) -> Target:
    """A target like those below `target`: of categories, or of the next level of places."""
    if axis is Level.CATEGORY:
        return replace(target, category=WITHOUT)
    return replace(target, **{BELOW[target.level].value: WITHOUT})
