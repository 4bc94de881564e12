"""Dashboard: sales figures, trends and data status, with a layout for each role."""

from datetime import timedelta

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import figures, filter_fields
from portal.access import allow
from portal.context import me, ports, scope, tillstream
from portal.dashboard import filter_bar, request_filters, tiles
from portal.dashboard.breakdowns import TABLES, table_page
from portal.dashboard.breakdowns import visible_dimensions as dimensions
from portal.dashboard.request_filters import (
    DashboardFilters,
    file_link,
    here,
    lines_link,
    read_filters,
    table_link,
    tile_address,
    why_link,
)
from portal.dashboard.role_layouts import ROLE_LAYOUTS
from portal.filter_fields import search_values
from portal.translation import _
from portal.urls import own_page, with_args
from tillstream.analytics import changes
from tillstream.analytics.filter_values import UnknownValue
from tillstream.analytics.filters import DATE_FILTERS, Filters
from tillstream.explore import own_dashboards
from tillstream.explore.own_dashboards import DashboardOwner
from tillstream.model.errors import NotFound, Unavailable
from tillstream.model.permissions import Action
from tillstream.records import saved_views

blueprint = Blueprint("dashboard", __name__, template_folder="templates")
for link in (here, why_link, table_link, file_link, lines_link):
    blueprint.app_template_global(link.__name__)(link)

DAY = timedelta(days=1)
FIRST = ("region", "store")
"""Filters next to the period; the others are behind a button."""
SUBSCRIBED, WITHOUT_CHANGE = "growth", "kpis"
"""Table of a subscription to a dashboard: each figure with its change, or without it if its period has an open end."""
SCRIPTED = "tiles"
"""Cookie set by the script of the page, which then loads each tile separately."""


@blueprint.get("/", endpoint="home")
@allow(Action.SEE_NUMBERS)
def home() -> ResponseReturnValue:
    view = saved_views.start_view(ports(), me().login, me().created_at)
    chosen = view or own_dashboards.start_dashboard(ports(), DashboardOwner(me().login, me().created_at))
    return redirect(own_page(chosen.address) if chosen else url_for("dashboard.show"), 302)


@blueprint.get("/dashboard/subscribe", endpoint="subscribe")
@allow(Action.SEE_NUMBERS)
def subscribe() -> ResponseReturnValue:
    """Lead to the form of a subscription to the key figures of a dashboard, with their change.

    Without a period, the address has none either, so that the table moves on with the latest one.
    """
    try:
        selection = request_filters.like_for_like(read_filters())
    except UnknownValue as error:
        return _unknown(error), 400
    moving: dict[str, None] = {} if selection.preset else dict.fromkeys(DATE_FILTERS)
    table = SUBSCRIBED if moving or selection.has_period else WITHOUT_CHANGE
    address = file_link(table, **moving)
    return redirect(url_for("subscriptions.new", address=address, name=request.args.get("name") or None), 303)


@blueprint.get("/dashboard", endpoint="show")
@allow(Action.SEE_NUMBERS)
def show() -> ResponseReturnValue:
    try:
        selection = request_filters.like_for_like(read_filters())
    except UnknownValue as error:
        return _unknown(error), 400
    # Read first: if a settlement commits while the page is built, the open page is notified of it.
    settled = changes.last_settlement(ports().warehouse, tillstream().queries)
    sold = _anything_sold()
    layout = ROLE_LAYOUTS[scope().role]
    answers, details = tiles.tile_places(layout.tiles, sold=sold), tiles.tile_places(layout.details, sold=sold)
    return render_template(
        "dashboard/show.html",
        selection=selection,
        layout=layout,
        sold=sold,
        settled=settled,
        is_live=_includes_today(selection.filters),
        answers=answers,
        details=details,
        bodies={one.slot: _body(one.tile, selection) for one in (*answers, *details) if _at_once(one.slot)},
        dimensions=dimensions(),
        tile_address=tile_address,
        presets=_presets(selection),
        compared=request_filters.comparison_of(selection),
        comparisons=request_filters.COMPARISONS,
        bar=filter_fields.page_fields(selection.values),
        first=FIRST,
        currencies=filter_bar.currency_choices() if sold else [],
        chips=filter_bar.chips(selection),
    )


@blueprint.get("/dashboard/tiles/<tile>", endpoint="tile")
@allow(Action.SEE_NUMBERS)
def tile(tile: str) -> ResponseReturnValue:
    """One tile as an HTML fragment."""
    return tiles.visible_tile(tile).body(request_filters.like_for_like(read_filters()))


@blueprint.get("/dashboard/tables/<ranking>", endpoint="table")
@allow(Action.SEE_NUMBERS)
def table(ranking: str) -> ResponseReturnValue:
    """All rows of a ranking."""
    tiles.visible_tile(ranking)
    if ranking not in TABLES:
        raise NotFound(_("That part of the dashboard has no table of its own."))
    try:
        selection = request_filters.like_for_like(read_filters())
    except UnknownValue as error:
        return _unknown(error), 400
    return render_template(
        "dashboard/table.html",
        table=TABLES[ranking],
        page=table_page(TABLES[ranking], selection),
        chips=filter_bar.chips(selection),
        currency=figures.currency(),
    )


@blueprint.get("/dashboard/values/<filter_name>", endpoint="values")
@allow(Action.SEE_NUMBERS)
def values(filter_name: str) -> ResponseReturnValue:
    """Values of a filter that contain the text `q`, with the other filters of the address, as checkboxes."""
    matches = search_values(filter_name, request.args.get("q", "")[:100], figures.requested_filters())
    return render_template("dashboard/values.html", name=filter_name, matches=matches)


def _presets(selection: DashboardFilters) -> dict[str, str]:
    """Values of the period field: empty for the latest period, if there is one."""
    latest = {"": filter_bar.latest_kind(selection.latest)} if selection.latest else {}
    return latest | request_filters.PERIOD_CHOICES


def _at_once(name: str) -> bool:
    """Whether the page itself contains a tile: the key figures without a script, every tile with `whole`."""
    return "whole" in request.args or (name == "headline" and SCRIPTED not in request.cookies)


def _body(tile: tiles.DashboardTile, selection: DashboardFilters) -> str:
    try:
        return tile.body(selection)
    except Unavailable as error:
        return render_template("dashboard/tiles/failed.html", error=error)


def _includes_today(filters: Filters) -> bool:
    """Whether the period includes today in some time zone, so that sales of today move its figures."""
    now = ports().clock.now().date()
    return (filters.start or now) <= now + DAY and (filters.end or now) >= now - DAY


def _anything_sold() -> bool:
    (row,) = figures.rows("reported-days", Filters())
    return row["first_day"] is not None


def _unknown(error: UnknownValue) -> str:
    """Error page for unknown filter values, with a link that drops them."""
    kept = [value for value in request.args.getlist(error.name) if value not in error.unknown]
    args: dict[str, list[str]] = request.args.to_dict(flat=False)
    return render_template("dashboard/unknown.html", error=error, without=with_args(args, **{error.name: kept}))
