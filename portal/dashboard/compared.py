"""What the figures of a dashboard are compared with: the previous period, the previous year, or chosen dates."""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from flask import g, request, url_for

from portal import figures
from portal.dashboard import texts
from portal.dashboard.request_filters import DashboardFilters, kept
from portal.reader_locale import days_text, month_text
from portal.urls import with_args
from tillstream.analytics.comparison import PeriodComparison

BEFORE, YEAR_BEFORE, NOTHING = "before", "year-before", "nothing"


@dataclass(frozen=True)
class Compared:
    """`chosen`: BEFORE, YEAR_BEFORE or NOTHING. `periods`: the possible comparisons by name."""

    chosen: str
    periods: dict[str, PeriodComparison]

    @property
    def period(self) -> PeriodComparison | None:
        return self.periods.get(self.chosen)

    @property
    def other(self) -> str:
        """The comparison that is shown second; empty if there is none, or if it has the dates of the chosen one."""
        chosen = self.period
        return next((name for name, period in self.periods.items() if chosen and period != chosen), "")

    def name(self, comparison: str = "") -> str:
        """The period that is compared with, in a few words: Sep 2026, previous 28 days."""
        period = self.periods[comparison or self.chosen]
        start, end = period.before_start, period.before_end
        if (start.day, end.day) == (1, monthrange(end.year, end.month)[1]) and (start.year, start.month) == (
            end.year,
            end.month,
        ):
            return month_text(start)
        if (period.start - end).days == 1 and end - start == period.end - period.start:
            return texts.previous_days((end - start).days + 1)
        return days_text(start, end)

    def link(self, **changes: str) -> str:
        """Address of the page that explains the change between both periods, with the filters of the dashboard."""
        period = self.periods[self.chosen]
        dates = {
            "from": period.start.isoformat(),
            "to": period.end.isoformat(),
            "compare-from": period.before_start.isoformat(),
            "compare-to": period.before_end.isoformat(),
        }
        return url_for("compare.show") + f"?{with_args(kept() | dates, preset=None, **changes)}"

    def amount(self, row: Mapping[str, Any], column: str) -> Any:
        """Column `before`, `change`, `growth` or `total_change` of a compared row, for the chosen comparison."""
        prefix = "year_" if self.chosen == YEAR_BEFORE else ""
        return row[f"{prefix}{column}"] if self.period else None


def of(selection: DashboardFilters) -> Compared:
    """The comparison of this request; the first possible one if it chooses none, or one without data."""
    before, year = figures.comparisons(selection.filters)
    periods = {name: period for name, period in ((BEFORE, before), (YEAR_BEFORE, year)) if period}
    chosen = request.args.get("compare", BEFORE)
    if chosen not in periods:
        chosen = NOTHING if chosen == NOTHING else next(iter(periods), NOTHING)
    return Compared(chosen, periods)


def like_for_like(selection: DashboardFilters) -> DashboardFilters:
    """The selection limited to stores with sales in both compared periods, if the request selects them.

    Links to other pages name these stores.
    """
    if request.args.get("like-for-like") != "yes" or not (comparison := of(selection)).period:
        return selection
    rows = figures.ask("sales-by-dimension-compared", selection.filters, dimension="store").to_pylist()
    stores = sorted({row["item"] for row in rows if row["item"] and row["lines"] and comparison.amount(row, "before")})
    g.filters_of_links = g.get("filters_of_links", {}) | {"store": stores}
    return replace(selection, filters=replace(selection.filters, store=tuple(stores)), like_for_like=True)


def is_partial(first: date, last: date, selection: DashboardFilters, through: date | None) -> bool:
    """Whether a period of a chart is partial: cut by the chosen dates, or not reported through its last day."""
    start, end = selection.filters.start or first, selection.filters.end or last
    return first < start or last > min(end, through or last)
