"""Dashboards of people: tiles that were pinned on Explore, arranged, shared and removed by their owners, with undo.

A tile holds the choices of an exploration only: each person reads the rows of their own scope.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from tillstream.model.audit import AuditAction
from tillstream.model.document_json import JsonObject, from_json, to_json
from tillstream.model.errors import NotFound, Rejected
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document
from tillstream.records import audit_log
from tillstream.records.collection import Collection, Data, Sides, both_sides, only_after
from tillstream.records.saved_views import START_VIEWS

EXPLORE_PAGE = "/explore"
MAX_TITLE, MAX_QUERY, MAX_TILES, MAX_REMOVED = 80, 2_000, 24, 10
"""Maximum characters of a title and of a query string; maximum tiles of a dashboard, and of those to restore."""

MAX_NAME, MAX_DASHBOARDS = 60, 30
"""Maximum characters of a name; maximum dashboards of a person."""
RESTORABLE = timedelta(days=30)
"""How long a removed dashboard can be restored."""


class TileContent(StrEnum):
    """What a tile shows of its exploration."""

    CHART = "chart"
    TABLE = "table"
    NUMBER = "number"


class TileWidth(StrEnum):
    """Part of the page that a tile takes. On a phone each tile takes all of it."""

    THIRD = "third"
    HALF = "half"
    FULL = "full"


DEFAULT_WIDTHS = {
    TileContent.CHART: TileWidth.HALF,
    TileContent.TABLE: TileWidth.HALF,
    TileContent.NUMBER: TileWidth.THIRD,
}
"""Width of a new tile."""


@dataclass(frozen=True)
class PinnedTile:
    """`query`: the arguments of Explore, without the question mark."""

    id: str
    title: str
    query: str
    show: TileContent
    width: TileWidth


@dataclass(frozen=True)
class RemovedTile:
    """`place`: where it was, from 0."""

    tile: PinnedTile
    place: int


@dataclass(frozen=True)
class DashboardOwner:
    """`account`: when the account was created, so that a later one of the same name does not inherit anything."""

    login: str
    account: str


@dataclass(frozen=True)
class OwnDashboard:
    """`tiles`: in their order. `removed`: the tiles that were removed last, the latest at the end. `removed_at`: empty
    unless the whole dashboard is removed."""

    id: str
    owner: DashboardOwner
    name: str
    shared: bool
    tiles: tuple[PinnedTile, ...]
    removed: tuple[RemovedTile, ...]
    created_at: str
    removed_at: str = ""

    @property
    def address(self) -> str:
        return f"/dashboards/{self.id}"

    def is_visible_to(self, reader: DashboardOwner) -> bool:
        return not self.removed_at and (self.shared or self.owner == reader)

    def data(self) -> JsonObject:
        """As a document."""
        fields = to_json(self)
        owner: JsonObject = fields.pop("owner")
        return owner | {name: value for name, value in fields.items() if name != "id"}

    def audited(self) -> JsonObject:
        return {"name": self.name, "shared": self.shared, "tiles": to_json(self.tiles)}


DashboardChange = Callable[[OwnDashboard], OwnDashboard]


def with_pinned_tile(dashboard: OwnDashboard, title: str, address: str, show: str) -> OwnDashboard:
    """Add a tile at the end. address: of Explore, with its choices. Raises `Rejected`."""
    query = check_explore_address(address)
    if len(dashboard.tiles) >= MAX_TILES:
        raise Rejected(f"A dashboard has at most {MAX_TILES} tiles. Remove one, or use another dashboard.")
    kind = check_tile_content(show)
    tile = PinnedTile(secrets.token_hex(4), check_tile_title(title), query, kind, DEFAULT_WIDTHS[kind])
    return replace(dashboard, tiles=(*dashboard.tiles, tile))


def with_changed_tile(dashboard: OwnDashboard, id: str, title: str, show: str, width: str) -> OwnDashboard:
    """Change what a tile is called, shows and takes. Raises `NotFound`, `Rejected`."""
    tile = replace(
        _tile_by_id(dashboard, id),
        title=check_tile_title(title),
        show=check_tile_content(show),
        width=_check_tile_width(width),
    )
    return replace(dashboard, tiles=tuple(tile if one.id == id else one for one in dashboard.tiles))


def with_arranged_tiles(dashboard: OwnDashboard, order: Sequence[str], widths: Mapping[str, str]) -> OwnDashboard:
    """Order and widths by id. Tiles that `order` leaves out follow in the order that they had. Raises `Rejected`."""
    place = {one: at for at, one in enumerate(order)}
    tiles = sorted(dashboard.tiles, key=lambda one: place.get(one.id, len(place)))
    return replace(
        dashboard,
        tiles=tuple(
            replace(one, width=_check_tile_width(widths[one.id])) if one.id in widths else one for one in tiles
        ),
    )


def with_moved_tile(dashboard: OwnDashboard, id: str, by: int) -> OwnDashboard:
    """Move a tile by so many places, at most to the beginning or the end. Raises `NotFound`."""
    order = [one.id for one in dashboard.tiles]
    at = order.index(_tile_by_id(dashboard, id).id)
    order.insert(max(0, at + by), order.pop(at))
    return with_arranged_tiles(dashboard, order, {})


def without_tile(dashboard: OwnDashboard, id: str) -> OwnDashboard:
    """Remove a tile; it can be restored until MAX_REMOVED more are removed. Raises `NotFound`."""
    tile = _tile_by_id(dashboard, id)
    gone = RemovedTile(tile, dashboard.tiles.index(tile))
    left = tuple(one for one in dashboard.tiles if one.id != id)
    return replace(dashboard, tiles=left, removed=(*dashboard.removed, gone)[-MAX_REMOVED:])


def with_restored_tile(dashboard: OwnDashboard, id: str) -> OwnDashboard:
    """Put a removed tile back to where it was. Raises `NotFound`, `Rejected` if there are too many tiles meanwhile."""
    gone = next((one for one in dashboard.removed if one.tile.id == id), None)
    if gone is None:
        raise NotFound("This tile can no longer be restored. Pin it again.")
    if len(dashboard.tiles) >= MAX_TILES:
        raise Rejected(f"A dashboard has at most {MAX_TILES} tiles. Remove one first.")
    tiles = (*dashboard.tiles[: gone.place], gone.tile, *dashboard.tiles[gone.place :])
    return replace(dashboard, tiles=tiles, removed=tuple(one for one in dashboard.removed if one is not gone))


def check_explore_address(address: str) -> str:
    """The query string of an address of Explore. Raises `Rejected` for any other."""
    page, _, query = address.partition("?")
    if page != EXPLORE_PAGE or len(query) > MAX_QUERY:
        raise Rejected("Only explorations can be pinned to a dashboard.")
    return query


def check_tile_title(title: str) -> str:
    title = " ".join(title.split())
    if not title or len(title) > MAX_TITLE:
        raise Rejected(f"Enter a title for the tile, with at most {MAX_TITLE} characters.")
    return title


def check_tile_content(show: str) -> TileContent:
    if show not in set(map(str, TileContent)):
        raise Rejected("Choose a chart, a table, or a number.")
    return TileContent(show)


def _check_tile_width(width: str) -> TileWidth:
    if width not in set(map(str, TileWidth)):
        raise Rejected("Choose the width: a third, half, or all of the page.")
    return TileWidth(width)


def _tile_by_id(dashboard: OwnDashboard, id: str) -> PinnedTile:
    tile = next((one for one in dashboard.tiles if one.id == id), None)
    if tile is None:
        raise NotFound("There is no such tile on this dashboard.")
    return tile


def _parsed_dashboard(document: Document) -> OwnDashboard:
    data = document.data
    owner = {"login": data["login"], "account": data["account"]}
    return from_json(OwnDashboard, {**data, "id": document.id, "owner": owner})


DASHBOARDS = Collection(
    "own_dashboards",
    OwnDashboard,
    "dashboard",
    OwnDashboard.audited,
    missing="There is no such dashboard of yours.",
    parse=_parsed_dashboard,
    data=OwnDashboard.data,
)


def _only_before(before: Data, _after: Data) -> Sides:
    return before, None


def create_dashboard(
    ports: Ports, owner: DashboardOwner, name: str, *, shared: bool = False, id: str = ""
) -> OwnDashboard:
    """Create an empty dashboard; one of the same person with this name is returned as it is. Raises `Rejected`.

    id: of the dashboard; empty for a new one.
    """
    name, own = check_dashboard_name(name), _dashboards_of(ports, owner)
    present = next((one for one in own if one.name == name and not one.removed_at), None)
    if present:
        return present
    if sum(not one.removed_at for one in own) >= MAX_DASHBOARDS:
        raise Rejected(f"You have {MAX_DASHBOARDS} dashboards. Remove one that you no longer need.")
    now = ports.clock.now()
    _forget_removed(ports, own, now)
    dashboard = OwnDashboard(id or secrets.token_hex(6), owner, name, shared, (), (), now.isoformat(timespec="seconds"))
    return DASHBOARDS.add(ports, dashboard, owner.login, AuditAction.DASHBOARD_SAVED)


def find_dashboards(ports: Ports, reader: DashboardOwner) -> list[OwnDashboard]:
    """The person's own dashboards and those shared by others, by name."""
    shared = DASHBOARDS.find(ports, {"shared": True})
    visible = {one.id: one for one in (*_dashboards_of(ports, reader), *shared) if one.is_visible_to(reader)}
    return sorted(visible.values(), key=lambda one: (one.name.casefold(), one.id))


