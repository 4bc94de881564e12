"""Breakdowns: the groups of a dimension with value, share and change, and the groups that moved most."""

from typing import Any

from flask import request

from portal import figures
from portal.context import scope
from portal.dashboard import compared, world_map
from portal.dashboard.dimensions import DIMENSIONS, groups
from portal.dashboard.request_filters import DashboardFilters, here, lines_link
from portal.dashboard.role_layouts import ROLE_LAYOUTS

SHOWN = 8
RANKED = 200
"""Groups of a ranked dimension that a tile reads."""
MOVERS = 4
CUSTOMERS = (5, 10, 20)
SORTS = ("revenue", "change", "fall")


def load(name: str, selection: DashboardFilters) -> dict[str, Any]:
    """The first groups by revenue, or by the greatest rise or fall."""
    dimension, comparison = DIMENSIONS[name], compared.of(selection)
    sort = request.args.get("sort", "")
    sort = sort if sort in SORTS and comparison.period else SORTS[0]
    rows = groups(dimension, selection, comparison, limit=RANKED, by_change=sort != "revenue")
    if sort != "revenue":
        rows.sort(key=lambda row: row["change"], reverse=sort == "change")
    shown = _without_single_region(rows[:SHOWN])
    countries = world_map.load(selection) if name == "by-country" and request.args.get("view") == "map" else None
    return {
        "dimension": dimension,
        "name": name,
        "rows": shown,
        "more": len(rows) - len(shown),
        "compared": comparison,
        "largest": max((abs(row["revenue"]) for row in shown), default=0),
        "sort": sort,
        "sorts": {one: here(_anchor(name), sort=one if one != SORTS[0] else None) for one in SORTS},
        "currency": figures.currency(),
        "several_countries": name == "by-country" and world_map.has_several(rows),
        "map": countries,
    }


def movers(selection: DashboardFilters) -> dict[str, Any]:
    """The groups that rose and fell most, with the total change of which they are part."""
    name = movers_dimension()
    dimension, comparison = DIMENSIONS[name], compared.of(selection)
    rows = groups(dimension, selection, comparison, limit=RANKED, by_change=True) if comparison.period else []
    rows.sort(key=lambda row: row["change"], reverse=True)
    risers = [row for row in rows if row["change"] > 0][:MOVERS]
    fallers = [row for row in reversed(rows) if row["change"] < 0][:MOVERS]
    shown = _without_single_region([*risers, *fallers])
    return {
        "dimension": dimension,
        "name": name,
        "compared": comparison,
        "total": rows[0]["total_change"] if rows else None,
        "largest": max((abs(row[column]) for row in shown for column in ("change", "total_change")), default=0),
        "risers": risers,
        "fallers": fallers,
        "currency": figures.currency(),
    }


def _without_single_region(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The groups without their region, if all have the same one."""
    if len({row["region"] for row in rows if row.get("region")}) < 2:
        for row in rows:
            row["region"] = None
    return rows


def movers_dimension() -> str:
    return _chosen("movers", ROLE_LAYOUTS[scope().role].movers)


def splits() -> list[str]:
    """Dimensions of the breakdown tiles: the chosen ones, else those of the role."""
    return [_chosen(f"split-{number}", name) for number, name in enumerate(ROLE_LAYOUTS[scope().role].splits, 1)]


def _anchor(name: str) -> str:
    shown = splits()
    return f"tile-split-{shown.index(name) + 1}" if name in shown else ""


def _chosen(argument: str, default: str) -> str:
    name = request.args.get(argument, default)
    return name if name in DIMENSIONS and scope().may(DIMENSIONS[name].needs) else default


def top_customers(selection: DashboardFilters) -> dict[str, Any]:
    wanted = request.args.get("customers", CUSTOMERS[0], type=int)
    limit = wanted if wanted in CUSTOMERS else CUSTOMERS[0]
    rows = figures.ask("top-customers", selection.filters, limit=limit).to_pylist()
    for row in rows:
        row["lines_link"] = lines_link(q=row["customer"])
    return {"rows": rows, "currency": figures.currency(), "limit": limit, "limits": CUSTOMERS}
