"""Filters in the address of a dashboard, links with changed filters, and what the figures are compared with."""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from flask import g, request, url_for

from portal import figures
from portal.context import ports
from portal.reader_locale import days_text, month_text
from portal.translation import N_, _
from portal.urls import with_args
from tillstream.analytics.filters import (
    ALL_TIME,
    DATE_FILTERS,
    OWN_DATES,
    Filters,
    LatestPeriod,
    PeriodComparison,
    is_filter,
    with_preset_dates,
)

BEFORE, YEAR_BEFORE, NOTHING = "before", "year-before", "nothing"
PRESETS = N_(
    {
        "yesterday": "Yesterday",
        "last-week": "Last week",
        "last-7-days": "Last 7 days",
        "last-30-days": "Last 30 days",
        "this-month": "This month",
        "last-month": "Last month",
        "this-quarter": "This quarter",
        "this-year": "This year",
        "last-year": "Last year",
        "last-12-months": "Last 12 months",
    }
)
PERIOD_CHOICES = {ALL_TIME: N_("All time"), **PRESETS, OWN_DATES: N_("Custom dates")}
PERIODS = N_({"daily": "Days", "weekly": "Weeks", "monthly": "Months", "quarterly": "Quarters", "yearly": "Years"})
COMPARISONS = N_({"before": "Previous period", "year-before": "Previous year", "nothing": "None"})


@dataclass(frozen=True)
class DashboardFilters:
    """`values`: the filters as text, with the dates of a preset. `preset`: its name; `own`: other dates; empty: the
    latest period, if there is one. `latest`: the latest period of the chosen regions and stores."""

    values: dict[str, list[str]]
    filters: Filters
    preset: str
    period: str
    latest: LatestPeriod | None = None
    like_for_like: bool = False
    """Whether only stores with sales in both compared periods count."""

    @property
    def has_period(self) -> bool:
        """Whether both dates are set, so that there is a period before to compare with."""
        return self.filters.start is not None and self.filters.end is not None


def read_filters(default: str = "") -> DashboardFilters:
    """Filters of this request; default: see `resolved`. Raises `Rejected`, `UnknownValue`."""
    values, preset = resolved(default)
    period = request.args.get("period", "")
    filters = figures.parse_filters(values)
    latest = figures.latest(filters)
    if latest and not preset:
        values |= dates_in_address(latest)
        filters = replace(filters, start=latest.start, end=latest.end)
        g.filters_of_links = dates_in_address(latest)
    return DashboardFilters(values, filters, preset, period if period in PERIODS else default_period(filters), latest)


def dates_in_address(period: LatestPeriod) -> dict[str, list[str]]:
    return {"from": [period.start.isoformat()], "to": [period.end.isoformat()]}


def default_period(filters: Filters) -> str:
    """Default period length for the range of dates."""
    if filters.start is None or filters.end is None:
        return "monthly"
    days = (filters.end - filters.start).days
    return "daily" if days < 93 else "monthly" if days < 6 * 366 else "quarterly"


def resolved(default: str = "") -> tuple[dict[str, list[str]], str]:
    """Filters of the address as text, and the preset of their dates. default: the preset of an address without any."""
    values, preset = figures.requested_filters(), request.args.get("preset", "")
    if not preset and not any(name in values for name in DATE_FILTERS):
        preset = default
    return with_preset_dates(values, preset, ports().clock.now().date())


def here(anchor: str = "", /, **changes: Any) -> str:
    """Address of the current dashboard or page with changes; new dates replace a preset."""
    if "from" in changes or "to" in changes:
        changes.setdefault("preset", None)
    changes.setdefault("whole", None)
    query = with_args(request.args.to_dict(flat=False), **changes)
    path = url_for("dashboard.show") if request.blueprint == "dashboard" else request.path
    return path + (f"?{query}" if query else "") + (f"#{anchor}" if anchor else "")


def tile_address(name: str) -> str:
    query = with_args(request.args.to_dict(flat=False), whole=None)
    return url_for("dashboard.tile", tile=name) + (f"?{query}" if query else "")


def why_link(figure: str) -> str:
    """Address of the page that explains a figure of this dashboard."""
    return _with_filters(url_for("measures.explanation", figure=figure))


def table_link(name: str, **changes: Any) -> str:
    """Address of the page with all rows of a breakdown."""
    return _with_filters(url_for("dashboard.table", ranking=name), compare=request.args.get("compare"), **changes)


def file_link(query: str, **params: Any) -> str:
    """Address of the rows of a tile as a CSV file."""
    return _with_filters(url_for("exports.table", table=query), format="csv", **params)


def lines_link(**changes: Any) -> str:
    """Address of the sale lines behind a figure; new dates replace a preset."""
    if "from" in changes or "to" in changes:
        changes.setdefault("preset", None)
    return _with_filters(url_for("sale_lines.show"), **changes)


def link_filters() -> dict[str, list[str]]:
    """Filters for links to other pages, with those that the address leaves out: the dates of the latest period, and the
    stores of a comparison like for like."""
    chosen = {
        name: values for name, values in request.args.lists() if (is_filter(name) or name == "preset") and any(values)
    }
    own: dict[str, list[str]] = g.get("filters_of_links", {})
    return chosen | own


def _with_filters(path: str, **changes: Any) -> str:
    """Address of another page with the current filters."""
    query = with_args(link_filters(), **changes)
    return path + (f"?{query}" if query else "")


@dataclass(frozen=True)
class FigureComparison:
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
            return _("previous {count} days", count=(end - start).days + 1)
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
        return url_for("compare.show") + f"?{with_args(link_filters() | dates, preset=None, **changes)}"

    def amount(self, row: Mapping[str, Any], column: str) -> Any:
        """Column `before`, `change`, `growth` or `total_change` of a compared row, for the chosen comparison."""
        prefix = "year_" if self.chosen == YEAR_BEFORE else ""
        return row[f"{prefix}{column}"] if self.period else None


def comparison_of(selection: DashboardFilters) -> FigureComparison:
    """The comparison of this request; the first possible one if it chooses none, or one without data."""
    before, year = figures.comparisons(selection.filters)
    periods = {name: period for name, period in ((BEFORE, before), (YEAR_BEFORE, year)) if period}
    chosen = request.args.get("compare", BEFORE)
    if chosen not in periods:
        chosen = NOTHING if chosen == NOTHING else next(iter(periods), NOTHING)
    return FigureComparison(chosen, periods)


def like_for_like(selection: DashboardFilters) -> DashboardFilters:
    """The selection limited to stores with sales in both compared periods, if the request selects them.

    Links to other pages name these stores.
    """
    if request.args.get("like-for-like") != "yes" or not (comparison := comparison_of(selection)).period:
        return selection
    rows = figures.rows("sales-by-dimension-compared", selection.filters, dimension="store")
    stores = sorted({row["item"] for row in rows if row["item"] and row["lines"] and comparison.amount(row, "before")})
    g.filters_of_links = g.get("filters_of_links", {}) | {"store": stores}
    return replace(selection, filters=replace(selection.filters, store=tuple(stores)), like_for_like=True)


def is_partial(first: date, last: date, selection: DashboardFilters, through: date | None) -> bool:
    """Whether a period of a chart is partial: cut by the chosen dates, or not reported through its last day."""
    start, end = selection.filters.start or first, selection.filters.end or last
    return first < start or last > min(end, through or last)
