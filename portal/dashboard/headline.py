"""The dashboard area's key figures: the numbers before any chart, each beside the period and the year before."""

from dataclasses import dataclass
from typing import Any

from flask import request

from portal import metrics
from portal.dashboard.request_filters import Asked
from tillstream.analytics.filters import Filters


@dataclass(frozen=True)
class Card:
    """`figure` names the number in the queries; `kind` is how it is written."""

    figure: str
    label: str
    kind: str = "count"


CARDS = (
    Card("revenue", "Revenue", "money"),
    Card("orders", "Orders"),
    Card("average_order_value", "Average order", "money"),
    Card("units", "Units"),
    Card("customers", "Customers"),
    Card("new_customers", "New customers"),
    Card("margin", "Margin", "money"),
    Card("returned_value", "Returns", "money"),
    Card("cancelled_value", "Cancelled", "money"),
    Card("active_lines", "Sale lines"),
)


CURRENCIES = 8
"""So many currencies stand on the card; the others are counted."""


def load(asked: Asked) -> dict[str, Any]:
    beside = ["by-currency", "growth"] if asked.has_period else ["by-currency"]
    found, (money, *growth) = metrics.headline(asked.filters, *beside)
    own_money = money.to_pylist()
    foreign = [row for row in own_money if not row["is_reporting"]]
    return {
        "own_money": own_money[:CURRENCIES],
        "more_money": len(own_money) - len(own_money[:CURRENCIES]),
        "foreign": bool(foreign),
        "local": bool(foreign) and request.args.get("currency") == "local",
        "kpis": found,
        "cards": [card for card in CARDS if found[card.figure] is not None and not _says_nothing(card, found)],
        "growth": metrics.by_figure(growth[0]) if growth else {},
        "everything": metrics.kpis(Filters()) if not found["lines"] else found,
        "comparison": metrics.comparison(asked.filters),
    }


def _says_nothing(card: Card, found: dict[str, Any]) -> bool:
    """Without a first day everybody is new; where nothing came back or was cancelled there is nothing to tell."""
    match card.figure:
        case "new_customers":
            return bool(found["new_customers"] == found["customers"])
        case "returned_value":
            return not found["returned_lines"]
        case "cancelled_value":
            return not found["cancelled_lines"]
        case _:
            return False
