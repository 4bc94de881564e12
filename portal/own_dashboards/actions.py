"""What a person changes on dashboards: pin, arrange, rename, share, remove, undo."""

from functools import partial

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import ports, scope
from portal.own_dashboards import texts
from portal.own_dashboards.area import blueprint, reader
from tillstream.dashboards import own_dashboards, tiles
from tillstream.model.people import Action


@blueprint.post("/dashboards")
@allow(Action.SEE_NUMBERS)
def create() -> ResponseReturnValue:
    dashboard = own_dashboards.create(ports(), reader(), _form("name"))
    flash(texts.created(dashboard.name))
    return _to(dashboard.id)


@blueprint.post("/dashboards/pin")
@allow(Action.SEE_NUMBERS)
def pin() -> ResponseReturnValue:
    """Pin `address` under `title` to the dashboard `dashboard`; empty: to a new one with the name `name`."""
    title, address, show = tiles.checked_title(_form("title")), _form("address"), tiles.checked_show(_form("show"))
    tiles.checked_address(address)
    chosen = _form("dashboard") or own_dashboards.create(ports(), reader(), _form("name")).id
    pinned = partial(tiles.pinned, title=title, address=address, show=show)
    dashboard = own_dashboards.change(ports(), chosen, reader(), pinned)
    flash(texts.pinned(title, dashboard.name))
    return _to(chosen, f"tile-{dashboard.tiles[-1].id}")


@blueprint.post("/dashboards/<dashboard_id>")
@allow(Action.SEE_NUMBERS)
def save(dashboard_id: str) -> ResponseReturnValue:
    """Change the name and whether everybody may open the dashboard."""
    shared = _form("shared") == "yes"
    dashboard = own_dashboards.rename(ports(), dashboard_id, reader(), _form("name"), shared=shared)
    flash(texts.changed(dashboard.name))
    return _to(dashboard_id)


@blueprint.post("/dashboards/start")
@allow(Action.SEE_NUMBERS)
def start() -> ResponseReturnValue:
    """Open the portal with `dashboard`; empty: with the dashboard of the role."""
    own_dashboards.set_start(ports(), reader(), _form("dashboard"))
    flash(texts.START_CHANGED)
    return redirect(url_for("own_dashboards.listing"), 303)


@blueprint.post("/dashboards/<dashboard_id>/arrange")
@allow(Action.SEE_NUMBERS)
def arrange(dashboard_id: str) -> ResponseReturnValue:
    """Order of the tiles as `tile`, repeated, with `width` for each; or `move`: tile:places."""
    tile, _, places = _form("move").partition(":")
    if tile:
        changed = partial(tiles.moved, id=tile, by=-1 if places.startswith("-") else 1)
    else:
        order, widths = request.form.getlist("tile"), request.form.getlist("width")
        changed = partial(tiles.arranged, order=order, widths=dict(zip(order, widths, strict=False)))
    own_dashboards.change(ports(), dashboard_id, reader(), changed)
    return _to(dashboard_id, f"tile-{tile}" if tile else "")


@blueprint.post("/dashboards/<dashboard_id>/tiles/<tile_id>")
@allow(Action.SEE_NUMBERS)
def change_tile(dashboard_id: str, tile_id: str) -> ResponseReturnValue:
    title, show, width = _form("title"), _form("show"), _form("width")
    changed = partial(tiles.changed, id=tile_id, title=title, show=show, width=width)
    own_dashboards.change(ports(), dashboard_id, reader(), changed)
    flash(texts.TILE_CHANGED)
    return _to(dashboard_id, f"tile-{tile_id}")


@blueprint.post("/dashboards/<dashboard_id>/tiles/<tile_id>/remove")
@allow(Action.SEE_NUMBERS)
def remove_tile(dashboard_id: str, tile_id: str) -> ResponseReturnValue:
    own_dashboards.change(ports(), dashboard_id, reader(), partial(tiles.removed, id=tile_id))
    return redirect(url_for("own_dashboards.show", dashboard_id=dashboard_id, removed=tile_id), 303)


@blueprint.post("/dashboards/<dashboard_id>/tiles/<tile_id>/restore")
@allow(Action.SEE_NUMBERS)
def restore_tile(dashboard_id: str, tile_id: str) -> ResponseReturnValue:
    own_dashboards.change(ports(), dashboard_id, reader(), partial(tiles.restored, id=tile_id))
    return _to(dashboard_id, f"tile-{tile_id}")


@blueprint.post("/dashboards/<dashboard_id>/remove")
@allow(Action.SEE_NUMBERS)
def remove(dashboard_id: str) -> ResponseReturnValue:
    may_all = scope().may(Action.ADMINISTER)
    dashboard = own_dashboards.remove(ports(), dashboard_id, reader(), any_owner=may_all)
    flash(texts.removed(dashboard.name))
    return redirect(url_for("own_dashboards.listing"), 303)


@blueprint.post("/dashboards/<dashboard_id>/restore")
@allow(Action.SEE_NUMBERS)
def restore(dashboard_id: str) -> ResponseReturnValue:
    dashboard = own_dashboards.restore(ports(), dashboard_id, reader())
    flash(texts.restored(dashboard.name))
    return _to(dashboard_id)


def _form(name: str) -> str:
    return request.form.get(name, "")


def _to(dashboard_id: str, anchor: str = "") -> ResponseReturnValue:
    return redirect(url_for("own_dashboards.show", dashboard_id=dashboard_id, _anchor=anchor or None), 303)
