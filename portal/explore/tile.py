"""An exploration as a tile of a dashboard: a chart, a table, or a number."""

from dataclasses import replace

from flask import render_template, request, url_for

from portal import figures, list_view
from portal.dashboard import request_filters
from portal.dashboard.request_filters import DashboardFilters
from portal.explore import answer, chart, labels, links, table, texts
from portal.explore.columns import GROWS, POINTS, format_of
from portal.explore.selection import BEFORE, read
from portal.reader_locale import days_text
from portal.urls import with_args
from tillstream.analytics.explorations import Exploration
from tillstream.analytics.queries import Forbidden
from tillstream.dashboards.own_dashboard import Show
from tillstream.model.compared_figure import ComparedFigure
from tillstream.model.errors import Rejected

SHOW, SLOT = "show", "slot"
"""Arguments of the address that are not of the exploration: what is shown, and the id of its chart."""
MOST_ROWS, MOST_UNDER_CHART = 8, 20


def usual(exploration: Exploration) -> Show:
    """What a tile of the exploration shows, unless another form is chosen."""
    if not exploration.dimensions:
        return Show.NUMBER
    return Show.TABLE if exploration.chart == "none" else Show.CHART


def body(show: str, slot: str) -> str:
    """Rendered HTML of the exploration of this request, or why this reader cannot see it. Raises `Unavailable`."""
    address = f"{url_for('explore.show')}?{with_args(request.args.to_dict(flat=False), **{SHOW: None, SLOT: None})}"
    try:
        return _body(show, slot, address)
    except (Rejected, Forbidden) as error:
        return render_template("explore/tile_refused.html", error=error, address=address)


def _body(show: str, slot: str, address: str) -> str:
    exploration, selection = read(), request_filters.read()
    limited = []
    if show == Show.NUMBER:
        limited = [texts.TOTAL_OF_ALL] if exploration.having or exploration.first else []
        exploration = replace(
            exploration, measures=exploration.measures[:1], by=(), across=None, first=0, goals=False, having=None
        )
    result = answer.load(exploration, selection)
    query, rows = table.shown(exploration, links.kept(selection) | exploration.args, result)
    if result.limit:
        limited.append(texts.only(result.limit))
    if len(rows) < len(result.rows):
        limited.append(texts.limited(len(rows), len(result.rows)))
    figure = chart.of(exploration, result, selection.filters, rows) if show == Show.CHART else None
    drawn = figure.data if figure else None
    shown = list_view.page_of(replace(query, page=1, size=MOST_UNDER_CHART if drawn else MOST_ROWS), rows)
    unfinished = table.incomplete_of(exploration, result, selection.filters)
    table.look_up_names(exploration, result, shown)
    by = exploration.dimensions[0].label if exploration.dimensions else ""
    return render_template(
        "explore/tile.html",
        slot=slot,
        address=address,
        exploration=exploration,
        is_number=show == Show.NUMBER,
        figure=drawn,
        summary=texts.summary(exploration.measures[0].label, by),
        rows=shown.rows,
        others=max(0, len(rows) - len(shown.rows)),
        heads=table.heads(exploration, result, unfinished),
        unfinished=unfinished,
        columns=table.columns(exploration, result),
        change=_change(exploration, result) if show == Show.NUMBER else None,
        points=next((one.key for one in result.columns[:3] if format_of(one) == POINTS), ""),
        against=texts.compared(days_text(result.compared.before_start, result.compared.before_end))
        if result.compared
        else "",
        days=_days(selection),
        nothing=texts.NO_GROUPS if result.limit else texts.NO_SALES,
        notes=[*limited, *result.notes, *(figure.notes if figure else ())],
        name_of=labels.of_value,
        codes=labels.CODES,
        currency=figures.currency(),
    )


def _change(exploration: Exploration, result: answer.Answer) -> ComparedFigure | None:
    """The number of the tile and what it is compared with; None if nothing is compared."""
    (one, *_), row = exploration.measures, result.rows[0] if result.rows else {}
    key = f"{one.name}.{BEFORE}"
    return ComparedFigure.of_whole(row[one.name], row[key]) if one.format in GROWS and key in row else None


def _days(selection: DashboardFilters) -> str:
    start, end = selection.filters.start, selection.filters.end
    return days_text(start, end) if start and end else ""
