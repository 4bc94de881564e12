"""Key figures: one strip with change and sparkline, the others behind a fold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from portal import figures
from portal.context import TemplateContext, scope
from portal.dashboard import charts, request_filters
from portal.dashboard.filter_bar import latest_name
from portal.dashboard.request_filters import DashboardFilters, FigureComparison, dates_in_address, here
from portal.dashboard.role_layouts import ROLE_LAYOUTS
from portal.formats import days
from portal.translation import N_, _
from tillstream.analytics.compared_figure import ComparedFigure
from tillstream.analytics.filters import LATEST_DAYS, Filters, LatestPeriod
from tillstream.analytics.measures.definitions import find_measure
from tillstream.ports.warehouse import Row

WIDTH, HEIGHT = 100, 28
DAYS = 62
"""Longest period with a point per day; a longer one has a point per week, and per month from WEEKS on."""
WEEKS = 400
SparklineSeries = dict[str, list[float]]

STRIP = ("revenue", "orders", "average_order_value", "units", "customers")
SIZES: dict[str, Callable[[Any], Any]] = {
    "margin": lambda value: value,
    "returned_value": lambda value: -value,
    "cancelled_value": lambda value: value,
    "active_lines": lambda value: value,
}
"""Figures whose base is queried here → their size; returns are negative amounts."""
CURRENCIES = 8
"""Maximum number of currencies that the card lists; the others are only counted."""


def load_sparkline(selection: DashboardFilters, first: date | None, last: date | None) -> SparklineSeries:
    """figure → its value in each day, week or month from `first` to `last`, whole ones only; 0 without sales."""
    if first is None or last is None:
        return {}
    length = (last - first).days + 1
    period = "daily" if length <= DAYS else "weekly" if length <= WEEKS else "monthly"
    rows = figures.rows("figures-over-time", selection.filters, period=period)
    starts = charts.over_time(rows, period, "")["starts"]
    whole = [start for start in starts if start >= first and charts.span(start, period)[1] <= last]
    by_start: dict[date, Row] = {row["period_start"]: row for row in rows}
    names = [name for name in (rows[0] if rows else {}) if name != "period_start"]
    return {name: [float(by_start.get(start, {}).get(name) or 0) for start in whole] for name in names}


def sparkline_points(values: Sequence[float]) -> str:
    """The `sparkline_points` of a polyline in WIDTH × HEIGHT; empty for fewer than two values. The lowest point is 0
    or less.

    Amounts that are never positive, such as returns, are drawn by their size.
    """
    if max(values, default=0) <= 0:
        values = [-value for value in values]
    if len(values) < 2:
        return ""
    low, high = min(0, *values), max(0, *values)
    scale = (HEIGHT - 2) / ((high - low) or 1)
    step = WIDTH / (len(values) - 1)
    return " ".join(f"{at * step:.1f},{HEIGHT - 1 - (value - low) * scale:.1f}" for at, value in enumerate(values))


@dataclass(frozen=True)
class Card:
    """A key figure. `figure`: the name of its measure. `turned`: a rise is bad. `name`: instead of its label."""

    figure: str
    turned: bool = False
    name: str = ""

    @property
    def kind(self) -> str:
        return find_measure(self.figure).format

    @property
    def label(self) -> str:
        return self.name or _(find_measure(self.figure).label)


CARDS = (
    *(Card(one) for one in (*STRIP, "new_customers", "margin")),
    *(Card(one, turned=True) for one in ("returned_value", "cancelled_value")),
    Card("active_lines", name=N_("Sale lines")),
)


def load_key_figures(selection: DashboardFilters) -> TemplateContext:
    totals, (money, growth) = figures.key_figures(selection.filters, "by-currency", "growth")
    if not totals["lines"]:
        everything = figures.kpis(Filters())
        return {"kpis": totals, "everything": everything, "offer": _offer(selection, everything["last_sale_date"])}
    own_money = money.to_pylist()
    foreign = [row for row in own_money if not row["is_reporting"]]
    comparison = request_filters.comparison_of(selection)
    layout = ROLE_LAYOUTS[scope().role]
    cards = [card for card in CARDS if _is_informative(card, totals)]
    further = [name for name in layout.figures if any(card.figure == name for card in cards)][:1]
    return {
        "own_money": own_money[:CURRENCIES],
        "more_money": len(own_money) - len(own_money[:CURRENCIES]),
        "foreign": bool(foreign),
        "kpis": totals,
        "strip": [card for card in cards if card.figure in {*STRIP, *further}],
        "more": [card for card in cards if card.figure not in {*STRIP, *further}],
        "changes": _changes(selection, comparison, figures.by_figure(growth), totals),
        "sparks": {name: sparkline_points(values) for name, values in _series(selection, totals).items()},
        "compared": comparison,
    }


def _offer(selection: DashboardFilters, last_day: date | None) -> dict[str, str]:
    """The latest period as a link, for a period without sales; if that is empty too, the last days with sales."""
    if selection.latest and selection.preset:
        return {"name": latest_name(selection.latest), "link": here(**{"from": None, "to": None, "preset": None})}
    if last_day is None:
        return {}
    last = LatestPeriod(last_day - timedelta(days=LATEST_DAYS - 1), last_day, is_month=False)
    return {"name": days(last.start, last.end).striptags(), "link": here(**dates_in_address(last))}


def _series(selection: DashboardFilters, totals: Row) -> SparklineSeries:
    filters, through = selection.filters, totals["last_sale_date"]
    last = min(filters.end, through) if filters.end and through else through
    return load_sparkline(selection, filters.start or totals["first_sale_date"], last)


def _changes(
    selection: DashboardFilters, comparison: FigureComparison, growth: dict[str, Row], totals: Row
) -> dict[str, dict[str, ComparedFigure]]:
    """Comparison → figure → what it is compared with, as both are written; empty if nothing is compared."""
    shown = [name for name in (comparison.chosen, comparison.other) if name in comparison.periods]
    columns = {request_filters.BEFORE: "before", request_filters.YEAR_BEFORE: "year_before"}
    money = {card.figure for card in CARDS if card.kind == "money"}
    changes: dict[str, dict[str, ComparedFigure]] = {}
    for name in shown:
        period = comparison.periods[name]
        sales = selection.filters.against or selection.filters
        before = replace(sales, start=period.before_start, end=period.before_end, before_start=None, before_end=None)
        earlier = figures.rows("headline", before)[0]
        of_period = {
            figure: ComparedFigure(totals[figure], row["value"], row[columns[name]]) for figure, row in growth.items()
        } | {
            figure: ComparedFigure.of_whole(*(size(one[figure]) for one in (totals, earlier)))
            for figure, size in SIZES.items()
            if figure in totals
        }
        changes[name] = {
            figure: one.in_currency(figures.currency() if figure in money else "") for figure, one in of_period.items()
        }
    return changes


def _is_informative(card: Card, totals: Row) -> bool:
    """Whether a card adds something: not if all customers are new, or there are no returns or cancellations."""
    match card.figure:
        case "new_customers":
            return bool(totals["new_customers"] != totals["customers"])
        case "returned_value":
            return bool(totals["returned_lines"])
        case "cancelled_value":
            return bool(totals["cancelled_lines"])
        case _:
            return totals.get(card.figure) is not None
