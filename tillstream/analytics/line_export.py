"""Sale lines read by ranges of days: exports in bounded memory, and pages that read only their own days."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

import pyarrow as pa

from tillstream.analytics.filters import Filters
from tillstream.analytics.queries import run_query, stream_query
from tillstream.analytics.query_cache import QueryCache
from tillstream.analytics.query_catalogue import describe_query
from tillstream.model.people import Scope
from tillstream.ports.warehouse import QueryParams, Warehouse

MAX_LINES_AT_ONCE = 200_000
"""Maximum of lines sorted in one query, exceeded only if a single day has more."""
PAGE_COLUMNS = (
    *("sale_date", "sale_id", "store_id", "product_name", "category", "customer_name", "status", "quantity"),
    *("net_amount", "currency"),
)
"""Columns of a page or PDF for which none are chosen, in their order."""
_POSITION = ("after_day", "after_region", "after_sale", "after_line")


def export_lines(
    warehouse: Warehouse, scope: Scope, filters: Filters, q: str = "", *, at_once: int = MAX_LINES_AT_ONCE
) -> Iterator[pa.RecordBatch]:
    """Yield the lines of `lines-whole`, the newest day first, in at least one batch. Raises as `run_query`.

    Up to `at_once` lines are one consistent snapshot; with more, later days may include a settlement that committed
    meanwhile.
    """
    days = run_query(warehouse, "sales-over-time", scope, filters, period="daily").to_pylist()
    spans: list[tuple[date | None, date | None]] = list(
        _spans([(row["period_start"], row["lines"]) for row in reversed(days)], at_once)
    )
    for first, last in spans or [(filters.start, filters.end)]:
        yield from stream_query(warehouse, "lines-whole", scope, replace(filters, start=first, end=last), q=q)


def _spans(days: list[tuple[date, int]], max_lines: int) -> Iterator[tuple[date | None, date | None]]:
    """Group adjacent days, newest first, into ranges of at most `max_lines` lines; yield (first, last) day."""
    group: list[date] = []
    group_lines = 0
    for day, count in days:
        if group and group_lines + count > max_lines:
            yield group[-1], group[0]
            group, group_lines = [], 0
        group.append(day)
        group_lines += count
    if group:
        yield group[-1], group[0]


def lines_page(
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
    """Return a page of `lines-page`. If sorted by day and without a search, only its days are read. Raises as
    `run_query`."""
    if sort == "sale_date" and not q:
        days = run_query(warehouse, "sales-over-time", scope, filters, cache=cache, period="daily").to_pylist()
        line_counts = [(row["period_start"], row["lines"]) for row in (reversed(days) if descending else days)]
        first, last, skipped = _days_of_page(line_counts, limit, offset)
        if first and last:
            filters, offset = replace(filters, start=min(first, last), end=max(first, last)), offset - skipped
    params = {"sort": sort, "descending": int(descending), "limit": limit, "offset": offset, "q": q}
    return run_query(warehouse, "lines-page", scope, filters, cache=cache, **params)


def lines_following(
    warehouse: Warehouse,
    scope: Scope,
    filters: Filters,
    position: Sequence[str] | None,
    *,
    limit: int,
    cache: QueryCache | None = None,
) -> pa.Table:
    """Return up to `limit` lines of `lines-after` after a position, the first ones if it is None. Raises as
    `run_query`.

    position: sale date, region, sale ID and line key. Only the days that the page needs are read.
    """
    params: QueryParams = dict(zip(_POSITION, position or (), strict=False))
    day = date.max
    if position:
        (day_parameter, *_) = describe_query("lines-after").parameters
        day = params["after_day"] = day_parameter.value(position[0])
    days = run_query(warehouse, "sales-over-time", scope, filters, cache=cache, period="daily").to_pylist()
    counts = [(row["period_start"], row["lines"]) for row in reversed(days) if row["period_start"] <= day]
    already = counts[0][1] if counts and counts[0][0] == day else 0
    first, last, _ = _days_of_page(counts, limit + already, 0)
    bounded = replace(filters, start=last, end=first) if first and last else filters
    lines_after = run_query(warehouse, "lines-after", scope, bounded, cache=cache, limit=limit, **params)
    if lines_after.num_rows < limit and counts and last != counts[-1][0]:  # lines left these days meanwhile
        lines_after = run_query(warehouse, "lines-after", scope, filters, cache=cache, limit=limit, **params)
    return lines_after


def _days_of_page(days: list[tuple[date, int]], limit: int, offset: int) -> tuple[date | None, date | None, int]:
    """Return the first and last day of a page, and the number of lines in the days before them."""
    first = last = None
    skipped = available = 0
    for day, count in days:
        if first is None and skipped + count <= offset:
            skipped += count
            continue
        first = first or day
        last = day
        available += count
        if skipped + available >= offset + limit:
            break
    return first, last, skipped
