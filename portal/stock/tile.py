"""Stock on the start page: how many products need attention, and how many lines of the restock queue are due."""

from collections.abc import Mapping, Sequence
from typing import Any

from portal import figures
from portal.context import scope
from portal.stock import texts
from portal.stock.levels import FILTERS
from tillstream.analytics.filters import Filters
from tillstream.model.people import Action

SHOWN = ("negative", "out", "low", "not-counted")


def load(selected: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The number of products in the selected stores by status, and for those who order them, what to order.

    selected: the filters as text.
    """
    args = {name: selected[name] for name in FILTERS if selected.get(name)}
    filters = Filters.parse(args)
    counts = {row["status"]: row["levels"] for row in figures.ask("stock-statuses", filters).to_pylist()}
    rows = [(status, counts[status]) for status in SHOWN if counts.get(status)]
    orders = figures.ask("restock-counts", filters).to_pylist() if scope().may(Action.MANAGE_STOCK) else []
    return {
        "rows": rows,
        "total": sum(counts.values()),
        "to_order": sum(one["lines"] for one in orders if one["state"] == "open"),
        "statuses": texts.STATUSES,
        "meanings": texts.MEANINGS,
        "args": args,
    }
