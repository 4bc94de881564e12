"""Dashboards of one's own: tiles pinned on Explore, with filters that apply to all of them."""

from dataclasses import dataclass
from functools import partial
from urllib.parse import parse_qs

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import figures, filter_fields
from portal.access import allow
from portal.context import me, ports, scope
from portal.dashboard import filter_bar, request_filters
from portal.dashboard.request_filters import PERIOD_CHOICES, DashboardFilters
from portal.explore import tile as explored
from portal.explore.tile import SHOW, SLOT
from portal.managed import ManagedPages
from portal.translation import N_, _
from portal.urls import go_to, with_args
from portal.value_names import FILTER_LABELS
from tillstream.analytics.filters import CURRENCY, DATE_FILTERS, OWN_DATES
from tillstream.explore import own_dashboards
from tillstream.explore.own_dashboards import DashboardOwner, OwnDashboard, PinnedTile
from tillstream.model.permissions import Action
from tillstream.ports import Ports

blueprint = Blueprint("own_dashboards", __name__, template_folder="templates")

SHOWN = N_({"chart": "Chart", "table": "Table", "number": "Number"})
"""What a tile shows → its name."""
WIDTHS = N_({"third": "A third of the page", "half": "Half of the page", "full": "The whole page"})
"""Width of a tile → its name."""
MY_DASHBOARD = N_("My dashboard")
"""Proposed name of the first dashboard."""

PRESET = "preset"
FIRST = ("region",)
"""Filters next to the period; the others are behind a button."""


def reader() -> DashboardOwner:
    """The signed-in user."""
    return DashboardOwner(me().login, me().created_at)


@dataclass(frozen=True)
class TileLinks:
    """`fragment`: address of the tile alone. `explore`: of its exploration. `note`: filters of the page that it
    does not take."""

    tile: PinnedTile
    fragment: str
    explore: str
    note: str


def links_of_tile(tile: PinnedTile, selection: DashboardFilters) -> TileLinks:
    """A tile with the filters of the page: the period and the currency replace its own, other filters do not."""
    args, chosen = parse_qs(tile.query, keep_blank_values=True), selection.values
    if selection.preset:
        for name in (PRESET, *DATE_FILTERS):
            args.pop(name, None)
        args[PRESET] = [selection.preset]
        if selection.preset == OWN_DATES:
            args |= {name: chosen[name] for name in DATE_FILTERS if chosen.get(name)}
    if chosen.get(CURRENCY):
        args[CURRENCY] = chosen[CURRENCY]
    refused = []
    for name, label in FILTER_LABELS.items():
        if not chosen.get(name):
            continue
        if any(args.get(name, [])) and set(args[name]) != set(chosen[name]):
            refused.append(label)
        else:
            args[name] = chosen[name]
    shown = {SHOW: tile.show.value, SLOT: f"pinned-{tile.id}"}
    return TileLinks(
        tile,
        f"{url_for('explore.tile_of')}?{with_args(args, **shown)}",
        f"{url_for('explore.show')}?{with_args(args)}",
        _("{labels} above: not applied, because the tile has its own.", labels=", ".join(refused)) if refused else "",
    )


@blueprint.post("/dashboards", endpoint="create")
@allow(Action.SEE_NUMBERS)
def create_dashboard() -> ResponseReturnValue:
    dashboard = own_dashboards.create_dashboard(ports(), reader(), _form("name"))
    return _to(dashboard.id, message=_("Dashboard “{name}” created.", name=dashboard.name))


@blueprint.post("/dashboards/pin", endpoint="pin")
@allow(Action.SEE_NUMBERS)
def pin_tile() -> ResponseReturnValue:
    """Pin `address` under `title` to the dashboard `dashboard`; empty: to a new one with the name `name`."""
    title, address, show = (
        own_dashboards.check_tile_title(_form("title")),
        _form("address"),
        own_dashboards.check_tile_content(_form("show")),
    )
    own_dashboards.check_explore_address(address)
    chosen = _form("dashboard") or own_dashboards.create_dashboard(ports(), reader(), _form("name")).id
    pinned = partial(own_dashboards.with_pinned_tile, title=title, address=address, show=show)
    dashboard = own_dashboards.change_dashboard(ports(), chosen, reader(), pinned)
    message = _("“{title}” is pinned to “{name}”.", title=title, name=dashboard.name)
    return _to(chosen, f"tile-{dashboard.tiles[-1].id}", message)


@blueprint.post("/dashboards/<dashboard_id>", endpoint="save")
@allow(Action.SEE_NUMBERS)
def save_dashboard(dashboard_id: str) -> ResponseReturnValue:
    """Change the name and whether everybody may open the dashboard."""
    shared = _form("shared") == "yes"
    dashboard = own_dashboards.rename_dashboard(ports(), dashboard_id, reader(), _form("name"), shared=shared)
    return _to(dashboard_id, message=_("Dashboard “{name}” changed.", name=dashboard.name))


@blueprint.post("/dashboards/start", endpoint="start")
@allow(Action.SEE_NUMBERS)
def choose_start() -> ResponseReturnValue:
    """Open the portal with `dashboard`; empty: with the dashboard of the role."""
    own_dashboards.set_start_dashboard(ports(), reader(), _form("dashboard"))
    return go_to("own_dashboards.listing", _("Start page changed."))


@blueprint.post("/dashboards/<dashboard_id>/arrange", endpoint="arrange")
@allow(Action.SEE_NUMBERS)
def arrange_tiles(dashboard_id: str) -> ResponseReturnValue:
    """Order of the tiles as `tile`, repeated, with `width` for each; or `move`: tile:places."""
    tile, _, places = _form("move").partition(":")
    if tile:
        changed = partial(own_dashboards.with_moved_tile, id=tile, by=-1 if places.startswith("-") else 1)
    else:
        order, widths = request.form.getlist("tile"), request.form.getlist("width")
        changed = partial(
            own_dashboards.with_arranged_tiles, order=order, widths=dict(zip(order, widths, strict=False))
        )
    own_dashboards.change_dashboard(ports(), dashboard_id, reader(), changed)
    return _to(dashboard_id, f"tile-{tile}" if tile else "")


