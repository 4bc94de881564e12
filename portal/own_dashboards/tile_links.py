"""Addresses of the tiles of a dashboard: what was pinned, with the filters of the page."""

from dataclasses import dataclass
from urllib.parse import parse_qs

from flask import url_for

from portal.dashboard.filter_bar import OWN_DATES
from portal.dashboard.request_filters import DashboardFilters
from portal.explore.tile import SHOW, SLOT
from portal.filters.texts import LABELS
from portal.own_dashboards import texts
from portal.urls import with_args
from tillstream.analytics.filters import CURRENCY
from tillstream.dashboards.own_dashboard import Tile
from tillstream.model.dates import DATE_FILTERS

PRESET = "preset"


@dataclass(frozen=True)
class TileLinks:
    """`fragment`: address of the tile alone. `explore`: of its exploration. `note`: filters of the page that it
    does not take."""

    tile: Tile
    fragment: str
    explore: str
    note: str


def of(tile: Tile, selection: DashboardFilters) -> TileLinks:
    """A tile with the filters of the page: the period and the currency replace its own, other filters do not."""
    args, chosen = parse_qs(tile.query, keep_blank_values=True), selection.values
    if selection.preset:
        for name in (PRESET, *DATE_FILTERS):
            args.pop(name, None)
        args[PRESET] = [selection.preset]
        if selection.preset == OWN_DATES:
            args |= {name: chosen[name] for name in DATE_FILTERS if chosen.get(name)}
    if chosen.get(CURRENCY):
        args[CURRENCY] = chosen[CURRENCY]
    refused = []
    for name, label in LABELS.items():
        if not chosen.get(name):
            continue
        if any(args.get(name, [])) and set(args[name]) != set(chosen[name]):
            refused.append(label)
        else:
            args[name] = chosen[name]
    shown = {SHOW: tile.show.value, SLOT: f"pinned-{tile.id}"}
    return TileLinks(
        tile,
        f"{url_for('explore.tile_of')}?{with_args(args, **shown)}",
        f"{url_for('explore.show')}?{with_args(args)}",
        texts.own_filters(refused) if refused else "",
    )
