"""What was sold of a measure by target, and the names of what can have goals."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from tillstream.analytics import measure_values, queries
from tillstream.analytics.completeness import DeliveryFacts, delivery_watermark
from tillstream.analytics.filters import Filters
from tillstream.analytics.query_cache import QueryCache
from tillstream.catalogue import entry_lists
from tillstream.goals.targets import LEVEL_BELOW, TARGET_FIELDS, WITHOUT_VALUE, GoalLevel, GoalMeasure, GoalTarget
from tillstream.model.contract import Contract
from tillstream.model.dates import Month
from tillstream.model.people import UNRESTRICTED
from tillstream.model.product_catalogue import Product, Salesperson, Store
from tillstream.model.text import did_you_mean
from tillstream.ports import Ports
from tillstream.ports.warehouse import Warehouse

MAX_ROWS = 1_000_000
MAX_BEHIND = timedelta(days=14)
"""A region whose last day with sales is longer before the last one of all does not hold back the company."""
RECENT_SALES = timedelta(days=730)
SALES_BEFORE = timedelta(days=45)
"""Time before a month whose deliveries are read."""
PLACE_FIELDS: Mapping[GoalLevel, tuple[str, ...]] = {
    GoalLevel.COMPANY: (),
    GoalLevel.REGION: ("region",),
    GoalLevel.STORE: ("region", "store"),
    GoalLevel.SALESPERSON: ("region", "store", "salesperson"),
}

SALES_YEARS = 2
"""Years of sales before a month whose names count."""


def target_dimensions(target: GoalTarget) -> tuple[str, ...]:
    """The dimensions whose values name the targets like this one."""
    if target.level is GoalLevel.CATEGORY:
        return ("region", "category") if target.region else ("category",)
    return PLACE_FIELDS[target.level]


@dataclass(frozen=True)
class TargetSales:
    """Reads of one request. today: the date of the clock. contracts: with the expectations that apply."""

    warehouse: Warehouse
    today: date
    contracts: Sequence[Contract] = ()
    cache: QueryCache | None = None

    def sold(
        self, by: tuple[str, ...], measure: GoalMeasure, first: date, last: date, currency: str = ""
    ) -> dict[GoalTarget, Decimal]:
        """The measure by target, of the days from `first` to `last`; without a currency, in the reporting one."""
        if last < first:
            return {}
        rows = self.rows((measure.value,), by, first, last, currency)
        return {target_of_row(row): row[measure.value] or Decimal(0) for row in rows}

    def coverage(self, by: tuple[str, ...], first: date, last: date) -> dict[GoalTarget, Decimal | None]:
        """The part of revenue whose cost is in the data."""
        rows = self.rows(("cost_coverage",), by, first, last) if first <= last else []
        return {target_of_row(row): row["cost_coverage"] for row in rows}

    def rows(
        self, names: Sequence[str], by: Sequence[str], first: date, last: date, currency: str = ""
    ) -> list[dict[str, Any]]:
        """Measures by dimensions."""
        params = {"limit": MAX_ROWS} if by else {}
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
        rows = self.rows(("last_sale_date",), ("region",), yesterday - RECENT_SALES, yesterday)
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
            filters = Filters(month.first - SALES_BEFORE, min(month.last, self.today))
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


def complete_company_day(days: Mapping[str, date]) -> date | None:
    """The day through which all regions are complete, without those that sell no more."""
    newest = max(days.values(), default=None)
    return min((day for day in days.values() if newest and newest - day <= MAX_BEHIND), default=None)


def target_of_row(row: Mapping[str, Any]) -> GoalTarget:
    """The target of a row of measures by its dimensions."""
    return GoalTarget(**{name: row[name] or WITHOUT_VALUE for name in TARGET_FIELDS if name in row})


def targets_by_parent(targets: Iterable[GoalTarget]) -> dict[GoalTarget | None, list[GoalTarget]]:
    """The targets by the one whose goal theirs are parts of."""
    grouped: dict[GoalTarget | None, list[GoalTarget]] = {}
    for one in targets:
        grouped.setdefault(one.parent, []).append(one)
    return grouped


def member_target(target: GoalTarget, axis: GoalLevel) -> GoalTarget:
    """A target like those below `target`: of categories, or of the next level of places."""
    if axis is GoalLevel.CATEGORY:
        return replace(target, category=WITHOUT_VALUE)
    return replace(target, **{LEVEL_BELOW[target.level].value: WITHOUT_VALUE})


class UnknownName(Exception):
    """A name that has no sales and no entry in the catalogue."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class TargetNames:
    """What can have goals. Names of the catalogue by target; empty without one."""

    regions: Collection[str]
    """All that can have goals."""
    selling_regions: Collection[str]
    """Those with sales or stores; all regions if none has any."""
    stores: Mapping[GoalTarget, str]
    salespeople: Mapping[GoalTarget, str]
    categories: Collection[GoalTarget]

    def within(self, covers: Callable[[GoalTarget], bool]) -> "TargetNames":
        """The names of the covered targets, and the regions that have one: no message names others."""
        own = [one for one in (*self.stores, *self.salespeople, *self.categories) if covers(one)]
        regions = {one.region for one in own} | {one for one in self.regions if covers(GoalTarget(one))}
        return TargetNames(
            [one for one in self.regions if one in regions],
            [one for one in self.selling_regions if one in regions],
            {one: name for one, name in self.stores.items() if covers(one)},
            {one: name for one, name in self.salespeople.items() if covers(one)},
            {one for one in self.categories if covers(one)},
        )

    def of_level(self, level: GoalLevel) -> list[GoalTarget]:
        """All targets of a level, sorted."""
        match level:
            case GoalLevel.COMPANY:
                return [GoalTarget()]
            case GoalLevel.REGION:
                return [GoalTarget(region) for region in sorted(self.selling_regions)]
            case GoalLevel.STORE:
                return sorted(self.stores)
            case GoalLevel.SALESPERSON:
                return sorted(self.salespeople)
            case GoalLevel.CATEGORY:
                return sorted(self.categories)

    def find(self, region: str, store: str = "", salesperson: str = "", category: str = "") -> GoalTarget:
        """The target of codes or names. A salesperson of a single store needs no store. Raises `UnknownName`."""
        region = self._region(region) if region else ""
        if not region and (store or salesperson):
            raise UnknownName("region", "A store or salesperson needs its region.")
        if category:
            if store or salesperson:
                raise UnknownName("category", "A category can have a goal in a region, not in a store or for a person.")
            return self._category(region, category)
        place = self._store(region, store) if store else GoalTarget(region)
        return self._salesperson(place, salesperson) if salesperson else place

    def _region(self, text: str) -> str:
        matches = [one for one in self.regions if one.casefold() == text.casefold()]
        if not matches:
            raise UnknownName("region", f"There is no region “{text}”.{did_you_mean(text, self.regions)}")
        return text if text in matches else matches[0]

    def _store(self, region: str, text: str) -> GoalTarget:
        own = {one: name for one, name in self.stores.items() if one.region == region}
        matches = [one for one in own if one.store == text] or _by_name(own, text)
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise UnknownName("store", f"Several stores of {region} have the name “{text}”; write the code.")
        raise UnknownName("store", f"There is no store “{text}” in {region}.{did_you_mean(text, _words(own, 'store'))}")

    def _salesperson(self, place: GoalTarget, text: str) -> GoalTarget:
        own = {
            one: name
            for one, name in self.salespeople.items()
            if one.region == place.region and place.store in {"", one.store}
        }
        matches = [one for one in own if one.salesperson == text] or _by_name(own, text)
        people = {one.salesperson for one in matches}
        if len(matches) == 1:
            return matches[0]
        if len(people) == 1:
            stores = ", ".join(one.store for one in matches)
            raise UnknownName("store", f"“{text}” sells in several stores, {stores}; write the store.")
        if matches:
            raise UnknownName("salesperson", f"Several salespeople have the name “{text}”; write the code.")
        where = place.store or place.region
        likely = did_you_mean(text, _words(own, "salesperson"))
        raise UnknownName("salesperson", f"There is no salesperson “{text}” in {where}.{likely}")

    def _category(self, region: str, text: str) -> GoalTarget:
        own = [one.category for one in self.categories if one.region == region]
        matches = [one for one in own if one == text] or [one for one in own if one.casefold() == text.casefold()]
        if len(matches) != 1:
            where = f" in {region}" if region else ""
            raise UnknownName("category", f"There is no category “{text}”{where}.{did_you_mean(text, own)}")
        return GoalTarget(region, category=matches[0])


