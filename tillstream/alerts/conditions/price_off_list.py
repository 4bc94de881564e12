"""Products that were sold at a price far from their list price."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import quote

from tillstream.alerts.condition import AlertSources, Days, day_text, recent_days_condition, rule_filters
from tillstream.alerts.observations import Observation
from tillstream.alerts.rules import AlertRule
from tillstream.analytics import queries
from tillstream.model.money import price_text
from tillstream.model.people import UNRESTRICTED

MOST_LINES = 10_000


def _replay(sources: AlertSources, rule: AlertRule, first: date, last: date) -> Days:
    """One observation for each product, store and day: about the line with the greatest difference."""
    rows = queries.run_query(
        sources.ports.warehouse,
        "prices-off-list",
        UNRESTRICTED,
        rule_filters(rule, first, last),
        cache=sources.cache,
        share=rule.lower / 100,
        limit=MOST_LINES,
    ).to_pylist()
    days: dict[date, dict[str, Observation]] = defaultdict(dict)
    for row in rows:  # greatest difference first
        one = _observation(sources, rule, row)
        days[row["sale_date"]].setdefault(one.subject, one)
    return {day: list(observations.values()) for day, observations in days.items()}


CONDITIONS = {"price-off-list": recent_days_condition(_replay)}


def _observation(sources: AlertSources, rule: AlertRule, row: Mapping[str, Any]) -> Observation:
    percent = round(row["difference"] * 100)
    side = "above" if percent > 0 else "below"
    product, day = row["product_name"] or row["product"], row["sale_date"]
    place = sources.place(row["region"], row["store_id"])
    return Observation(
        f"{row['region']}/{row['store_id']}/{row['product']}/{day}",
        f"{product} was sold {abs(percent)}% {side} its list price in {place} on {day_text(day)}",
        abs(row["difference"] * 100),
        rule.threshold,
        f"Sold for {price_text(row['unit_price'], row['currency'])} {row['currency']}; the list price is "
        f"{price_text(row['list_price'], row['currency'])} {row['currency']}. Sale {row['sale_id']}.",
        row["region"],
        row["store_id"],
        f"/sales/{quote(row['sale_id'])}?region={quote(row['region'])}",
    )
