"""Stock on the start page: how many products need attention, and how many lines of the restock queue are due."""

from typing import Any

from portal import figures
from portal.context import scope
from portal.stock import texts
from tillstream.analytics.filters import Filters
from tillstream.domain.people import Action

SHOWN = ("negative", "out", "low", "not-counted")


def load(selection: object) -> dict[str, Any]:  # noqa: ARG001 - independent of the filters
    """The number of products in the user's stores by status, and for those who order them, what to order."""
    counts = {row["status"]: row["levels"] for row in figures.ask("stock-statuses", Filters()).to_pylist()}
    rows = [(status, counts[status]) for status in SHOWN if counts.get(status)]
    orders = figures.ask("restock-counts", Filters()).to_pylist() if scope().may(Action.MANAGE_STOCK) else []
    return {
        "rows": rows,
        "total": sum(counts.values()),
        "to_order": sum(one["lines"] for one in orders if one["state"] == "open"),
        "statuses": texts.STATUSES,
        "meanings": texts.MEANINGS,
    }
