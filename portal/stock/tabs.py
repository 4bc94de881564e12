"""The views of stock that the user may open."""

from flask import url_for

from portal.context import scope
from portal.stock import texts
from tillstream.domain.people import Action


def links() -> list[tuple[str, str]]:
    """Address and label of each view; who may not change stock has the levels only."""
    changes = scope().may(Action.MANAGE_STOCK)
    return [(url_for(endpoint), label) for endpoint, label in texts.TABS.items() if changes or endpoint == "stock.show"]
