"""Dashboard tiles, each loaded separately."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import render_template

from portal.context import scope
from portal.dashboard import breakdowns, brief, data_status, headline, texts, trends
from portal.dashboard.dimensions import DIMENSIONS
from portal.dashboard.request_filters import DashboardFilters
from portal.dashboard.role_layouts import ROLE_LAYOUTS
from portal.goals import tile as goals
from portal.stock import tile as stock
from tillstream.model.errors import NotFound
from tillstream.model.people import Action

Load = Callable[[DashboardFilters], dict[str, Any]]


@dataclass(frozen=True)
class Tile:
    """`load`: context of the template. `of_sales`: shown only if there are sales."""

    title: str
    template: str
    load: Load
    of_sales: bool = True
    chart: bool = False
    needs: Action = Action.SEE_NUMBERS

    def body(self, selection: DashboardFilters) -> str:
        """Rendered HTML. Raises the errors of its queries."""
        return render_template(
            f"dashboard/tiles/{self.template}.html", **({"selection": selection} | self.load(selection))
        )


@dataclass(frozen=True)
class Place:
    """A tile on the page. `argument`: the one that chooses the dimension of its figures; empty if it has none."""

    slot: str
    name: str
    tile: Tile
    argument: str = ""
    dimension: str = ""


TILES: dict[str, Tile] = {
    "brief": Tile(texts.TILES["brief"], "brief", brief.load),
    "headline": Tile(texts.TILES["headline"], "headline", headline.load),
    "over-time": Tile(texts.TILES["over-time"], "over_time", trends.over_time, chart=True),
    "movers": Tile(texts.TILES["movers"], "movers", breakdowns.movers),
    "heatmap": Tile(texts.TILES["heatmap"], "heatmap", trends.heatmap, chart=True),
    "top-customers": Tile(
        texts.TILES["top-customers"], "top_customers", breakdowns.top_customers, needs=Action.SEE_PERSONAL
    ),
    "attention": Tile(
        texts.TILES["attention"], "attention", data_status.attention, of_sales=False, needs=Action.SEE_UPLOADS
    ),
    "latest-uploads": Tile(
        texts.TILES["latest-uploads"], "latest_uploads", data_status.latest, of_sales=False, needs=Action.SEE_UPLOADS
    ),
    "goals": Tile(texts.TILES["goals"], "goals", lambda selection: goals.load(selection.values)),
    "stock": Tile(texts.TILES["stock"], "stock", lambda selection: stock.load(selection.values)),
    "freshness": Tile(texts.TILES["freshness"], "freshness", data_status.freshness),
} | {
    name: Tile(texts.by(name.removeprefix("by-")), "breakdown", partial(breakdowns.load, name), needs=one.needs)
    for name, one in DIMENSIONS.items()
}


def places(slots: tuple[str, ...], *, sold: bool) -> list[Place]:
    """The tiles of these slots that the user may see; without sales only those that do not need any."""
    split_names = dict(zip(("split-1", "split-2"), breakdowns.splits(), strict=True))
    chosen = []
    for slot in slots:
        name = split_names.get(slot, slot)
        argument = slot if slot in {"movers", *split_names} else ""
        dimension = breakdowns.movers_dimension() if slot == "movers" else name if argument else ""
        if scope().may(TILES[name].needs) and (sold or not TILES[name].of_sales):
            chosen.append(Place(slot, name, TILES[name], argument, dimension))
    return chosen


def own(name: str) -> Tile:
    """A tile by name. Raises `NotFound` for one that is not on the dashboard of the user."""
    layout = ROLE_LAYOUTS[scope().role]
    if name not in {*layout.tiles, *layout.details, *DIMENSIONS} or not (
        name in TILES and scope().may(TILES[name].needs)
    ):
        raise NotFound(texts.NO_TILE)
    return TILES[name]
