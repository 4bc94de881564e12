"""Measures: their definitions, and the explanation of a figure with the uploads in it and what is missing."""

from decimal import Decimal
from typing import Any

from flask import Blueprint, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from portal import figures, list_view
from portal.access import allow
from portal.context import scope, tillstream
from portal.dashboard.request_filters import resolved
from portal.translation import N_, _
from portal.uploads import scoped
from tillstream.analytics import measure_values
from tillstream.analytics.measure_values import visible_dimensions, visible_measures
from tillstream.analytics.measures.definitions import COUNTED_LINES, Measure
from tillstream.model.batch import BatchState
from tillstream.model.columns import STATUSES
from tillstream.model.errors import Rejected
from tillstream.model.json_text import to_json
from tillstream.model.permissions import Action

FORMATS = N_(
    {
        "money": "Amount",
        "count": "Number",
        "quantity": "Number",
        "share": "Share",
        "growth": "Growth",
        "day": "Day",
        "class": "Class",
    }
)
"""Format of a measure → its label."""
PAGES = N_(
    {
        "products-by-class": ("products.show", "Products"),
        "cohort-retention": ("customers.show", "Customers"),
        "customers-by-segment": ("customers.show", "Customers"),
    }
)
"""Query of an attribute → the endpoint and the label of the page that shows it."""
COLUMNS = N_(
    (
        {"key": "label", "label": "Measure", "sort": True},
        {"key": "description", "label": "Meaning"},
        {"key": "formula", "label": "Formula"},
        {"key": "format", "label": "Format", "sort": True},
        {"key": "owner", "label": "Owner", "sort": True},
    )
)

SORTS = ("label", "format", "owner")
blueprint = Blueprint("measures", __name__, template_folder="templates")

PER_PAGE, LAST_PAGE = 50, 10**6
LATE = 20
STATUSES_OF = {
    "active": ("completed", "pending", "returned"),
    "orders": ("completed", "pending"),
    "cancelled": ("cancelled",),
    "pending": ("pending",),
    "returned": ("returned",),
    "costed": ("completed", "pending", "returned"),
    "unconverted": ("completed", "pending", "returned"),
}
WAITING = (BatchState.HELD, BatchState.FAILED, BatchState.RECEIVED, BatchState.STAGING, BatchState.STAGED)
"""States of files that were received but are not in any figure."""


def no_page(text: str, last: int) -> str:
    return _("page is “{text}”; it must be a whole number from 1 to {last}.", text=text, last=last)


@allow(Action.SEE_NUMBERS)
def list_measures() -> ResponseReturnValue:
    """Every measure that the user may see, with its definition."""
    query = list_view.list_query(sorts=SORTS, filters=("owner",), default_sort="")
    visible = visible_measures(scope())
    owners, words = query.chosen["owner"], query.q.casefold().split()
    chosen = [one for one in visible if not owners or one.owner in owners]
    rows = [one for one in chosen if all(word in _searched(one) for word in words)]
    if query.sort:
        rows.sort(key=lambda one: getattr(one, query.column).casefold(), reverse=query.down)
    return render_template(
        "measures/list.html",
        page=list_view.page_of(query, rows),
        columns=COLUMNS,
        formats=FORMATS,
        owners=[(one, one) for one in dict.fromkeys(one.owner for one in visible)],
        dimensions=visible_dimensions(scope()),
    )


@allow(Action.SEE_NUMBERS)
def measures_data() -> ResponseReturnValue:
    """Definitions of the measures and dimensions that the user may see."""
    shown = [one.published() for one in visible_measures(scope())]
    by = [{"name": one.name, "label": one.label, "is_period": one.is_period} for one in visible_dimensions(scope())]
    return jsonify({"measures": shown, "dimensions": by})


def _searched(one: Measure) -> str:
    return f"{one.name} {one.label} {one.description} {one.formula}".casefold()


blueprint.add_url_rule("/measures", "listing", list_measures)
blueprint.add_url_rule("/api/v1/measures", "definitions", measures_data)


