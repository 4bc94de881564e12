"""Texts of the dashboards of people."""

from collections.abc import Iterable

AS_PINNED = "As pinned"
"""The choice of the period that each tile was pinned with."""
SHOWN = {"chart": "Chart", "table": "Table", "number": "Number"}
"""What a tile shows → its name."""
WIDTHS = {"third": "A third of the page", "half": "Half of the page", "full": "The whole page"}
"""Width of a tile → its name."""
MY_DASHBOARD = "My dashboard"
"""Proposed name of the first dashboard."""
TILE_CHANGED = "Tile changed."
START_CHANGED = "Start page changed."


def pinned(title: str, name: str) -> str:
    return f"“{title}” is pinned to “{name}”."


def created(name: str) -> str:
    return f"Dashboard “{name}” created."


def changed(name: str) -> str:
    return f"Dashboard “{name}” changed."


def removed(name: str) -> str:
    return f"Dashboard “{name}” removed. It can be restored below for 30 days."


def restored(name: str) -> str:
    return f"“{name}” restored."


def own_filters(labels: Iterable[str]) -> str:
    """Which filters of the page a tile does not take."""
    return f"{', '.join(labels)} above: not applied, because the tile has its own."
