"""The definitions of the measures, as a page and for programs."""

from flask import jsonify, render_template
from flask.typing import ResponseReturnValue

from portal import list_view
from portal.access import allow
from portal.context import scope
from portal.measures import texts
from tillstream.analytics.measures import definition
from tillstream.analytics.measures.definition import Measure
from tillstream.analytics.measures.dimensions import DIMENSIONS, Dimension
from tillstream.domain.people import Action

SORTS = ("label", "format", "owner")


@allow(Action.SEE_NUMBERS)
def listing() -> ResponseReturnValue:
    """Every measure that the user may see, with its definition."""
    query = list_view.list_query(sorts=SORTS, filters=("owner",), default_sort="")
    visible = _visible_measures()
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
        dimensions=_visible_dimensions(),
    )


@allow(Action.SEE_NUMBERS)
def definitions() -> ResponseReturnValue:
    """Definitions of the measures and dimensions that the user may see."""
    shown = [
        {
            "name": one.name,
            "label": one.label,
            "format": one.format,
            "grain": one.grain,
            "lines": one.lines,
            "description": one.description,
            "formula": one.formula,
            "rule": one.rule,
            "query": one.query,
            "owner": one.owner,
        }
        for one in _visible_measures()
    ]
    by = [{"name": one.name, "label": one.label, "is_period": one.is_period} for one in _visible_dimensions()]
    return jsonify({"measures": shown, "dimensions": by})


def _visible_measures() -> list[Measure]:
    may = scope().may
    return [one for one in definition.measures().values() if not one.reads_costs or may(Action.SEE_COSTS)]


def _visible_dimensions() -> list[Dimension]:
    return [one for one in DIMENSIONS.values() if not one.is_personal or scope().may(Action.SEE_PERSONAL)]


def _searched(one: Measure) -> str:
    return f"{one.name} {one.label} {one.description} {one.formula}".casefold()
