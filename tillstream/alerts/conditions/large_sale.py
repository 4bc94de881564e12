"""Sales with a large amount."""

from collections import defaultdict
from datetime import date
from typing import Any
from urllib.parse import quote

from tillstream.alerts.condition import AlertSources, Days, day_text, recent_days_condition
from tillstream.alerts.observations import Observation
from tillstream.alerts.rules import AlertRule
from tillstream.model.money import amount_text


def _replay(sources: AlertSources, rule: AlertRule, first: date, last: date) -> Days:
    days: dict[date, list[Observation]] = defaultdict(list)
    for row in sources.rows("large_sales", first=first, last=last, amount=rule.lower):
        if rule.covers_place(row["region"], row["store_id"]):
            days[row["sale_date"]].append(_observation(sources, rule, row))
    return days


CONDITIONS = {"large-sale": recent_days_condition(_replay)}


def _observation(sources: AlertSources, rule: AlertRule, row: dict[str, Any]) -> Observation:
    place, amount = sources.place(row["region"], row["store_id"]), amount_text(row["revenue"], sources.currency)
    return Observation(
        f"{row['region']}/{row['sale_id']}",
        f"A sale of {amount} {sources.currency} in {place} on {day_text(row['sale_date'])}",
        row["revenue"],
        rule.threshold,
        f"Sale {row['sale_id']}.",
        row["region"],
        row["store_id"],
        f"/sales/{quote(row['sale_id'])}?region={quote(row['region'])}",
    )
