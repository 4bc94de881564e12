"""Tiles of a dashboard of a person: pinned, changed, arranged, removed and restored."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tillstream.dashboards.own_dashboard import OwnDashboard, RemovedTile, Show, Tile, Width
from tillstream.model.errors import NotFound, Rejected

PAGE = "/explore"
LONGEST_TITLE, LONGEST_QUERY, MAX_TILES, MAX_REMOVED = 80, 2_000, 24, 10
"""Maximum characters of a title and of a query string; maximum tiles of a dashboard, and of those to restore."""
WIDTHS = {Show.CHART: Width.HALF, Show.TABLE: Width.HALF, Show.NUMBER: Width.THIRD}
"""Width of a new tile."""


def pinned(dashboard: OwnDashboard, title: str, address: str, show: str) -> OwnDashboard:
    """Add a tile at the end. address: of Explore, with its choices. Raises `Rejected`."""
    query = checked_address(address)
    if len(dashboard.tiles) >= MAX_TILES:
        raise Rejected(f"A dashboard has at most {MAX_TILES} tiles. Remove one, or use another dashboard.")
    kind = checked_show(show)
    tile = Tile(secrets.token_hex(4), checked_title(title), query, kind, WIDTHS[kind])
    return replace(dashboard, tiles=(*dashboard.tiles, tile))


def changed(dashboard: OwnDashboard, id: str, title: str, show: str, width: str) -> OwnDashboard:
    """Change what a tile is called, shows and takes. Raises `NotFound`, `Rejected`."""
    tile = replace(
        _tile(dashboard, id), title=checked_title(title), show=checked_show(show), width=_checked_width(width)
    )
    return replace(dashboard, tiles=tuple(tile if one.id == id else one for one in dashboard.tiles))


def arranged(dashboard: OwnDashboard, order: Sequence[str], widths: Mapping[str, str]) -> OwnDashboard:
    """Order and widths by id. Tiles that `order` leaves out follow in the order that they had. Raises `Rejected`."""
    place = {one: at for at, one in enumerate(order)}
    tiles = sorted(dashboard.tiles, key=lambda one: place.get(one.id, len(place)))
    return replace(
        dashboard,
        tiles=tuple(replace(one, width=_checked_width(widths[one.id])) if one.id in widths else one for one in tiles),
    )


def moved(dashboard: OwnDashboard, id: str, by: int) -> OwnDashboard:
    """Move a tile by so many places, at most to the beginning or the end. Raises `NotFound`."""
    order = [one.id for one in dashboard.tiles]
    at = order.index(_tile(dashboard, id).id)
    order.insert(max(0, at + by), order.pop(at))
    return arranged(dashboard, order, {})


def removed(dashboard: OwnDashboard, id: str) -> OwnDashboard:
    """Remove a tile; it can be restored until MAX_REMOVED more are removed. Raises `NotFound`."""
    tile = _tile(dashboard, id)
    gone = RemovedTile(tile, dashboard.tiles.index(tile))
    left = tuple(one for one in dashboard.tiles if one.id != id)
    return replace(dashboard, tiles=left, removed=(*dashboard.removed, gone)[-MAX_REMOVED:])


def restored(dashboard: OwnDashboard, id: str) -> OwnDashboard:
    """Put a removed tile back to where it was. Raises `NotFound`, `Rejected` if there are too many tiles meanwhile."""
    gone = next((one for one in dashboard.removed if one.tile.id == id), None)
    if gone is None:
        raise NotFound("This tile can no longer be restored. Pin it again.")
    if len(dashboard.tiles) >= MAX_TILES:
        raise Rejected(f"A dashboard has at most {MAX_TILES} tiles. Remove one first.")
    tiles = (*dashboard.tiles[: gone.place], gone.tile, *dashboard.tiles[gone.place :])
    return replace(dashboard, tiles=tiles, removed=tuple(one for one in dashboard.removed if one is not gone))


def checked_address(address: str) -> str:
    """The query string of an address of Explore. Raises `Rejected` for any other."""
    page, _, query = address.partition("?")
    if page != PAGE or len(query) > LONGEST_QUERY:
        raise Rejected("Only explorations can be pinned to a dashboard.")
    return query


def checked_title(title: str) -> str:
    title = " ".join(title.split())
    if not title or len(title) > LONGEST_TITLE:
        raise Rejected(f"Enter a title for the tile, with at most {LONGEST_TITLE} characters.")
    return title


def checked_show(show: str) -> Show:
    if show not in set(map(str, Show)):
        raise Rejected("Choose a chart, a table, or a number.")
    return Show(show)


def _checked_width(width: str) -> Width:
    if width not in set(map(str, Width)):
        raise Rejected("Choose the width: a third, half, or all of the page.")
    return Width(width)


def _tile(dashboard: OwnDashboard, id: str) -> Tile:
    tile = next((one for one in dashboard.tiles if one.id == id), None)
    if tile is None:
        raise NotFound("There is no such tile on this dashboard.")
    return tile
