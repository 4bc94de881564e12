"""Everything that a report is written from: its period, and what is read within the scope of its reader."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from tillstream.analytics import queries
from tillstream.analytics.filters import Filters, PeriodComparison
from tillstream.analytics.query_cache import QueryCache
from tillstream.contracts.registry import ContractRegistry
from tillstream.goals.published_standings import standing_row
from tillstream.goals.standings import MonthOfGoals
from tillstream.goals.targets import GoalLevel, GoalMeasure, GoalTarget
from tillstream.model.dates import Month
from tillstream.model.errors import Rejected
from tillstream.model.people import Scope
from tillstream.model.permissions import Action
from tillstream.ports import Ports
from tillstream.reports.document import QueryAnswer

DAY = timedelta(days=1)
WEEK, MONTH, DAYS = "week", "month", "days"
MAX_DAYS = 400

TRENDS = 13
"""Months that the chart of revenue shows."""
MOVERS = 20_000
"""Products that movers are chosen from."""
BEST_SELLERS = 20
"""Products with the most revenue whose days out of stock are named."""
MAX_LINES = 3_000_000
"""Sale lines above which the stock of past days is left out: it is computed from all of them."""


@dataclass(frozen=True)
class ReportPeriod:
    """first and last are inclusive. kind: week, month or days."""

    first: date
    last: date
    kind: str = DAYS

    @property
    def name(self) -> str:
        """Such as October 2026, week 43 of 2026, or 3 October 2026 to 9 October 2026."""
        if self.kind == MONTH:
            return f"{self.first:%B} {self.first.year}"
        if self.kind == WEEK:
            year, week, _ = self.first.isocalendar()
            return f"week {week} of {year}"
        return (
            written_day(self.first)
            if self.first == self.last
            else f"{written_day(self.first)} to {written_day(self.last)}"
        )

    @property
    def before(self) -> str:
        """What it is compared with."""
        return {MONTH: "the month before", WEEK: "the week before"}.get(self.kind, "the period before")


def written_day(day: date) -> str:
    """A day such as 3 October 2026."""
    return f"{day.day} {day:%B} {day.year}"


def chosen_period(first: date, last: date) -> ReportPeriod:
    """A period of these days, which is a month or week if they are one. Raises `Rejected`."""
    if last < first:
        raise Rejected("The last day is before the first day.")
    if (last - first).days >= MAX_DAYS:
        raise Rejected(f"A report can have at most {MAX_DAYS} days.")
    month = Month.from_day(first)
    if (first, last) == (month.first, month.last):
        return ReportPeriod(first, last, MONTH)
    if first.weekday() == 0 and last - first == 6 * DAY:
        return ReportPeriod(first, last, WEEK)
    return ReportPeriod(first, last)


def latest_period(kind: str, today: date) -> ReportPeriod:
    """The last complete month or week before a day."""
    if kind == WEEK:
        monday = today - timedelta(days=today.weekday() + 7)
        return ReportPeriod(monday, monday + 6 * DAY, WEEK)
    month = Month.from_day(today).plus(-1)
    return ReportPeriod(month.first, month.last, MONTH)


@dataclass(frozen=True)
class ReportSource:
    """Whose report it is, of which days and sales. region: only this one; empty for all of the scope."""

    ports: Ports
    contracts: ContractRegistry
    scope: Scope
    period: ReportPeriod
    currency: str
    reporting_currency: str
    region: str = ""
    cache: QueryCache | None = None
    portal: str = ""
    """Address of the portal, for links; empty: there are no links."""


@dataclass(frozen=True)
class ReportFacts:
    """The answers for a report. They are read when they are needed."""

    source: ReportSource

    @property
    def period(self) -> ReportPeriod:
        return self.source.period

    @property
    def currency(self) -> str:
        return self.source.currency

    @cached_property
    def filters(self) -> Filters:
        region = (self.source.region,) if self.source.region else None
        return Filters(self.period.first, self.period.last, region=region, currency=self.currency)

    @cached_property
    def totals(self) -> QueryAnswer:
        return self.ask("kpis")

    @property
    def has_sales(self) -> bool:
        return bool(self.totals.rows[0]["active_lines"])

    @cached_property
    def more_totals(self) -> QueryAnswer:
        return self.ask("headline")

    @cached_property
    def growth(self) -> QueryAnswer:
        return self.ask("growth")

    @cached_property
    def compared(self) -> PeriodComparison | None:
        """The days that growth and changes compare; None if there is nothing to compare with."""
        return queries.read_comparison(
            self.source.ports.warehouse, self.source.scope, self.filters, cache=self.source.cache
        )

    @cached_property
    def before_totals(self) -> QueryAnswer | None:
        """The totals of the period that is compared with."""
        one = self.compared
        return self.ask("kpis", replace(self.filters, start=one.before_start, end=one.before_end)) if one else None

    @cached_property
    def change(self) -> QueryAnswer:
        """The effects of the change against the period before."""
        return self.ask("change")

    @cached_property
    def movers(self) -> QueryAnswer:
        """The products with the greatest change."""
        return self.ask("change-by-group", dimension="product", limit=MOVERS)

    @cached_property
    def moved(self) -> list[Mapping[str, Any]]:
        """The rows of `movers` of products with a change."""
        return [row for row in self.movers.rows if row["item"] is not None and row["change"]]

    def groups(self, dimension: str) -> QueryAnswer:
        """Revenue by region, store, category, channel or salesperson, compared."""
        return self.ask("sales-by-dimension-compared", dimension=dimension)

    @cached_property
    def products(self) -> QueryAnswer:
        """The best sellers."""
        return self.ask("products-compared", limit=BEST_SELLERS)

    @cached_property
    def trend(self) -> QueryAnswer:
        """Revenue by month, until the month of the last day."""
        month = Month.from_day(self.period.last)
        return self.ask("sales-over-time", replace(self.filters, start=month.plus(1 - TRENDS).first), period="monthly")

    @cached_property
    def customers(self) -> QueryAnswer:
        return self.ask("customer-counts")

    @cached_property
    def refused(self) -> QueryAnswer:
        """Refused rows by region; none for roles that do not see uploads."""
        if not self.may(Action.SEE_UPLOADS):
            return QueryAnswer("refused-rows", [])
        days = {"from": self.period.first, "to": self.period.last}
        return self.ask("refused-rows", Filters(region=self.filters.region), **days)

    @cached_property
    def freshness(self) -> QueryAnswer:
        return self.ask("freshness", Filters(region=self.filters.region))

    @cached_property
    def corrections(self) -> QueryAnswer:
        """Imports after the end of the period that only corrected or removed its sales."""
        answer = self.ask("settlements", limit=1_000)
        late = [row for row in answer.rows if row["settled_at"].date() > self.period.last and _only_corrects(row)]
        return replace(answer, rows=late)

    @cached_property
    def forecast(self) -> QueryAnswer:
        """The sums of the next days."""
        level = "region" if self.source.region or self.source.scope.regions is not None else "total"
        if not self.may(Action.SEE_FORECASTS) or self.source.scope.stores is not None:
            return QueryAnswer("forecasts", [])
        filters = Filters(region=self.filters.region)
        return self.ask("forecasts", filters, target="revenue", level=level, period="sum", limit=5_000)

    @cached_property
    def goals(self) -> QueryAnswer:
        """The standings of the month of the last day in revenue, of the targets that the reader sees all sales of."""
        source, month = self.source, Month.from_day(self.period.last)
        read = MonthOfGoals(source.ports, source.contracts, source.reporting_currency, month, source.cache)
        if not read.stored.goals:
            return QueryAnswer("goals", [])
        standings = read.standings(GoalMeasure.REVENUE)
        targets = [*standings.tree.of_level(GoalLevel.COMPANY), *standings.tree.of_level(GoalLevel.REGION)]
        if source.region or source.scope.stores is not None:
            targets = [GoalTarget(source.region), *standings.tree.of_level(GoalLevel.STORE)]
        visible = [one for one in targets if self._is_shown(one)]
        rows = [standing_row(one, GoalMeasure.REVENUE) for one in standings.of_all(visible) if one.goal]
        return QueryAnswer("goals", rows, params=(("month", str(month)), ("measure", "revenue")))

    @cached_property
    def stock(self) -> QueryAnswer:
        """Stock by status, as it is now."""
        return self.ask("stock-summary", self._stock_filters)

    @property
    def has_stock(self) -> bool:
        """Whether anything was counted."""
        return any(row["kind"] not in {"not-counted", "unsold"} for row in self.stock.rows)

    @cached_property
    def stock_values(self) -> tuple[QueryAnswer, QueryAnswer] | None:
        """Stock at cost before the period and at its end, by region, or by category of one region; None if the reader
        may not see costs or there are too many sale lines."""
        if not self._has_past_stock:
            return None
        dimension = "category" if self.source.region else "region"
        before, after = (
            self.ask("stock-values", self._stock_filters, day=day, dimension=dimension)
            for day in (self.period.first - timedelta(days=1), self.period.last)
        )
        return before, after

    @cached_property
    def shrinkage(self) -> QueryAnswer | None:
        """Stock that was lost or turned up in the period, by store, cause and reason; None as `stock_values`."""
        if not self._has_past_stock:
            return None
        return self.ask("stock-shrinkage", self._stock_filters, first=self.period.first, last=self.period.last)

    @cached_property
    def outages(self) -> QueryAnswer:
        """Days on which the best sellers were out of stock, by store; longest first."""
        best = tuple(row["product"] for row in self.products.rows if row["product"])
        filters = replace(self.filters, product=best)
        return self.ask("out-of-stock", filters, first_day=self.period.first, last_day=self.period.last)

    @cached_property
    def _has_past_stock(self) -> bool:
        """Whether the reader may see what past stock cost, and there are not too many sale lines to compute it."""
        return self.may(Action.SEE_COSTS) and self.ask("kpis", Filters()).rows[0]["active_lines"] <= MAX_LINES

    @property
    def _stock_filters(self) -> Filters:
        return Filters(region=self.filters.region, currency=self.currency)

    @property
    def today(self) -> date:
        return self.source.ports.clock.now().date()

    def may(self, action: Action) -> bool:
        return self.source.scope.may(action)

    def ask(self, name: str, filters: Filters | None = None, **params: Any) -> QueryAnswer:
        """Run a query within the scope."""
        filters = filters or self.filters
        table = queries.run_query(
            self.source.ports.warehouse, name, self.source.scope, filters, cache=self.source.cache, **params
        )
        return QueryAnswer(name, table.to_pylist(), filters, tuple(params.items()))

    def _is_shown(self, target: GoalTarget) -> bool:
        return target.is_visible(self.source.scope) and self.source.region in {"", target.region}


def _only_corrects(row: Mapping[str, Any]) -> bool:
    return bool((row["corrected"] or row["removed"]) and not row["added"])
