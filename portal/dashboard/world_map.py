"""World map of revenue, a view of the breakdown by country."""

from typing import Any

from portal import figures
from portal.dashboard import charts
from portal.dashboard.request_filters import DashboardFilters, here, lines_link
from portal.static_files import asset
from tillstream.model.countries import country_code


def has_several(rows: list[dict[str, Any]]) -> bool:
    """Whether the groups of a breakdown by country are in more than one country of the map."""
    return len({country_code(row["value"]) for row in rows if row["value"]} - {None}) > 1


def load(selection: DashboardFilters) -> dict[str, Any]:
    """Different names of a country are one area on the map, but separate rows in the ranking."""
    rows = figures.ask("country-shares", selection.filters).to_pylist()
    currency = figures.currency()
    areas: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        row["link"] = here(country=row["country"]) if row["country"] else ""
        row["lines_link"] = lines_link(country=row["country"]) if row["country"] else ""
        row["code"] = country_code(row["country"]) if row["country"] else None
        if row["code"]:
            areas.setdefault(row["code"], []).append(row)
    figure = charts.world(areas, currency) | {
        "outlines": asset("world.json"),
        "links": [here(country=[row["country"] for row in area]) for area in areas.values()],
    }
    return {
        "rows": rows,
        "nowhere": [row for row in rows if row["code"] is None],
        "currency": currency,
        "figure": figure,
        "summary": charts.describe_world(rows, currency),
    }
