"""The demo's dashboard: shared with everybody, with a tile of each form."""

from tillstream.app import App
from tillstream.dashboards import own_dashboards, tiles
from tillstream.dashboards.own_dashboard import OwnDashboard, Owner, Show, Width

ID, NAME = "weekly-meeting", "Weekly meeting"
TILES: tuple[tuple[str, Show, Width, str], ...] = (
    ("Revenue", Show.NUMBER, Width.THIRD, "measure=revenue&by=&against=previous"),
    ("Orders", Show.NUMBER, Width.THIRD, "measure=orders&by=&against=previous"),
    ("Units", Show.NUMBER, Width.THIRD, "measure=units&by=&against=previous"),
    ("Revenue by month and region", Show.CHART, Width.FULL, "measure=revenue&by=month&by=region&preset=last-12-months"),
    ("Revenue by category, against the period before", Show.CHART, Width.HALF, "by=category&against=previous"),
    (
        "Stores by change",
        Show.TABLE,
        Width.FULL,
        "measure=revenue&by=store&against=previous&sort=revenue.change",
    ),
    ("Revenue by weekday", Show.CHART, Width.HALF, "measure=revenue&by=weekday&preset=last-12-months"),
    ("Products by revenue", Show.TABLE, Width.HALF, "measure=revenue&measure=units&by=product"),
)
"""title, form, width and query of each tile, in order"""


def add(app: App, by: str, account: str = "") -> OwnDashboard | None:
    """Create the dashboard; None if there is one already, also if it was removed. account: as of `Owner`."""
    if app.ports.documents.get(own_dashboards.COLLECTION, ID) is not None:
        return None
    owner = Owner(by, account)
    own_dashboards.create(app.ports, owner, NAME, shared=True, id=ID)
    return own_dashboards.change(app.ports, ID, owner, _with_tiles)


def _with_tiles(dashboard: OwnDashboard) -> OwnDashboard:
    for title, show, width, query in TILES:
        dashboard = tiles.pinned(dashboard, title, f"{tiles.PAGE}?{query}", show)
        dashboard = tiles.changed(dashboard, dashboard.tiles[-1].id, title, show, width)
    return dashboard
