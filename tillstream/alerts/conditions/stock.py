"""Products that a store has too few of, has run out of, or sold more of than it had."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from tillstream.alerts.condition import AlertSources, Condition, Days, at_least_lower, rule_filters
from tillstream.alerts.observations import Observation
from tillstream.alerts.rules import AlertRule
from tillstream.analytics import queries
from tillstream.model.people import UNRESTRICTED

MOST_ROWS = 10_000
"""Products in stores that are compared with the threshold, those that sell most."""
NOTE = (
    f"Stock at the end of each day, by what is stored now, of the {MOST_ROWS:,} products in stores that sell most. "
    "Minimum stock and lead times are those of today."
)
Row = dict[str, Any]


def _condition(status: str, value_of: Callable[[Row], Decimal], words: str) -> Condition:
    """The condition of products with a status; words: with the names of the row and `units`."""

    def evaluate(sources: AlertSources, rule: AlertRule, at: datetime) -> list[Observation]:
        filters = rule_filters(rule, at.date(), at.date())
        warehouse = sources.ports.warehouse
        rows = queries.run_query(
            warehouse, "stock-levels", UNRESTRICTED, filters, status=status, sort="recent", limit=MOST_ROWS
        )
        return at_least_lower(rule, (_observation(sources, rule, row) for row in rows.to_pylist()))

    def replay(sources: AlertSources, rule: AlertRule, first: date, last: date) -> Days:
        rows = queries.run_query(
            sources.ports.warehouse,
            "stock-by-day",
            UNRESTRICTED,
            rule_filters(rule, first, last),
            first_day=first,
            last_day=last,
            status=status,
            products=MOST_ROWS,
        )
        days: dict[date, list[Observation]] = defaultdict(list)
        for row in rows.to_pylist():
            for one in at_least_lower(rule, [_observation(sources, rule, row)]):
                for number in range((row["next_day"] - row["first_day"]).days):
                    days[row["first_day"] + timedelta(days=number)].append(one)
        return days

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

    return Condition(evaluate, replay, note=NOTE)


def _missing_percent(row: Row) -> Decimal:
    """Percent of its low level that a product is below it."""
    return Decimal(round(100 * (1 - row["on_hand"] / row["low_below"]))) if row["low_below"] else Decimal(0)


CONDITIONS = {
    "stock-low": _condition("low", _missing_percent, "{product} is low in {place}"),
    "stock-out": _condition("out", lambda row: Decimal(row["recent_units"]), "{product} is out of stock in {place}"),
    "stock-negative": _condition(
        "negative", lambda row: -Decimal(row["on_hand"]), "More of {product} was sold in {place} than there was"
    ),
}
