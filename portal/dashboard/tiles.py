"""The dashboard area's tiles: each a small page part with a question of its own, loaded by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import render_template

from portal.context import scope
from portal.dashboard import breakdowns, data_status, headline, trends, world_map
from portal.dashboard.request_filters import Asked
from portal.dashboard.role_layouts import ROLE_LAYOUTS
from tillstream.domain.errors import NotFound
from tillstream.domain.people import Action

Load = Callable[[Asked], dict[str, Any]]


@dataclass(frozen=True)
class Tile:
    """`load` gives what its template shows; `wide` takes the whole row; `of_sales` needs at least one sale."""

    title: str
    template: str
    load: Load
    wide: bool = False
    of_sales: bool = True
    chart: bool = False
    needs: Action = Action.SEE_NUMBERS

    def body(self, asked: Asked) -> str:
        """Its HTML. Raises what reading numbers raises."""
        return render_template(f"dashboard/tiles/{self.template}.html", **({"asked": asked} | self.load(asked)))


def _breakdown(name: str, *, wide: bool = False, needs: Action = Action.SEE_NUMBERS) -> Tile:
    found = breakdowns.BREAKDOWNS[name]
    return Tile(found.title, "breakdown", found.load, wide=wide, chart=True, needs=needs)


TILES: dict[str, Tile] = {
    "headline": Tile("Key figures", "headline", headline.load, wide=True),
    "attention": Tile("What needs you", "attention", data_status.attention, of_sales=False, needs=Action.SEE_UPLOADS),
    "latest-uploads": Tile(
        "Latest files", "latest_uploads", data_status.latest, of_sales=False, needs=Action.SEE_UPLOADS
    ),
    "over-time": Tile("Revenue over time", "over_time", trends.over_time, wide=True, chart=True),
    "by-region": _breakdown("by-region"),
    "by-country": Tile("Around the world", "world", world_map.load, wide=True, chart=True),
    "heatmap": Tile("Which days sell", "heatmap", trends.heatmap, chart=True),
    "by-store": _breakdown("by-store"),
    "by-category": _breakdown("by-category"),
    "by-product": _breakdown("by-product"),
    "by-channel": _breakdown("by-channel"),
    "by-salesperson": _breakdown("by-salesperson", needs=Action.SEE_PERSONAL),
    "top-customers": Tile(
        "Top customers", "top_customers", breakdowns.top_customers, wide=True, needs=Action.SEE_PERSONAL
    ),
    "freshness": Tile("How fresh this is", "freshness", data_status.freshness, wide=True),
}


def mine() -> dict[str, Tile]:
    """The tiles of the person's page, in its order."""
    bounds = scope()
    wanted = {name: TILES[name] for name in ROLE_LAYOUTS[bounds.role].tiles}
    return {name: tile for name, tile in wanted.items() if bounds.may(tile.needs)}


def own(name: str) -> Tile:
    """Raises `NotFound` for a tile that is not on the person's page."""
    tile = mine().get(name)
    if tile is None:
        raise NotFound("There is no such part on your dashboard.")
    return tile
