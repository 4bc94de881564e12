"""An exploration as a tile of a dashboard, and the addresses that lead from one."""

from dataclasses import replace
from datetime import date
from typing import Any

from flask import render_template, request, url_for

from portal import figures, list_view
from portal.dashboard import charts, request_filters
from portal.dashboard.request_filters import DashboardFilters
from portal.explore import answer, chart, labels, table
from portal.explore.answer import Row
from portal.explore.labels import PERIOD_LENGTHS
from portal.explore.selection import (
    BEFORE,
    CHANGE,
    GOAL_PARTS,
    GROWS,
    GROWTH,
    POINTS,
    MeasureColumn,
    column_format,
    read_exploration,
)
from portal.reader_locale import days_text
from portal.translation import _
from portal.urls import with_args
from tillstream.analytics.compared_figure import ComparedFigure
from tillstream.analytics.explorations import Exploration
from tillstream.analytics.filters import COLUMNS, DATE_FILTERS, OWN_DATES
from tillstream.analytics.measures.definitions import Dimension
from tillstream.analytics.queries import Forbidden
from tillstream.explore.own_dashboards import TileContent
from tillstream.model.errors import Rejected

FilterArguments = dict[str, list[str]]

SHOW, SLOT = "show", "slot"
"""Arguments of the address that are not of the exploration: what is shown, and the id of its chart."""
MAX_ROWS, MAX_UNDER_CHART = 8, 20


def exploration_filters(selection: DashboardFilters) -> FilterArguments:
    """Filters as arguments of links; a preset by its name, so that a saved view moves on with time."""
    if selection.preset == OWN_DATES:
        return dict(selection.values)
    others = {name: one for name, one in selection.values.items() if name not in DATE_FILTERS}
    return others | ({"preset": [selection.preset]} if selection.preset else {})


def group_lines_link(
    exploration: Exploration,
    values: FilterArguments,
    row: Row,
    column: MeasureColumn | None = None,
    compared_with: tuple[date, date] | None = None,
) -> str:
    """Address of the sale lines of a group, or of a number of it; empty if no filter can express them.

    column: of the number; None: the whole group. compared_with: first and last day of the other side of a comparison.
    """
    chosen: dict[str, Any] = dict(values)
    groups = [(by, row[by.name]) for by in exploration.by]
    if column and exploration.across:
        groups.append((exploration.across, column.value))
    if column and column.part in (CHANGE, GROWTH, *GOAL_PARTS):
        return ""
    if column and column.part == BEFORE and compared_with:
        chosen |= {"from": [compared_with[0].isoformat()], "to": [compared_with[1].isoformat()]}
    for by, value in groups:
        narrowed = _narrowed(by, value)
        if narrowed is None or (by.is_period and sum(one.is_period for one, _ in groups) > 1):
            return ""
        if by.is_period:
            narrowed = _within(narrowed, values)
        chosen |= narrowed
    return url_for("sale_lines.show") + f"?{with_args(chosen)}"


def _narrowed(by: Dimension, value: Any) -> FilterArguments | None:
    if value is None or value == "":
        return None
    if by.is_period:
        first, last = charts.span(value, PERIOD_LENGTHS[by.name])
        return {"from": [first.isoformat()], "to": [last.isoformat()]}
    return {by.name: [str(value)]} if by.name in COLUMNS else None


def _within(period: FilterArguments, values: FilterArguments) -> FilterArguments:
    """The days of a period that the page shows."""
    start, end = date.fromisoformat(period["from"][0]), date.fromisoformat(period["to"][0])
    if values.get("from"):
        start = max(start, date.fromisoformat(values["from"][0]))
    if values.get("to"):
        end = min(end, date.fromisoformat(values["to"][0]))
    return {"from": [start.isoformat()], "to": [end.isoformat()]}


def usual_form(exploration: Exploration) -> TileContent:
    """What a tile of the exploration shows, unless another form is chosen."""
    if not exploration.dimensions:
        return TileContent.NUMBER
    return TileContent.TABLE if exploration.chart == "none" else TileContent.CHART


def tile_body(show: str, slot: str) -> str:
    """Rendered HTML of the exploration of this request, or why this reader cannot see it. Raises `Unavailable`."""
    address = f"{url_for('explore.show')}?{with_args(request.args.to_dict(flat=False), **{SHOW: None, SLOT: None})}"
    try:
        return _body(show, slot, address)
    except (Rejected, Forbidden) as error:
        return render_template("explore/tile_refused.html", error=error, address=address)


def _body(show: str, slot: str, address: str) -> str:
    exploration, selection = read_exploration(), request_filters.read_filters()
    limited = []
    if show == TileContent.NUMBER:
        if exploration.having or exploration.first:
            limited.append(_("The number is the total of all groups, without a limit."))
        exploration = replace(
            exploration, measures=exploration.measures[:1], by=(), across=None, first=0, goals=False, having=None
        )
    result = answer.load_answer(exploration, selection)
    query, rows = table.table_query(exploration, exploration_filters(selection) | exploration.args, result)
    if result.limit:
        limited.append(_("Only groups with: {limit}.", limit=result.limit))
    if len(rows) < len(result.rows):
        limited.append(table.limited_text(len(rows), len(result.rows)))
    figure = chart.draw_chart(exploration, result, selection.filters, rows) if show == TileContent.CHART else None
    drawn = figure.data if figure else None
    shown = list_view.page_of(replace(query, page=1, size=MAX_UNDER_CHART if drawn else MAX_ROWS), rows)
    unfinished = table.incomplete_of(exploration, result, selection.filters)
    table.look_up_names(exploration, result, shown)
    return render_template(
        "explore/tile.html",
        slot=slot,
        address=address,
        exploration=exploration,
        is_number=show == TileContent.NUMBER,
        figure=drawn,
        summary=chart.chart_summary(exploration),
        rows=shown.rows,
        others=max(0, len(rows) - len(shown.rows)),
        heads=table.table_heads(exploration, result, unfinished),
        unfinished=unfinished,
        columns=table.table_columns(exploration, result),
        change=_change(exploration, result) if show == TileContent.NUMBER else None,
        points=next((one.key for one in result.columns[:3] if column_format(one) == POINTS), ""),
        against=_("vs {days}", days=days_text(result.compared.before_start, result.compared.before_end))
        if result.compared
        else "",
        days=_days(selection),
        nothing=_("No groups match.") if result.limit else _("No sales match."),
        notes=[*limited, *result.notes, *(figure.notes if figure else ())],
        name_of=labels.value_label,
        codes=labels.CODES,
        currency=figures.currency(),
    )


def _change(exploration: Exploration, result: answer.ExplorationAnswer) -> ComparedFigure | None:
    """The number of the tile and what it is compared with; None if nothing is compared."""
    (one, *_), row = exploration.measures, result.rows[0] if result.rows else {}
    key = f"{one.name}.{BEFORE}"
    return ComparedFigure.of_whole(row[one.name], row[key]) if one.format in GROWS and key in row else None


def _days(selection: DashboardFilters) -> str:
    start, end = selection.filters.start, selection.filters.end
    return days_text(start, end) if start and end else ""
