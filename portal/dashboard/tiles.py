"""Dashboard tiles, each loaded separately."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import render_template

from portal.context import scope
from portal.dashboard import breakdowns, data_status, headline, trends, world_map
from portal.dashboard.request_filters import DashboardFilters
from portal.dashboard.role_layouts import ROLE_LAYOUTS
from tillstream.domain.errors import NotFound
from tillstream.domain.people import Action

Load = Callable[[DashboardFilters], dict[str, Any]]


@dataclass(frozen=True)
class Tile:
    """`load`: context of the template. `wide`: takes a whole row. `of_sales`: shown only if there are sales."""

    title: str
    template: str
    load: Load
    wide: bool = False
    of_sales: bool = True
    chart: bool = False
    needs: Action = Action.SEE_NUMBERS

    def body(self, selection: DashboardFilters) -> str:
        """Rendered HTML. Raises the errors of its queries."""
        return render_template(
            f"dashboard/tiles/{self.template}.html", **({"selection": selection} | self.load(selection))
        )


def _breakdown(name: str, *, wide: bool = False, needs: Action = Action.SEE_NUMBERS) -> Tile:
    breakdown = breakdowns.BREAKDOWNS[name]
    return Tile(breakdown.title, "breakdown", breakdown.load, wide=wide, chart=True, needs=needs)


TILES: dict[str, Tile] = {
    "headline": Tile("Key figures", "headline", headline.load, wide=True),
    "attention": Tile(
        "Needs your attention", "attention", data_status.attention, of_sales=False, needs=Action.SEE_UPLOADS
    ),
    "latest-uploads": Tile(
        "Latest files", "latest_uploads", data_status.latest, of_sales=False, needs=Action.SEE_UPLOADS
    ),
    "over-time": Tile("Revenue over time", "over_time", trends.over_time, wide=True, chart=True),
    "by-region": _breakdown("by-region"),
    "by-country": Tile("By country", "world", world_map.load, wide=True, chart=True),
    "heatmap": Tile("Sales by weekday", "heatmap", trends.heatmap, chart=True),
    "by-store": _breakdown("by-store"),
    "by-category": _breakdown("by-category"),
    "by-product": _breakdown("by-product"),
    "by-channel": _breakdown("by-channel"),
    "by-salesperson": _breakdown("by-salesperson", needs=Action.SEE_PERSONAL),
    "top-customers": Tile(
        "Top customers", "top_customers", breakdowns.top_customers, wide=True, needs=Action.SEE_PERSONAL
    ),
    "freshness": Tile("Data freshness", "freshness", data_status.freshness, wide=True),
}


def mine() -> dict[str, Tile]:
    """Tiles on the dashboard of the user, in order."""
    bounds = scope()
    wanted = {name: TILES[name] for name in ROLE_LAYOUTS[bounds.role].tiles}
    return {name: tile for name, tile in wanted.items() if bounds.may(tile.needs)}


def own(name: str) -> Tile:
    """A tile by name. Raises `NotFound` for one that is not on the dashboard of the user."""
    tile = mine().get(name)
    if tile is None:
        raise NotFound("Your dashboard has no such part.")
    return tile