@blueprint.get("/why/<figure>", endpoint="explanation")
@allow(Action.SEE_NUMBERS)
def explanation(figure: str) -> ResponseReturnValue:
    """Explanation of a figure as a page."""
    page = _page()
    why, filters = _explained(figure, page), resolved()[0]
    return render_template(
        "measures/explanation.html",
        why=why,
        attribute_page=PAGES.get(why.measure.query) if why.measure.grain == "attribute" else None,
        counted=COUNTED_LINES[why.measure.lines],
        filters=filters,
        lines_of=_statuses(why.measure.lines, filters.get("status")),
        scope=scope(),
        waiting=_waiting(),
        late=why.missing.late[:LATE],
        page=page,
        more=page * PER_PAGE < why.all_uploads,
        **_cost_shares(why),
    )


@blueprint.get("/api/why/<figure>", endpoint="explanation_data")
@blueprint.get("/api/v1/why/<figure>", endpoint="explanation_data")
@allow(Action.SEE_NUMBERS)
def explanation_data(figure: str) -> ResponseReturnValue:
    """One figure: its value, definition and formula, the uploads in it and what is missing from it; takes `page`."""
    why = _explained(figure, _page())
    waiting = [{"state": state, "files": len(files)} for state, files in _waiting().items()]
    answer = to_json(why)
    del answer["measure"]
    counted = COUNTED_LINES[why.measure.lines]
    return jsonify({"figure": _published(why.measure)} | answer | {"counted": counted, "waiting": waiting})


def _published(one: Measure) -> dict[str, str]:
    """The definition of a measure as this operation has always named its properties."""
    return {
        "name": one.name,
        "label": one.label,
        "unit": "count" if one.format == "quantity" else one.format,
        "query": one.query,
        "counts": one.lines,
        "definition": one.description,
        "formula": one.formula,
        "rule": one.rule,
    }


def _page() -> int:
    """Requested page of uploads. Raises `Rejected`."""
    text = request.args.get("page", "1")
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(LAST_PAGE)) and 1 <= int(text) <= LAST_PAGE):
        raise Rejected(no_page(text, LAST_PAGE))
    return int(text)


def _statuses(counts: str, chosen: list[str] | None) -> list[str]:
    """Statuses of the lines that a figure counts, limited to the chosen ones; empty for all."""
    counted = [status for status in STATUSES if status in STATUSES_OF.get(counts, STATUSES)]
    if chosen:
        return [status for status in counted if status in chosen]
    return counted if len(counted) < len(STATUSES) else []


def _explained(figure: str, page: int) -> measure_values.MeasureExplanation:
    app = tillstream()
    return measure_values.explain_measure(
        app.ports.warehouse,
        scope(),
        figure,
        figures.parse_filters(resolved()[0]),
        cache=app.queries,
        limit=PER_PAGE,
        offset=(page - 1) * PER_PAGE,
        whatever_it_takes="uploads" in request.args,
    )


def _cost_shares(why: measure_values.MeasureExplanation) -> dict[str, Decimal]:
    """Shares of the revenue whose cost is not known, and whose cost is from the catalogue or from the sources.

    All are 0 for a figure that is not of lines with costs, or without any cost.
    """
    shares = dict.fromkeys(("without_cost", "catalogue_cost", "source_cost"), Decimal(0))
    if why.measure.lines != "costed":
        return shares
    (headline,) = figures.rows("headline", figures.parse_filters(resolved()[0]))
    coverage, catalogue = headline["cost_coverage"], headline["catalogue_coverage"] or Decimal(0)
    if coverage is None:
        return shares
    return {"without_cost": 1 - coverage, "catalogue_cost": catalogue, "source_cost": coverage - catalogue}


def _waiting() -> dict[str, list[Any]]:
    """State → files in the scope of the user that are not in any figure yet.

    Empty for a salesperson, because the salespeople of these files are not known yet.
    """
    if scope().salesperson is not None:
        return {}
    wanted = set(request.args.getlist("region"))
    files_by_state = {
        state.value: [one for one in scoped.newest_batches(state=state) if not wanted or one.region in wanted]
        for state in WAITING
    }
    return {state: files for state, files in files_by_state.items() if files}
