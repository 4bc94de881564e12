"""Periods that are not complete: cut by the chosen dates, not reported through their last day, or begun before the
first sale."""

from collections.abc import Iterable
from datetime import date, timedelta

from portal import figures
from portal.dashboard import charts
from tillstream.analytics.filters import Filters
from tillstream.analytics.measures.definitions import Dimension

PERIODS = {"day": "daily", "week": "weekly", "month": "monthly", "quarter": "quarterly", "year": "yearly"}
"""Dimension → length of its periods."""
LONG = frozenset({"month", "quarter", "year"})
CLOSED = timedelta(days=6)
"""A store that opens at most so many days after the first day of a long period has sold in all of it."""


def incomplete(by: Dimension, starts: Iterable[date], filters: Filters) -> frozenset[date]:
    """The first days of the periods that are not complete. starts: first days of periods of the dimension."""
    if by.name not in PERIODS:
        return frozenset()
    first, last = reported(filters)
    if first is None or last is None:
        return frozenset()
    opened = first - CLOSED if by.name in LONG else date.min
    begin, end = max(filters.start or date.min, opened), min(filters.end or date.max, last)
    spans = [charts.span(start, PERIODS[by.name]) for start in starts]
    return frozenset(start for start, stop in spans if start < begin or stop > end)


def reported(filters: Filters) -> tuple[date | None, date | None]:
    """The first and the last reported day of the chosen regions and stores."""
    of_scope = Filters(region=filters.region, store=filters.store)
    (row,) = figures.ask("reported-days", of_scope).to_pylist()
    return row["first_day"], row["last_day"]
