"""The first line of the start page: what matters to the role, in a few words, with links to pages that have more."""

from collections.abc import Callable
from typing import Any

from portal import figures
from portal.alerts import bell
from portal.connectors.scoped import late_or_failing
from portal.context import ports, scope
from portal.dashboard import breakdowns, data_status
from portal.dashboard.request_filters import DashboardFilters
from portal.dashboard.role_layouts import ROLE_LAYOUTS
from portal.goals import tile as goals
from portal.live.today import today_of
from portal.quality.failing import failing_checks
from portal.review import waiting
from portal.stock import tile as stock
from portal.stock.late_orders import late_count
from tillstream.analytics.filters import Filters
from tillstream.analytics.live_sales import LiveSalesView
from tillstream.model.people import Action

URGENT_STOCK = ("negative", "out", "low")


def load(selection: DashboardFilters) -> dict[str, Any]:
    """The items of the role by name. Sales, goals and stock are those of the selection, work to do is all of it."""
    names = ROLE_LAYOUTS[scope().role].brief
    needed = {"risen": "moved", "fallen": "moved"}
    loaders: dict[str, Callable[[], dict[str, Any]]] = {
        "today": lambda: _today(selection),
        "goal": lambda: goals.load(selection.values),
        "moved": lambda: breakdowns.movers(selection),
        "stock": lambda: _stock(selection),
        "late": lambda: _late(selection),
        "review": _review,
        "checks": lambda: {"alerts": bell.count(), "failing": failing_checks()},
    }
    parts = {part: loaders[part]() for part in dict.fromkeys(needed.get(name, name) for name in names)}
    return {"items": [(name, parts[needed.get(name, name)]) for name in names], "currency": figures.currency()}


def _today(selection: DashboardFilters) -> dict[str, Any]:
    now = ports().clock.now().replace(second=0, microsecond=0)
    sales = today_of(LiveSalesView(scope(), figures.currency()), now, selection.filters)
    return {"sales": sales, "revenue": sales.compared_revenue(figures.currency())}


def _stock(selection: DashboardFilters) -> dict[str, Any]:
    """Numbers of products by status, of the two most urgent ones that there are; the total has counted ones only."""
    loaded = stock.load(selection.values)
    urgent = [(status, levels) for status, levels in loaded["rows"] if status in URGENT_STOCK]
    counted = loaded["total"] - dict(loaded["rows"]).get("not-counted", 0)
    return loaded | {"rows": urgent[:2], "total": counted}


def _late(selection: DashboardFilters) -> dict[str, Any]:
    """Late orders, stores behind their region, and connectors that are late or failing."""
    freshness = data_status.freshness(selection)
    return {
        "orders": late_count(),
        "stores": len(freshness["late_stores"]) + freshness["more_late"],
        "connectors": late_or_failing() if scope().may(Action.SEE_PIPELINE) else 0,
    }


def _review() -> dict[str, Any]:
    refused = figures.ask("refused-rows", Filters()).to_pylist()
    return {"files": waiting.held(), "closes": waiting.closes(), "rows": sum(row["refused_rows"] for row in refused)}