def removed_dashboards(ports: Ports, owner: DashboardOwner) -> list[OwnDashboard]:
    """The person's removed dashboards that can be restored, the latest first."""
    since = (ports.clock.now() - RESTORABLE).isoformat(timespec="seconds")
    return sorted(
        (one for one in _dashboards_of(ports, owner) if one.removed_at >= since),
        key=lambda one: one.removed_at,
        reverse=True,
    )


def get_dashboard(ports: Ports, id: str, reader: DashboardOwner) -> OwnDashboard:
    """A dashboard that the person owns or that is shared. Raises `NotFound`."""
    dashboard = DASHBOARDS.get_or_none(ports, id)
    if dashboard is None or not dashboard.is_visible_to(reader):
        raise NotFound("There is no such dashboard, or it is not shared with you.")
    return dashboard


def change_dashboard(ports: Ports, id: str, owner: DashboardOwner, change: DashboardChange) -> OwnDashboard:
    """Change a dashboard of the person. Raises `NotFound` for any other, `Conflict`, and what `change` raises."""
    return _write_dashboard(
        ports, id, owner.login, AuditAction.DASHBOARD_SAVED, lambda one: _owned_dashboard(one, owner), change
    )


def rename_dashboard(ports: Ports, id: str, owner: DashboardOwner, name: str, *, shared: bool) -> OwnDashboard:
    """Change name and sharing. Raises `NotFound`, and `Rejected` for a name that another dashboard has."""
    name = check_dashboard_name(name)
    if any(one.name == name and one.id != id and not one.removed_at for one in _dashboards_of(ports, owner)):
        raise Rejected("You have a dashboard with this name. Enter another name.")
    return change_dashboard(ports, id, owner, lambda one: replace(one, name=name, shared=shared))


