"""The views of stock that the user may open."""

from flask import url_for

from portal.context import scope, signed_in
from portal.stock import texts
from tillstream.domain.people import Action


def links() -> list[tuple[str, str]]:
    """Address and label of each view; who may not change stock has the levels only."""
    changes = signed_in() and scope().may(Action.MANAGE_STOCK)  # error pages have these names too
    return [(url_for(endpoint), label) for endpoint, label in texts.TABS.items() if changes or endpoint == "stock.show"]
