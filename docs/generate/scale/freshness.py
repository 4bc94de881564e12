"""Freshness in docs/scale.md: how long until a till's sale and a file are visible, and what that costs."""

from collections.abc import Iterable, Iterator

from devtools.billing.prices import query_cost
from devtools.billing.queries import LEAST
from devtools.billing.sizes import width
from devtools.billing.traffic import DAY, FROM_TILLS, GAP, MICRO_WAIT, OPEN_HOURS, SETTLE_EVERY
from docs.generate.scale.model import Day, computed
from docs.generate.scale.seconds import FILE_SECONDS, GATHER, MICRO_BATCH_SECONDS, STATEMENT_SECONDS, receive_seconds
from infra.goals import FILE_SECONDS as FILE_GOAL
from infra.goals import LIVE_SECONDS as LIVE_GOAL
from portal.live.broadcaster import CHECK_INTERVAL
from portal.live.streams import APPENDS_FRESH
from tillstream.model.tables.warehouse_tables import LIVE, LIVE_EXPIRES, LIVE_TABLES

DELIVERED = 0.3
"""Seconds from the answer to a till until a call that waits has the message."""
STORED = 0.6
"""Seconds until a micro-batch has its object, its record and its state."""
APPENDED = 1.0
"""Seconds of the four calls that append its lines, and of the document that open pages read."""
EVENT = 1.5
"""Seconds until an event starts its function."""
NOTICED = APPENDS_FRESH + CHECK_INTERVAL
"""Longest time until an open page notices an append."""
READ_COLUMNS = frozenset(field.name for field in LIVE_TABLES[LIVE]) - {"appended_at", "tax", "gross_amount", "discount"}
STEPS = 1_000
P95 = 0.95
STATEMENT_DAYS = 2.5
"""Days of `statements` that a query of unsettled sales reads, on average."""
HOURS = (24, 16, 12)


def bigquery_seconds() -> Iterator[float]:
    """Seconds until a sale is in BigQuery, for sales spread over a minute: the wait for the next pull, and the steps.

    The last pull of a minute is followed by the first one of the next call.
    """
    pulls = [number * MICRO_WAIT for number in range(int((SETTLE_EVERY - GAP) / MICRO_WAIT) + 1)] + [SETTLE_EVERY]
    for step in range(STEPS):
        at = SETTLE_EVERY * (step + 0.5) / STEPS
        waits = next(pull for pull in pulls if pull >= at) - at
        yield DELIVERED + waits + STORED + MICRO_BATCH_SECONDS + APPENDED


def portal_seconds() -> Iterator[float]:
    """Seconds until it is on an open page, with each of ten moments at which the page looks."""
    for appended in bigquery_seconds():
        yield from (appended + NOTICED * (step + 0.5) / 10 + STATEMENT_SECONDS for step in range(10))


def file_seconds(of_settlement: float) -> Iterator[float]:
    """Seconds until a file is in the ledger: a settlement of tills' sales can be under way when it is staged."""
    for step in range(STEPS):
        left = of_settlement - SETTLE_EVERY * step / STEPS
        yield EVENT + FILE_SECONDS + EVENT + max(left, 0.0) + of_settlement


def p95(seconds: Iterable[float]) -> float:
    every = sorted(seconds)
    return every[int(P95 * len(every))]


def steps(day: Day) -> list[tuple[str, str]]:
    file = p95(file_seconds(day.settle_seconds))
    rows = [
        ("a message is delivered to the call that waits", DELIVERED),
        ("the wait for the next pull: at most", MICRO_WAIT),
        ("the micro-batch is stored and recorded", STORED),
        ("it is staged", MICRO_BATCH_SECONDS),
        ("its lines are appended", APPENDED),
        ("a sale in BigQuery, 19 of 20", p95(bigquery_seconds())),
        ("an open page notices the append: at most", NOTICED),
        ("the page reads the unsettled sales", STATEMENT_SECONDS),
        (f"a sale on an open page, 19 of 20 (goal: {LIVE_GOAL})", p95(portal_seconds())),
        (f"a file in the ledger, 19 of 20 (goal: {FILE_GOAL})", file),
    ]
    return [(name, f"{seconds:.1f}") for name, seconds in rows]


def standing(hours: float) -> float:
    """USD of a day of `receive`, which waits in the opening hours and pulls once a minute in the others."""
    closed = DAY / 60 - hours * 60
    return hours * 60 * computed("receive", receive_seconds()) + closed * computed("receive", 1.0)


def open_page(day: Day) -> float:
    """USD of a day on which a live page is open: one query for each append, for all its readers."""
    hour = day.traffic.lines * FROM_TILLS / OPEN_HOURS
    lines = hour * (LIVE_EXPIRES.total_seconds() / 3600 + 0.5) * width(LIVE, READ_COLUMNS)
    statements = day.sales * FROM_TILLS * STATEMENT_DAYS * width("statements", ("scope", "sale_date"))
    billed = sum(max(LEAST, size) for size in (lines, statements, LEAST, LEAST))
    return OPEN_HOURS * 3600 / MICRO_WAIT * query_cost(billed)


def costs(days: Iterable[Day]) -> list[tuple[str, ...]]:
    days = list(days)
    rows = [(f"receive, {hours} opening hours", *(f"{standing(hours):.2f}" for _ in days)) for hours in HOURS]
    rows.append(("appends of unsettled sales", *(f"{day.costs['unsettled sales']:.2f}" for day in days)))
    rows.append(("an open live page", *(f"{open_page(day):.2f}" for day in days)))
    return rows


TEXT = f"""
In the opening hours of a stage (`TILLSTREAM_OPENING_HOURS`; always, if it is not set), a call of `receive` waits for
sales during its whole minute, and the scheduler starts the next one {GAP:g} seconds after its last pull. It collects
sales for {GATHER:g} seconds after each pull that was not full, stages them in the same process, and appends their lines
to the table `live_lines`. The view `live_sales`, and open live pages, show them until the commit that adds them to the
ledger. Every figure of the ledger follows with the settlement of the minute. These are assumed seconds: measure them
with the log lines `live` and `settled`.
"""
COSTS = f"""
What this costs a day in USD. `receive` costs the same however many sales arrive, and is a part of an idle project
below. A live page costs this while at least one is open, {OPEN_HOURS} hours a day; all its readers share the query.
Outside the opening hours, a sale is visible within about a minute.
"""
