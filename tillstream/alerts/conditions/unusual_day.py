"""Days whose revenue is outside of the range that was forecast for them beforehand."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tillstream.alerts.condition import AlertSources, Days, day_text, recent_days_condition
from tillstream.alerts.observations import Observation
from tillstream.alerts.rules import AlertRule
from tillstream.analytics import measure_values
from tillstream.analytics.filters import Filters
from tillstream.goals.target_sales import TargetSales
from tillstream.model.dates import Month
from tillstream.model.money import amount_text
from tillstream.model.people import UNRESTRICTED

Node = tuple[str, str | None, date]
"""Region, store or None, and day."""
BY_LEVEL = {"region": ("region",), "store": ("region", "store")}
EVERYWHERE_OVER = timedelta(hours=12)
"""Time after midnight UTC until a day is over in every time zone."""


def _replay(sources: AlertSources, rule: AlertRule, first: date, last: date) -> Days:
    """The unusual days of regions, and those of stores whose region has no unusual day then."""
    forecasts = sources.rows("forecasts_before", first=first, last=last)
    complete = _complete_through(sources)
    last = max(complete.values(), default=date.min)
    sold: dict[Node, Decimal] = {}
    for level, currency in {(row["level"], row["currency"]) for row in forecasts}:
        sold |= _sold(sources, BY_LEVEL[level], currency, first, last)
    days: dict[date, list[Observation]] = defaultdict(list)
    regions: set[tuple[str, date]] = set()
    for row in forecasts:  # regions come first
        region, store, day = node = (row["region"], row["store_id"], row["first_day"])
        if day > complete.get(region, date.min) or (region, day) in regions or not rule.covers_place(region, store):
            continue
        observation = _observation(sources, rule, row, sold.get(node, Decimal(0)))
        if observation and observation.value >= rule.lower:
            days[day].append(observation)
            if store is None:
                regions.add((region, day))
    return days


CONDITIONS = {"unusual-day": recent_days_condition(_replay)}


def _complete_through(sources: AlertSources) -> dict[str, date]:
    """Region → its last day that is complete, and over in every time zone."""
    now, warehouse = sources.ports.clock.now(), sources.ports.warehouse
    sales = TargetSales(warehouse, now.date(), sources.expected, sources.cache)
    over = (now - EVERYWHERE_OVER).date() - timedelta(days=1)
    return {region: min(day, over) for region, day in sales.complete_through(Month.from_day(now.date())).items()}


def _sold(sources: AlertSources, by: tuple[str, ...], currency: str, first: date, last: date) -> Mapping[Node, Decimal]:
    if last < first:
        return {}
    filters = Filters(first, last, currency=currency)
    rows = measure_values.query_measures(
        sources.ports.warehouse, ["revenue"], ["day", *by], UNRESTRICTED, filters, cache=sources.cache
    ).to_pylist()
    return {(row["region"], row.get("store"), row["day"]): row["revenue"] or Decimal(0) for row in rows}


def _observation(sources: AlertSources, rule: AlertRule, row: Mapping[str, Any], sold: Decimal) -> Observation | None:
    """None if the day is inside of its range."""
    low, high, region, store, day = row["low"], row["high"], row["region"], row["store_id"], row["first_day"]
    if sold < low:
        outside, side = (low - sold) / low, "below"
    elif sold > high:
        outside, side = (sold - high) / high if high else Decimal(10), "above"
    else:
        return None
    place, currency = sources.place(region, store), row["currency"]
    return Observation(
        f"{region}/{store or ''}/{day}",
        f"{day_text(day)} was unusual in {place}: revenue was {side} the forecast",
        round(outside * 100, 1),
        rule.threshold,
        f"Revenue was {amount_text(sold, currency)} {currency}; forecast was {amount_text(low, currency)} to "
        f"{amount_text(high, currency)}.",
        region,
        store,
        sources.sales_path(day, region, store),
    )
