"""What the address of the page selects: measures, dimensions, comparison, chart and order."""

from dataclasses import replace

from flask import request

from portal.context import scope
from portal.explore import texts
from tillstream.analytics import explorations
from tillstream.analytics.explorations import Exploration

CHANGE, GROWTH, BEFORE = "change", "growth", "before"


def read() -> Exploration:
    """The exploration of this request. Raises `Rejected` for names that the user cannot choose."""
    one = explorations.parse_exploration(request.args.to_dict(flat=False), scope())
    return replace(
        one,
        chart=one.chart if one.chart in texts.CHARTS else "",
        against=one.against if one.against in texts.COMPARISONS else "",
    )