def read_target_names(ports: Ports, sales: TargetSales, regions: Iterable[str], day: date) -> TargetNames:
    """The names that can have goals on a day: sold in the two years before it, or active in the catalogue."""
    first, last = day.replace(year=day.year - SALES_YEARS, day=1), max(day, sales.today)
    sold = {target_of_row(row) for row in sales.rows(("lines",), PLACE_FIELDS[GoalLevel.SALESPERSON], first, last)}
    in_categories = {target_of_row(row) for row in sales.rows(("lines",), ("region", "category"), first, last)}
    stores, salespeople = _catalogue_entries(ports)
    sold_in = {GoalTarget(one.region, one.store): "" for one in sold if one.store != WITHOUT_VALUE}
    people = {one: "" for one in sold if WITHOUT_VALUE not in {one.store, one.salesperson}}
    products = entry_lists.catalogue_entries(ports, Product).values()
    categories = {one.category for one in in_categories} | {one.category for one in products}
    of_company = {GoalTarget(category=each) for each in categories - {"", WITHOUT_VALUE}}
    selling = {one.region for one in (*sold, *stores)}
    every = {*regions, *selling}
    return TargetNames(
        sorted(every),
        sorted(selling or every),
        sold_in | stores,
        _salespeople_of_stores(people, salespeople, sold_in | stores),
        of_company | {one for one in in_categories if one.category != WITHOUT_VALUE},
    )


def _catalogue_entries(ports: Ports) -> tuple[dict[GoalTarget, str], list[Salesperson]]:
    stores = entry_lists.catalogue_entries(ports, Store).values()
    named = {GoalTarget(one.region, one.store_id): one.name for one in stores if one.active}
    return named, [one for one in entry_lists.catalogue_entries(ports, Salesperson).values() if one.active]


def _salespeople_of_stores(
    sold: Mapping[GoalTarget, str], entries: Iterable[Salesperson], stores: Mapping[GoalTarget, str]
) -> dict[GoalTarget, str]:
    """Salespeople by store: where they sold, and the stores that the catalogue assigns to them."""
    people = dict(sold)
    for one in entries:
        assigned = {
            GoalTarget(one.region, store, one.salesperson_id)
            for store in one.stores
            if GoalTarget(one.region, store) in stores
        }
        sells = {each for each in sold if (each.region, each.salesperson) == (one.region, one.salesperson_id)}
        people |= dict.fromkeys(assigned | sells, one.name)
    return people


def _by_name(named: Mapping[GoalTarget, str], text: str) -> list[GoalTarget]:
    return [one for one, name in named.items() if name and name.casefold() == text.casefold()]


def _words(named: Mapping[GoalTarget, str], field: str) -> list[str]:
    return sorted({getattr(one, field) for one in named} | {name for name in named.values() if name})
