"""Pages about customers: segments by recency, frequency and monetary value, and how many come back."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from portal import figures, list_view
from portal.access import allow
from portal.context import ports, scope, tillstream
from portal.dashboard import filter_bar
from portal.dashboard.request_filters import DashboardFilters, lines_link, link_filters, read_filters
from portal.list_view import TableHead
from portal.translation import N_, _
from tillstream.analytics import measure_values
from tillstream.analytics.filters import ALL_TIME
from tillstream.model.errors import NotFound
from tillstream.model.permissions import Action
from tillstream.model.text import fold_case
from tillstream.ports.warehouse import Row

SEGMENTS = N_(
    {
        "champions": ("Champions", "Bought recently and often"),
        "loyal": ("Loyal", "Buy often, and not long ago"),
        "potential-loyal": ("Potentially loyal", "Bought recently, and more than once"),
        "new": ("New", "Bought very recently, and rarely"),
        "promising": ("Promising", "Bought recently, and rarely"),
        "need-attention": ("Need attention", "Average in both: a reminder can keep them"),
        "about-to-sleep": ("About to sleep", "Rare buyers whose last purchase is a while ago"),
        "cannot-lose": ("Cannot lose", "Bought most often, but not for a long time"),
        "at-risk": ("At risk", "Bought often, but not for a long time"),
        "hibernating": ("Hibernating", "Bought rarely, and a long time ago"),
    }
)
"""Segment → its label and meaning, the best first."""
PERIODS = N_({"monthly": "Months", "quarterly": "Quarters"})
SINCE = N_({"monthly": "Month", "quarterly": "Quarter"})
COLUMNS = N_(
    {
        "customer": "Customer",
        "segment": "Segment",
        "revenue": "Revenue",
        "last_purchase_date": "Last purchase",
        "purchase_days": "Days with a purchase",
        "recency_score": "Recency",
        "frequency_score": "Frequency",
        "monetary_score": "Monetary value",
    }
)

MONTHS = {"monthly": 1, "quarterly": 3}
MAX_ROWS, MAX_COLUMNS = 24, 13
"""The newest cohorts, and the periods since the first purchase, that a page shows."""
SHADES = (Decimal("0.05"), Decimal("0.15"), Decimal("0.3"), Decimal("0.5"))
"""Lower limits of the shades 1 to 4."""

blueprint = Blueprint("customers", __name__, template_folder="templates")

FIGURES = ("customers", "repeat_customers", "revenue", "orders", "anonymous_lines")
MAX_CUSTOMERS = 5_000
"""Customers of a segment that are listed, those with the highest revenue."""
SORTS = tuple(COLUMNS)


@dataclass(frozen=True)
class CohortCell:
    """`customers` is 0 if nobody came back. `is_complete`: whether the whole period is reported."""

    customers: int
    retention: Decimal
    is_complete: bool

    @property
    def shade(self) -> int:
        return sum(self.retention >= limit for limit in SHADES)


@dataclass(frozen=True)
class Cohort:
    """`cells`: by the number of periods since the first one; None for periods after the last reported day."""

    start: date
    size: int
    cells: list[CohortCell | None]


def cohort_table(rows: Iterable[Row], period: str, last_day: date | None) -> list[Cohort]:
    """Arrange the rows of `cohort-retention`, oldest cohort first; `last_day`: the last reported one in the filters."""
    by_cohort: dict[date, dict[int, Row]] = {}
    for row in rows:
        by_cohort.setdefault(row["cohort"], {})[row["periods_since"]] = row
    newest = sorted(by_cohort)[-MAX_ROWS:]
    return [_cohort(start, by_cohort[start], MONTHS[period], last_day) for start in newest]


def cohort_width(table: list[Cohort]) -> int:
    """Number of columns that have a value in some row."""
    return max((sum(cell is not None for cell in one.cells) for one in table), default=0)


def _cohort(start: date, rows: dict[int, Row], months: int, last_day: date | None) -> Cohort:
    size = next(iter(rows.values()))["cohort_size"]
    cells: list[CohortCell | None] = []
    for number in range(MAX_COLUMNS):
        begins, ends = _month_after(start, number * months), _month_after(start, (number + 1) * months)
        if last_day is None or begins > last_day:
            cells.append(None)
            continue
        row = rows.get(number)
        customers, retention = (row["customers"], row["retention"]) if row else (0, Decimal(0))
        cells.append(CohortCell(customers, retention, is_complete=ends - timedelta(days=1) <= last_day))
    return Cohort(start, size, cells)


def _month_after(start: date, months: int) -> date:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, 1)


@blueprint.get("/customers", endpoint="show")
@allow(Action.SEE_NUMBERS)
def show_customers() -> ResponseReturnValue:
    """Segments and cohorts of the selected sales."""
    selection = read_filters(default=ALL_TIME)
    period = request.args.get("cohorts", "monthly")
    period = period if period in PERIODS else "monthly"
    values = measure_values.query_measures(
        ports().warehouse, FIGURES, (), scope(), selection.filters, cache=tillstream().queries
    ).to_pylist()[0]
    first_day, last_day = _reported(selection)
    rows = figures.rows("cohort-retention", selection.filters, period=period)
    table = cohort_table(rows, period, last_day)
    return render_template(
        "customers/show.html",
        values=values,
        segments=figures.rows("rfm-segments", selection.filters),
        segment_texts=SEGMENTS,
        cohorts=table,
        width=cohort_width(table),
        has_first=first_day is not None and bool(table) and table[0].start <= first_day,
        period=period,
        periods=PERIODS,
        since=SINCE[period],
        currency=figures.currency(),
        args=link_filters(),
        **filter_bar.selection_context(selection, ("cohorts",)),
    )


@blueprint.get("/customers/segments/<segment>", endpoint="segment")
@allow(Action.SEE_PERSONAL)
def show_segment(segment: str) -> ResponseReturnValue:
    """Customers of a segment, or all with their segments."""
    if segment != "all" and segment not in SEGMENTS:
        raise NotFound(_("There is no such segment of customers."))
    selection = read_filters(default=ALL_TIME)
    query = replace(list_view.list_query(sorts=SORTS, default_sort="-revenue"), kept=link_filters())
    rows = figures.rows("customers-by-segment", selection.filters, segment=segment, limit=MAX_CUSTOMERS)
    words = query.q.casefold().split()
    matching = [row for row in rows if all(word in _text(row) for word in words)]
    matching.sort(key=lambda row: fold_case(row[query.column]), reverse=query.down)
    label, meaning = SEGMENTS.get(segment, (_("All customers"), ""))
    return render_template(
        "customers/segment.html",
        segment=segment,
        label=label,
        meaning=meaning,
        segment_texts=SEGMENTS,
        page=list_view.page_of(query, matching),
        columns=_columns(),
        all_customers=rows[0]["matching"] if rows else 0,
        most=MAX_CUSTOMERS,
        lines_of=lambda row: lines_link(q=row["customer"]),
        currency=figures.currency(),
        args=link_filters(),
    )


def _columns() -> list[TableHead]:
    """Columns as the template macro `table` expects them."""
    return [
        {
            "key": key,
            "label": label,
            "sort": True,
            "num": key not in {"customer", "segment", "last_purchase_date"},
            "unit": figures.currency() if key == "revenue" else "",
            "hint": _("From 1 to 5; 5 is the best fifth of the customers") if key.endswith("_score") else "",
        }
        for key, label in COLUMNS.items()
    ]


def _reported(selection: DashboardFilters) -> tuple[date | None, date | None]:
    """First reported day, and the last one of the selection."""
    (row,) = figures.rows("reported-days", replace(selection.filters, start=None, end=None))
    last = row["last_day"]
    return row["first_day"], min(last, selection.filters.end or last) if last else None


def _text(row: Row) -> str:
    return f"{row['customer']} {row['customer_name'] or ''}".casefold()
