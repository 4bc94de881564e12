"""Pages about customers: segments by recency, frequency and monetary value, and how many come back."""

from dataclasses import replace
from datetime import date
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from portal import figures, list_view
from portal.access import allow
from portal.context import ports, scope, tillstream
from portal.customers import cohorts, texts
from portal.dashboard import selection_form
from portal.dashboard.request_filters import DashboardFilters, kept, lines_link, read
from tillstream.analytics import measure_values
from tillstream.model.dates import ALL_TIME
from tillstream.model.errors import NotFound
from tillstream.model.people import Action

blueprint = Blueprint("customers", __name__, template_folder="templates")

FIGURES = ("customers", "repeat_customers", "revenue", "orders", "anonymous_lines")
MAX_CUSTOMERS = 5_000
"""Customers of a segment that are listed, those with the highest revenue."""
SORTS = tuple(texts.COLUMNS)


@blueprint.get("/customers")
@allow(Action.SEE_NUMBERS)
def show() -> ResponseReturnValue:
    """Segments and cohorts of the selected sales."""
    selection = read(default=ALL_TIME)
    period = request.args.get("cohorts", "monthly")
    period = period if period in texts.PERIODS else "monthly"
    values = measure_values.query_measures(
        ports().warehouse, FIGURES, (), scope(), selection.filters, cache=tillstream().queries
    ).to_pylist()[0]
    first_day, last_day = _reported(selection)
    rows = figures.ask("cohort-retention", selection.filters, period=period).to_pylist()
    table = cohorts.cohorts(rows, period, last_day)
    return render_template(
        "customers/show.html",
        values=values,
        segments=figures.ask("rfm-segments", selection.filters).to_pylist(),
        segment_texts=texts.SEGMENTS,
        cohorts=table,
        width=cohorts.width(table),
        has_first=first_day is not None and bool(table) and table[0].start <= first_day,
        period=period,
        periods=texts.PERIODS,
        since=texts.SINCE[period],
        currency=figures.currency(),
        args=kept(),
        **selection_form.context(selection, ("cohorts",)),
    )


@blueprint.get("/customers/segments/<segment>")
@allow(Action.SEE_PERSONAL)
def segment(segment: str) -> ResponseReturnValue:
    """Customers of a segment, or all with their segments."""
    if segment != "all" and segment not in texts.SEGMENTS:
        raise NotFound(texts.NO_SEGMENT)
    selection = read(default=ALL_TIME)
    query = replace(list_view.list_query(sorts=SORTS, default_sort="-revenue"), kept=kept())
    rows = figures.ask("customers-by-segment", selection.filters, segment=segment, limit=MAX_CUSTOMERS).to_pylist()
    words = query.q.casefold().split()
    matching = [row for row in rows if all(word in _text(row) for word in words)]
    matching.sort(key=lambda row: _order(row[query.column]), reverse=query.down)
    label, meaning = texts.SEGMENTS.get(segment, (texts.ALL, ""))
    return render_template(
        "customers/segment.html",
        segment=segment,
        label=label,
        meaning=meaning,
        segment_texts=texts.SEGMENTS,
        page=list_view.page_of(query, matching),
        columns=_columns(),
        all_customers=rows[0]["matching"] if rows else 0,
        most=MAX_CUSTOMERS,
        lines_of=lambda row: lines_link(q=row["customer"]),
        currency=figures.currency(),
        args=kept(),
    )


def _columns() -> list[dict[str, Any]]:
    """Columns as the template macro `table` expects them."""
    return [
        {
            "key": key,
            "label": label,
            "sort": True,
            "num": key not in {"customer", "segment", "last_purchase_date"},
            "unit": figures.currency() if key == "revenue" else "",
            "hint": texts.SCORES if key.endswith("_score") else "",
        }
        for key, label in texts.COLUMNS.items()
    ]


def _reported(selection: DashboardFilters) -> tuple[date | None, date | None]:
    """First reported day, and the last one of the selection."""
    (row,) = figures.ask("reported-days", replace(selection.filters, start=None, end=None)).to_pylist()
    last = row["last_day"]
    return row["first_day"], min(last, selection.filters.end or last) if last else None


def _text(row: dict[str, Any]) -> str:
    return f"{row['customer']} {row['customer_name'] or ''}".casefold()


def _order(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value
