"""What people change on saved views and dashboards, for the test of the audit log: endpoint → its entry, and an act."""

from collections.abc import Callable

from shop_steps import Shop

from tillstream.explore import own_dashboards
from tillstream.explore.own_dashboards import DashboardOwner, OwnDashboard
from tillstream.people import accounts
from tillstream.records import saved_views

TILE = {"title": "Units", "show": "table"}
ADDRESS = "/explore?measure=units&by=product"


def _saved_view(shop: Shop) -> str:
    shop.boss.post("/views", {"name": "UK", "address": "/dashboard?region=UK"})
    return saved_views.find_views(shop.app.ports, "boss", accounts.get_user(shop.app.ports, "boss").created_at)[0].id


def _pinned(shop: Shop) -> OwnDashboard:
    shop.boss.post("/dashboards/pin", TILE | {"address": ADDRESS, "name": "Mine"})
    owner = DashboardOwner("boss", accounts.get_user(shop.app.ports, "boss").created_at)
    return own_dashboards.find_dashboards(shop.app.ports, owner)[0]


def _post(shop: Shop, place: str, form: dict[str, str] | None = None) -> OwnDashboard:
    """Post to an address below a dashboard with a tile."""
    dashboard = _pinned(shop)
    shop.boss.post(dashboard.address + place.format(tile=dashboard.tiles[-1].id), form)
    return dashboard


def _restored_tile(shop: Shop) -> None:
    dashboard = _post(shop, "/tiles/{tile}/remove")
    shop.boss.post(f"{dashboard.address}/tiles/{dashboard.tiles[-1].id}/restore")


def _restored(shop: Shop) -> None:
    shop.boss.post(f"{_post(shop, '/remove').address}/restore")


SAVED = "dashboard.saved"
DASHBOARDS: dict[str, tuple[str, Callable[[Shop], object]]] = {
    "views.save": ("view.saved", _saved_view),
    "views.delete": ("view.removed", lambda s: s.boss.post(f"/views/{_saved_view(s)}/delete")),
    "views.start": ("view.set-as-start-page", lambda s: s.boss.post("/views/start", {"view": _saved_view(s)})),
    "own_dashboards.create": (SAVED, lambda s: s.boss.post("/dashboards", {"name": "New"})),
    "own_dashboards.pin": (SAVED, _pinned),
    "own_dashboards.save": (SAVED, lambda s: _post(s, "", {"name": "Ours", "shared": "yes"})),
    "own_dashboards.start": (
        "view.set-as-start-page",
        lambda s: s.boss.post("/dashboards/start", {"dashboard": _pinned(s).id}),
    ),
    "own_dashboards.arrange": (SAVED, lambda s: _post(s, "/arrange")),
    "own_dashboards.change_tile": (SAVED, lambda s: _post(s, "/tiles/{tile}", TILE | {"width": "full"})),
    "own_dashboards.remove_tile": (SAVED, lambda s: _post(s, "/tiles/{tile}/remove")),
    "own_dashboards.restore_tile": (SAVED, _restored_tile),
    "own_dashboards.remove": ("dashboard.removed", lambda s: _post(s, "/remove")),
    "own_dashboards.restore": ("dashboard.restored", _restored),
}