def remove_dashboard(ports: Ports, id: str, owner: DashboardOwner, *, any_owner: bool = False) -> OwnDashboard:
    """Remove a dashboard; its owner can restore it. any_owner: also a shared one of somebody else. Raises `NotFound`"""

    def may(one: OwnDashboard) -> bool:
        return not one.removed_at and (one.owner == owner or (any_owner and one.shared))

    now = ports.clock.now().isoformat(timespec="seconds")
    return _write_dashboard(
        ports,
        id,
        owner.login,
        AuditAction.DASHBOARD_REMOVED,
        may,
        lambda one: replace(one, removed_at=now),
        _only_before,
    )


def restore_dashboard(ports: Ports, id: str, owner: DashboardOwner) -> OwnDashboard:
    """Undo a removal. Raises `NotFound`, and `Rejected` if another dashboard has the name meanwhile."""
    is_removed = next((one for one in removed_dashboards(ports, owner) if one.id == id), None)
    if is_removed is None:
        raise NotFound("There is no such removed dashboard.")
    if any(one.name == is_removed.name and not one.removed_at for one in _dashboards_of(ports, owner)):
        raise Rejected("You have a dashboard with this name. Rename it first.")
    return _write_dashboard(
        ports,
        id,
        owner.login,
        AuditAction.DASHBOARD_RESTORED,
        lambda one: one.owner == owner and bool(one.removed_at),
        lambda one: replace(one, removed_at=""),
        only_after,
    )


def start_dashboard(ports: Ports, reader: DashboardOwner) -> OwnDashboard | None:
    """The dashboard with which the portal opens for a person, if there is one and the person can still see it."""
    document = ports.documents.get(START_VIEWS, reader.login)
    chosen = document.data.get("dashboard", "") if document else ""
    dashboard = DASHBOARDS.get_or_none(ports, chosen) if chosen else None
    return dashboard if dashboard and dashboard.is_visible_to(reader) else None


def set_start_dashboard(ports: Ports, reader: DashboardOwner, id: str) -> None:
    """Open the portal with this dashboard; empty: with the dashboard of the role. Raises `NotFound`."""
    if id:
        get_dashboard(ports, id, reader)

    def changed(document: Document | None) -> Update:
        before = dict(document.data) if document else None
        after = {"view": "", "dashboard": id}
        entry = audit_log.entry(ports, reader.login, AuditAction.VIEW_START_SET, reader.login, before, after)
        return Update(after, [entry])

    update_document(ports.documents, START_VIEWS, reader.login, changed)


def check_dashboard_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME:
        raise Rejected(f"Enter a name for the dashboard, with at most {MAX_NAME} characters.")
    return name


def _owned_dashboard(dashboard: OwnDashboard, owner: DashboardOwner) -> bool:
    return dashboard.owner == owner and not dashboard.removed_at


def _dashboards_of(ports: Ports, owner: DashboardOwner) -> list[OwnDashboard]:
    return DASHBOARDS.find(ports, {"login": owner.login, "account": owner.account})


def _forget_removed(ports: Ports, own: list[OwnDashboard], now: datetime) -> None:
    """Delete dashboards that can no longer be restored."""
    until = (now - RESTORABLE).isoformat(timespec="seconds")
    for one in own:
        if one.removed_at and one.removed_at < until:
            ports.documents.delete(DASHBOARDS.name, one.id)


def _write_dashboard(
    ports: Ports,
    id: str,
    by: str,
    action: AuditAction,
    may: Callable[[OwnDashboard], bool],
    change: DashboardChange,
    sides: Callable[[Data, Data], Sides] = both_sides,
) -> OwnDashboard:
    def changed(before: OwnDashboard) -> OwnDashboard:
        if not may(before):
            raise NotFound(DASHBOARDS.missing)
        return change(before)

    return DASHBOARDS.change(ports, id, by, action, changed, sides=sides)