@blueprint.post("/dashboards/<dashboard_id>/tiles/<tile_id>", endpoint="change_tile")
@allow(Action.SEE_NUMBERS)
def change_tile(dashboard_id: str, tile_id: str) -> ResponseReturnValue:
    title, show, width = _form("title"), _form("show"), _form("width")
    changed = partial(own_dashboards.with_changed_tile, id=tile_id, title=title, show=show, width=width)
    own_dashboards.change_dashboard(ports(), dashboard_id, reader(), changed)
    return _to(dashboard_id, f"tile-{tile_id}", _("Tile changed."))


@blueprint.post("/dashboards/<dashboard_id>/tiles/<tile_id>/remove", endpoint="remove_tile")
@allow(Action.SEE_NUMBERS)
def remove_tile(dashboard_id: str, tile_id: str) -> ResponseReturnValue:
    own_dashboards.change_dashboard(ports(), dashboard_id, reader(), partial(own_dashboards.without_tile, id=tile_id))
    return go_to("own_dashboards.show", dashboard_id=dashboard_id, removed=tile_id)


@blueprint.post("/dashboards/<dashboard_id>/tiles/<tile_id>/restore", endpoint="restore_tile")
@allow(Action.SEE_NUMBERS)
def restore_tile(dashboard_id: str, tile_id: str) -> ResponseReturnValue:
    own_dashboards.change_dashboard(
        ports(), dashboard_id, reader(), partial(own_dashboards.with_restored_tile, id=tile_id)
    )
    return _to(dashboard_id, f"tile-{tile_id}")


PAGES = ManagedPages(blueprint, "/dashboards/<dashboard_id>", access=Action.SEE_NUMBERS)


def remove_dashboard(ports: Ports, dashboard_id: str, _by: str) -> str:
    may_all = scope().may(Action.ADMINISTER)
    name = own_dashboards.remove_dashboard(ports, dashboard_id, reader(), any_owner=may_all).name
    return _("Dashboard “{name}” removed. It can be restored below for 30 days.", name=name)


def restore_dashboard(ports: Ports, dashboard_id: str, _by: str) -> str:
    name = own_dashboards.restore_dashboard(ports, dashboard_id, reader()).name
    return _("“{name}” restored.", name=name)


PAGES.button("remove", remove_dashboard)
PAGES.button("restore", restore_dashboard)


def _form(name: str) -> str:
    return request.form.get(name, "")


def _to(dashboard_id: str, anchor: str = "", message: str = "") -> ResponseReturnValue:
    return go_to("own_dashboards.show", message, dashboard_id=dashboard_id, _anchor=anchor or None)


blueprint.record_once(lambda setup: setup.app.jinja_env.globals.update(tile_forms=SHOWN, first_dashboard=MY_DASHBOARD))


@blueprint.app_template_global("own_dashboards")
def dashboards_of_reader() -> list[OwnDashboard]:
    """The dashboards that the reader owns, by name."""
    return [one for one in own_dashboards.find_dashboards(ports(), reader()) if one.owner == reader()]


@blueprint.get("/dashboards", endpoint="listing")
@allow(Action.SEE_NUMBERS)
def list_dashboards() -> ResponseReturnValue:
    return render_template(
        "own_dashboards/listing.html",
        dashboards=own_dashboards.find_dashboards(ports(), reader()),
        removed=own_dashboards.removed_dashboards(ports(), reader()),
        start=own_dashboards.start_dashboard(ports(), reader()),
        reader=reader(),
    )


@blueprint.get("/dashboards/<dashboard_id>", endpoint="show")
@allow(Action.SEE_NUMBERS)
def show_dashboard(dashboard_id: str) -> ResponseReturnValue:
    """The tiles of a dashboard; each is loaded separately."""
    dashboard = own_dashboards.get_dashboard(ports(), dashboard_id, reader())
    values, preset = request_filters.resolved()
    filters = figures.parse_filters(values)
    selection = DashboardFilters(values, filters, preset, request_filters.default_period(filters))
    gone = next((one for one in dashboard.removed if one.tile.id == request.args.get("removed")), None)
    is_own = dashboard.owner == reader()
    start = own_dashboards.start_dashboard(ports(), reader())
    return render_template(
        "own_dashboards/show.html",
        dashboard=dashboard,
        is_own=is_own,
        is_start=bool(start and start.id == dashboard.id),
        may_remove=is_own or (dashboard.shared and scope().may(Action.ADMINISTER)),
        tiles=[links_of_tile(one, selection) for one in dashboard.tiles],
        gone=gone if is_own else None,
        shown=SHOWN,
        widths=WIDTHS,
        selection=selection,
        presets={"": _("As pinned"), **PERIOD_CHOICES},
        currencies=filter_bar.currency_choices(),
        bar=filter_fields.page_fields(values),
        first=FIRST,
        kept=(),
        chips=filter_bar.chips(selection),
    )


@blueprint.get("/dashboards/pin", endpoint="pin_form")
@allow(Action.SEE_NUMBERS)
def pin_form() -> ResponseReturnValue:
    """The form to pin the exploration `address` under `title`."""
    return render_template(
        "own_dashboards/pin.html",
        address=request.args.get("address", ""),
        pin_title=request.args.get("title", ""),
        pin_show=request.args.get(explored.SHOW, "chart"),
    )
