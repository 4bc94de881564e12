"""Saved views: keep a page of figures with its filters, share it, open the portal with it."""

from urllib.parse import parse_qs, urlencode

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import me, ports, scope
from portal.managed import ManagedPages
from portal.translation import _
from portal.urls import go_to, own_page
from tillstream.model.permissions import Action
from tillstream.ports import Ports
from tillstream.records import saved_views
from tillstream.records.saved_views import SavedView

blueprint = Blueprint("views", __name__, template_folder="templates")
SUBSCRIBED = {"/dashboard": "dashboard.subscribe", "/compare": "compare.subscribe"}
"""Page of a view → the address that leads to the subscription to its figures; an exploration is its own table."""


@blueprint.app_template_global("saved_views")
def own_views() -> list[SavedView]:
    """Own and shared views, by name."""
    return saved_views.find_views(ports(), me().login, me().created_at)


def subscribe_address(view: SavedView) -> str:
    """Address of the form of a subscription to what a view shows."""
    if view.page not in SUBSCRIBED:
        return url_for("subscriptions.new", view=view.id)
    arguments = urlencode(parse_qs(view.query) | {"name": [view.name]}, doseq=True)
    return f"{url_for(SUBSCRIBED[view.page])}?{arguments}"


@blueprint.get("/views", endpoint="show")
@allow(Action.SEE_NUMBERS)
def show_views() -> ResponseReturnValue:
    start = saved_views.start_view(ports(), me().login, me().created_at)
    return render_template(
        "views/show.html", views=own_views(), start=start, me=me(), subscribe_address=subscribe_address
    )


@blueprint.post("/views", endpoint="save")
@allow(Action.SEE_NUMBERS)
def save_view() -> ResponseReturnValue:
    """Save the address `address` under `name`."""
    address, shared = request.form.get("address", ""), request.form.get("shared") == "yes"
    view = saved_views.save_view(
        ports(), me().login, me().created_at, request.form.get("name", ""), address, shared=shared
    )
    if request.form.get("start") == "yes":
        saved_views.set_start_view(ports(), me().login, me().created_at, view.id)
    flash(_("View “{name}” saved.", name=view.name))
    return redirect(own_page(view.address), 303)


PAGES = ManagedPages(blueprint, "/views/<view_id>", page="", listing="show", access=Action.SEE_NUMBERS)


def delete_view(ports: Ports, view_id: str, by: str) -> str:
    view = saved_views.remove_view(ports, view_id, by=by, any_owner=scope().may(Action.ADMINISTER))
    return _("View “{name}” deleted.", name=view.name)


PAGES.button("delete", delete_view)


@blueprint.post("/views/start", endpoint="start")
@allow(Action.SEE_NUMBERS)
def choose_start_view() -> ResponseReturnValue:
    """Open the portal with the view `view`; empty: with the dashboard of the role."""
    saved_views.set_start_view(ports(), me().login, me().created_at, request.form.get("view", ""))
    return go_to("views.show", _("Start page changed."))
