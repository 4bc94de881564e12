"""Stock on the start page: how many products need attention."""

from typing import Any

from portal import figures
from portal.stock import texts
from tillstream.analytics.filters import Filters

SHOWN = ("negative", "out", "low", "not-counted")


def load(selection: object) -> dict[str, Any]:  # noqa: ARG001 - independent of the filters
    """The number of products in the user's stores by status."""
    counts = {row["status"]: row["levels"] for row in figures.ask("stock-statuses", Filters()).to_pylist()}
    rows = [(status, counts[status]) for status in SHOWN if counts.get(status)]
    return {"rows": rows, "total": sum(counts.values()), "statuses": texts.STATUSES, "meanings": texts.MEANINGS}
