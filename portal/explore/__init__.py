"""Explore: measures by dimensions, with a chart, a comparison, values across columns, and an export."""

from functools import partial

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import figures, filter_fields, list_view
from portal.access import allow
from portal.context import scope
from portal.dashboard import filter_bar, request_filters
from portal.explore import answer, chart, labels, table, tile
from portal.explore.selection import (
    CHARTS,
    COMPARISONS,
    KINDS,
    exploration_title,
    limit_label,
    limit_sentence,
    limitable_columns,
    read_exploration,
)
from portal.translation import _
from portal.urls import with_args
from tillstream.analytics.explorations import (
    ACROSS,
    AGAINST,
    BY,
    CHART,
    FIRST,
    FIRSTS,
    GOALS,
    MAX_DIMENSIONS,
    MEASURE,
    offered_measures,
)
from tillstream.analytics.measure_values import visible_dimensions
from tillstream.model.permissions import Action

NAMES = {one: one for one in (MEASURE, BY, ACROSS, CHART, AGAINST, FIRST, GOALS)}
blueprint = Blueprint("explore", __name__, template_folder="templates")


@blueprint.get("/explore", endpoint="show")
@allow(Action.SEE_NUMBERS)
def show() -> ResponseReturnValue:
    """Measures by dimensions, as a table and a chart."""
    exploration, selection = read_exploration(), request_filters.read_filters()
    result, kept = answer.load_answer(exploration, selection), tile.exploration_filters(selection) | exploration.args
    query, rows = table.table_query(exploration, kept, result)
    page = list_view.page_of(query, rows)
    table.look_up_names(exploration, result, page)
    figure = chart.draw_chart(exploration, result, selection.filters, rows)
    unfinished = table.incomplete_of(exploration, result, selection.filters)
    compared = result.compared
    before = (compared.before_start, compared.before_end) if compared else None
    count = len(result.rows)
    sort = _("Sort the table to choose which ones are first.")
    limited = [f"{table.limited_text(len(rows), count)} {sort}"] if len(rows) < count else []
    all_in_files = _(
        "Export and its files for other tools have all groups, without the limit; Export as shown has these."
    )
    in_order = kept | {"sort": request.args.get("sort")}
    return render_template(
        "explore/show.html",
        exploration=exploration,
        chosen={MEASURE: {one.name for one in exploration.measures}},
        offered={MEASURE: offered_measures(scope()), BY: visible_dimensions(scope())},
        names={
            "measure": MEASURE,
            "by": BY,
            "across": ACROSS,
            "chart": CHART,
            "against": AGAINST,
            "first": FIRST,
            "goals": GOALS,
        },
        most=MAX_DIMENSIONS,
        charts=CHARTS,
        comparisons=COMPARISONS,
        page=page,
        heads=table.table_heads(exploration, result, unfinished),
        unfinished=unfinished,
        columns=table.table_columns(exploration, result),
        notes=[*result.notes, *limited],
        compared=compared,
        limitable=[(one.key, limit_label(one)) for one in limitable_columns(result.columns)],
        kinds=KINDS,
        limit=limit_sentence(result.columns, exploration.having) if exploration.having else "",
        figure=figure.data if figure else None,
        all_in_files=all_in_files if exploration.having or exploration.first else "",
        chart_notes=figure.notes if figure else (),
        sort=query.sort if request.args.get("sort") else "",
        firsts=[(str(one), _("First {count:,}", count=one)) for one in FIRSTS],
        summary=chart.chart_summary(exploration),
        name_of=labels.value_label,
        codes=labels.CODES,
        lines_of=partial(tile.group_lines_link, exploration, selection.values, compared_with=before),
        filters=selection.values,
        preset=selection.preset,
        latest=filter_bar.latest_name(selection.latest) if selection.latest else filter_bar.LATEST_MONTH,
        presets=request_filters.PERIOD_CHOICES.items(),
        bar=filter_fields.page_fields(selection.values),
        currency=figures.currency(),
        address=f"{url_for('explore.show')}?{with_args(in_order)}",
        pin_title=exploration_title(exploration),
        pin_show=tile.usual_form(exploration),
        export=f"{url_for('explore.export')}?{with_args(kept, format='csv')}",
        export_shown=f"{url_for('explore.export_shown')}?{with_args(in_order, format='csv')}",
    )


@blueprint.get("/explore/tile", endpoint="tile_of")
@allow(Action.SEE_NUMBERS)
def tile_of() -> str:
    """An exploration as an HTML fragment: a chart, a table, or a number."""
    return tile.tile_body(request.args.get(tile.SHOW, ""), request.args.get(tile.SLOT, ""))


@blueprint.get("/explore/file", endpoint="export")
@allow(Action.SEE_NUMBERS)
def export() -> Response:
    """All groups as a file, without a comparison, and with the values across columns in rows."""
    exploration, selection = read_exploration(), request_filters.read_filters()
    return table.groups_file(exploration, selection, request.args.get("format", "csv"))


@blueprint.get("/explore/shown", endpoint="export_shown")
@allow(Action.SEE_NUMBERS)
def export_shown() -> Response:
    """The table as a file: with the comparison, or with values across columns, in the order of the page."""
    exploration, selection = read_exploration(), request_filters.read_filters()
    return table.shown_file(exploration, selection, request.args.get("format", "csv"))
