"""Analytics: many sale lines, some days at a time: exports that no memory must hold, pages that read no other day."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pyarrow as pa

from tillstream.analytics.filters import Filters
from tillstream.analytics.queries import QueryCache, run, stream
from tillstream.domain.people import Scope
from tillstream.ports.warehouse import Warehouse

AT_ONCE = 200_000
"""Lines that are sorted together; more than that only where one day has them."""


def lines(
    warehouse: Warehouse, scope: Scope, filters: Filters, q: str = "", *, at_once: int = AT_ONCE
) -> Iterator[pa.RecordBatch]:
    """The lines of `lines-whole`, the newest day first; one batch at least. Raises as `run`.

    Up to `at_once` lines they are all of one instant; of more, a settlement in between is seen by the days to come.
    """
    days = run(warehouse, "sales-over-time", scope, filters, period="daily").to_pylist()
    spans: list[tuple[date | None, date | None]] = list(
        _spans([(row["period_start"], row["lines"]) for row in reversed(days)], at_once)
    )
    for first, last in spans or [(filters.start, filters.end)]:
        yield from stream(warehouse, "lines-whole", scope, replace(filters, start=first, end=last), q=q)


def _spans(days: list[tuple[date, int]], most: int) -> Iterator[tuple[date | None, date | None]]:
    """First and last day of neighbours that hold so many lines together, the newest first."""
    together: list[date] = []
    held = 0
    for day, count in days:
        if together and held + count > most:
            yield together[-1], together[0]
            together, held = [], 0
        together.append(day)
        held += count
    if together:
        yield together[-1], together[0]


def page(
    warehouse: Warehouse,
    scope: Scope,
    filters: Filters,
    *,
    sort: str,
    descending: bool,
    limit: int,
    offset: int,
    q: str = "",
    cache: QueryCache | None = None,
) -> pa.Table:
    """The page of `lines-page`. By day and without a search only the days of the page are read. Raises as `run`."""
    if sort == "sale_date" and not q:
        days = run(warehouse, "sales-over-time", scope, filters, cache=cache, period="daily").to_pylist()
        counted = [(row["period_start"], row["lines"]) for row in (reversed(days) if descending else days)]
        first, last, skipped = _days_of(counted, limit, offset)
        if first and last:
            filters, offset = replace(filters, start=min(first, last), end=max(first, last)), offset - skipped
    params = {"sort": sort, "descending": int(descending), "limit": limit, "offset": offset, "q": q}
    return run(warehouse, "lines-page", scope, filters, cache=cache, **params)


def _days_of(days: list[tuple[date, int]], limit: int, offset: int) -> tuple[date | None, date | None, int]:
    """The first and the last day that a page takes lines from, and how many lines the days before them have."""
    first = last = None
    skipped = held = 0
    for day, count in days:
        if first is None and skipped + count <= offset:
            skipped += count
            continue
        first = first or day
        last = day
        held += count
        if skipped + held >= offset + limit:
            break
    return first, last, skipped
