"""Products that a store has too few of, has run out of, or sold more of than it had."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from tillstream.alerts.conditions.condition import Condition, at_least_lower
from tillstream.alerts.sources import AlertSources, filters_of
from tillstream.analytics import queries
from tillstream.domain.alerts.observations import Observation
from tillstream.domain.alerts.rules import AlertRule
from tillstream.domain.people import UNRESTRICTED

MOST_ROWS = 10_000
"""Products in stores that are compared with the threshold, those that sell most."""
Row = dict[str, Any]


def _condition(status: str, value_of: Callable[[Row], Decimal], words: str) -> Condition:
    """The condition of products with a status; words: with the names of the row and `units`."""

    def evaluate(sources: AlertSources, rule: AlertRule, at: datetime) -> list[Observation]:
        filters = filters_of(rule, at.date(), at.date())
        warehouse = sources.ports.warehouse
        rows = queries.run(
            warehouse, "stock-levels", UNRESTRICTED, filters, status=status, sort="recent", limit=MOST_ROWS
        )
        return at_least_lower(rule, (_observation(sources, rule, row) for row in rows.to_pylist()))

    def _observation(sources: AlertSources, rule: AlertRule, row: Row) -> Observation:
        place = sources.place(row["region"], row["store_id"])
        where = {"region": row["region"], "store": row["store_id"], "product": row["product"]}
        return Observation(
            f"{row['region']}/{row['store_id']}/{row['product']}",
            words.format(product=row["product_name"], place=place),
            value_of(row),
            rule.threshold,
            region=row["region"],
            store=row["store_id"],
            path=f"/stock?{urlencode(where)}",
        )

    return Condition(evaluate)


def _missing_percent(row: Row) -> Decimal:
    """Percent of its low level that a product is below it."""
    return Decimal(round(100 * (1 - row["on_hand"] / row["low_below"]))) if row["low_below"] else Decimal(0)


LOW = _condition("low", _missing_percent, "{product} is low in {place}")
OUT = _condition("out", lambda row: Decimal(row["recent_units"]), "{product} is out of stock in {place}")
NEGATIVE = _condition(
    "negative", lambda row: -Decimal(row["on_hand"]), "More of {product} was sold in {place} than there was"
)
