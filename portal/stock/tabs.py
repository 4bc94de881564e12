"""The views of stock that the user may open."""

from flask import url_for

from portal.context import scope
from portal.stock import texts
from tillstream.domain.people import Action

READING = {"stock.show", "stock_files.report"}
"""Views for those who may not change stock."""
ARGUMENTS = {"stock_files.report": {"report": "value"}}
"""View → arguments of its address."""


def links() -> list[tuple[str, str]]:
    """Address and label of each view."""
    changes = scope().may(Action.MANAGE_STOCK)
    return [
        (url_for(endpoint, **ARGUMENTS.get(endpoint, {})), label)
        for endpoint, label in texts.TABS.items()
        if changes or endpoint in READING
    ]
