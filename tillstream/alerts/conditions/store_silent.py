"""Stores whose tills send no sales in their opening hours."""

from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tillstream.alerts.condition import AlertSources, Condition, at_least_lower, time_text
from tillstream.alerts.observations import Observation
from tillstream.alerts.rules import AlertRule
from tillstream.analytics.live_sales import StoreTimes, store_times
from tillstream.model.messages import TILL_CLOCK_TOLERANCE
from tillstream.model.product_catalogue import Store

RECENT, FEWEST_DAYS = timedelta(days=14), 3
"""Time in which a store must have sold through tills, and on how many days, to be watched."""
Span = tuple[datetime, datetime]


def _evaluate(sources: AlertSources, rule: AlertRule, at: datetime) -> list[Observation]:
    """Stores of the catalogue with opening hours; a store that is closed at the instant is not silent."""
    until = int((at + TILL_CLOCK_TOLERANCE).timestamp() * 1_000_000)
    rows = sources.rows("last_till_sales", first=(at - RECENT).date(), until=until)
    times = store_times(sources.contracts.all().values())
    return at_least_lower(rule, _observations(sources, rule, rows, times, at))


CONDITIONS = {"store-silent": Condition(_evaluate)}


def _observations(
    sources: AlertSources, rule: AlertRule, rows: list[dict[str, Any]], times: StoreTimes, at: datetime
) -> Iterator[Observation]:
    for row in rows:
        region, store_id = row["region"], row["store_id"]
        store = sources.stores.get((region, store_id))
        if not store or not store.active or row["days"] < FEWEST_DAYS or not rule.covers_place(region, store_id):
            continue
        zone = ZoneInfo(store.time_zone or times.trading_time(region, store_id).zone)
        last_sold = datetime.fromtimestamp(row["last_sold_micros"] / 1_000_000, zone)
        minutes = open_minutes(store, last_sold, at.astimezone(zone))
        if minutes is not None:
            yield Observation(
                f"{region}/{store_id}",
                f"No sales have come from {sources.place(region, store_id)}",
                Decimal(minutes),
                rule.threshold,
                f"The last sale was on {time_text(last_sold)}.",
                region,
                store_id,
                "/live",
            )


def open_minutes(store: Store, last_sold: datetime, now: datetime) -> int | None:
    """Minutes of today's opening hours since the last sale; None before they begin and after they end.

    last_sold, now: in the time zone of the store.
    """
    spans = list(_spans(store, now))
    if not spans or not spans[0][0] <= now < spans[-1][1]:
        return None
    silent = (max(min(end, now) - max(start, last_sold), timedelta(0)) for start, end in spans)
    return int(sum(silent, timedelta(0)).total_seconds() // 60)


def _spans(store: Store, now: datetime) -> Iterator[Span]:
    """The opening hours of the weekday."""
    hours: Mapping[str, str] = {one.day: one.hours for one in store.opening_hours}
    for span in filter(None, hours.get(f"{now:%a}", "").split(",")):
        start, _, end = span.partition("-")
        yield _at(now, start), _at(now, end)


def _at(now: datetime, text: str) -> datetime:
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if text == "24:00":
        return day + timedelta(days=1)
    of_day = time.fromisoformat(text)
    return day.replace(hour=of_day.hour, minute=of_day.minute)
