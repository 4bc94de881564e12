"""The views of stock that the user may open."""

from typing import Any

from flask import url_for

from portal.context import scope, signed_in
from portal.stock import texts
from tillstream.model.people import Action

READING = {"stock.show", "stock_files.report"}
"""Views for those who may not change stock."""
ARGUMENTS: dict[str, dict[str, Any]] = {"stock_files.report": {"report": "value"}}
"""View → arguments of its address."""


def links() -> list[tuple[str, str]]:
    """Address and label of each view."""
    changes = signed_in() and scope().may(Action.MANAGE_STOCK)  # error pages have these names too
    return [
        (url_for(endpoint, **ARGUMENTS.get(endpoint, {})), label)
        for endpoint, label in texts.TABS.items()
        if changes or endpoint in READING
    ]
