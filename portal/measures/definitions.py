"""The definitions of the measures, as a page and for programs."""

from flask import jsonify, render_template
from flask.typing import ResponseReturnValue

from portal import list_view
from portal.access import allow
from portal.context import scope
from portal.measures import texts
from tillstream.analytics.measure_values import visible_dimensions, visible_measures
from tillstream.analytics.measures.definitions import Measure
from tillstream.model.people import Action

SORTS = ("label", "format", "owner")


@allow(Action.SEE_NUMBERS)
def listing() -> ResponseReturnValue:
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
        columns=texts.COLUMNS,
        formats=texts.FORMATS,
        owners=[(one, one) for one in dict.fromkeys(one.owner for one in visible)],
        dimensions=visible_dimensions(scope()),
    )


@allow(Action.SEE_NUMBERS)
def definitions() -> ResponseReturnValue:
    """Definitions of the measures and dimensions that the user may see."""
    shown = [one.published() for one in visible_measures(scope())]
    by = [{"name": one.name, "label": one.label, "is_period": one.is_period} for one in visible_dimensions(scope())]
    return jsonify({"measures": shown, "dimensions": by})


def _searched(one: Measure) -> str:
    return f"{one.name} {one.label} {one.description} {one.formula}".casefold()
