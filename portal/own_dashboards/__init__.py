"""Dashboards of one's own: tiles pinned on Explore, with filters that apply to all of them."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from portal import figures
from portal.access import allow
from portal.context import ports, scope
from portal.dashboard import currency_choice, filter_bar, request_filters
from portal.dashboard import texts as dashboard_texts
from portal.dashboard.request_filters import DashboardFilters
from portal.explore import tile as explored
from portal.filters import fields
from portal.own_dashboards import actions, texts, tile_links
from portal.own_dashboards.area import blueprint, reader
from tillstream.dashboards import own_dashboards
from tillstream.dashboards.own_dashboard import OwnDashboard
from tillstream.model.dates import ALL_TIME
from tillstream.model.people import Action

__all__ = ["actions", "blueprint"]
FIRST = ("region",)
"""Filters next to the period; the others are behind a button."""


@blueprint.app_template_global("own_dashboards")
def mine() -> list[OwnDashboard]:
    """The dashboards that the reader owns, by name."""
    return [one for one in own_dashboards.find(ports(), reader()) if one.owner == reader()]


@blueprint.get("/dashboards")
@allow(Action.SEE_NUMBERS)
def listing() -> ResponseReturnValue:
    return render_template(
        "own_dashboards/listing.html",
        dashboards=own_dashboards.find(ports(), reader()),
        removed=own_dashboards.removed(ports(), reader()),
        start=own_dashboards.start(ports(), reader()),
        reader=reader(),
    )


@blueprint.get("/dashboards/<dashboard_id>")
@allow(Action.SEE_NUMBERS)
def show(dashboard_id: str) -> ResponseReturnValue:
    """The tiles of a dashboard; each is loaded separately."""
    dashboard = own_dashboards.get(ports(), dashboard_id, reader())
    values, preset = request_filters.resolved()
    filters = figures.parse_filters(values)
    selection = DashboardFilters(values, filters, preset, request_filters.default_period(filters))
    gone = next((one for one in dashboard.removed if one.tile.id == request.args.get("removed")), None)
    is_own = dashboard.owner == reader()
    start = own_dashboards.start(ports(), reader())
    return render_template(
        "own_dashboards/show.html",
        dashboard=dashboard,
        is_own=is_own,
        is_start=bool(start and start.id == dashboard.id),
        may_remove=is_own or (dashboard.shared and scope().may(Action.ADMINISTER)),
        tiles=[tile_links.of(one, selection) for one in dashboard.tiles],
        gone=gone if is_own else None,
        shown=texts.SHOWN,
        widths=texts.WIDTHS,
        selection=selection,
        presets={
            "": texts.AS_PINNED,
            ALL_TIME: dashboard_texts.ALL_TIME,
            **dashboard_texts.PRESETS,
            filter_bar.OWN_DATES: dashboard_texts.CUSTOM_DATES,
        },
        currencies=currency_choice.choices(),
        bar=fields.of_page(values),
        first=FIRST,
        kept=(),
        chips=filter_bar.chips(selection),
    )


@blueprint.get("/dashboards/pin")
@allow(Action.SEE_NUMBERS)
def pin_form() -> ResponseReturnValue:
    """The form to pin the exploration `address` under `title`."""
    return render_template(
        "own_dashboards/pin.html",
        address=request.args.get("address", ""),
        pin_title=request.args.get("title", ""),
        pin_show=request.args.get(explored.SHOW, "chart"),
    )


@blueprint.app_context_processor
def _of_forms() -> dict[str, object]:
    return {"tile_forms": texts.SHOWN, "first_dashboard": texts.MY_DASHBOARD}
