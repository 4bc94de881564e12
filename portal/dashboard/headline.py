"""Key figures, each compared with the period and the year before."""

from dataclasses import dataclass
from typing import Any

from portal import metrics
from portal.dashboard.request_filters import DashboardFilters
from tillstream.analytics.filters import Filters


@dataclass(frozen=True)
class Card:
    """A key figure. `figure`: its name in the queries. `kind`: its format."""

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
"""Maximum number of currencies that the card lists; the others are only counted."""


def load(selection: DashboardFilters) -> dict[str, Any]:
    extra = ["by-currency", "growth"] if selection.has_period else ["by-currency"]
    totals, (money, *growth) = metrics.headline(selection.filters, *extra)
    own_money = money.to_pylist()
    foreign = [row for row in own_money if not row["is_reporting"]]
    return {
        "own_money": own_money[:CURRENCIES],
        "more_money": len(own_money) - len(own_money[:CURRENCIES]),
        "foreign": bool(foreign),
        "kpis": totals,
        "cards": [
            card for card in CARDS if totals.get(card.figure) is not None and not _is_uninformative(card, totals)
        ],
        "growth": metrics.by_figure(growth[0]) if growth else {},
        "everything": metrics.kpis(Filters()) if not totals["lines"] else totals,
        "comparison": metrics.comparison(selection.filters),
    }


def _is_uninformative(card: Card, totals: dict[str, Any]) -> bool:
    """Whether a card adds nothing: all customers are new, or there are no returns or cancellations."""
    match card.figure:
        case "new_customers":
            return bool(totals["new_customers"] == totals["customers"])
        case "returned_value":
            return not totals["returned_lines"]
        case "cancelled_value":
            return not totals["cancelled_lines"]
        case _:
            return False
