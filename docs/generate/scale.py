"""docs/scale.md: what one and ten million sales a day come to, by arithmetic from the tables' columns."""

from typing import Any

from docs.generate import scale_model
from docs.generate.markdown import page as markdown
from docs.generate.markdown import table
from docs.generate.scale_model import (
    DAY,
    DAYS,
    DAYS_KEPT,
    EVENT_BYTES,
    FROM_TILLS,
    MATCHING_COLUMNS,
    PRICES,
    SALE_BYTES,
    SELDOM,
    SETTLE_EVERY,
    STAGE_SECONDS,
    STATEMENTS,
    Day,
    width,
)
from infra.functions import FUNCTIONS


def page() -> str:
    return markdown(
        "Scale",
        INTRO,
        "## A day",
        table(("of a day", *(f"{day.sales:,} sales" for day in DAYS)), _rows()),
        ASSUMED.format(**vars(scale_model)),
        "## Bytes of a settlement",
        BYTES.format(known=width("sale_versions", MATCHING_COLUMNS), told=width("statements", STATEMENTS)),
        table(
            ("after", *(f"{day.sales:,} sales a day" for day in DAYS)),
            [
                (f"{days} days", *(_bytes(day.settlement_bytes * days / DAYS_KEPT) for day in DAYS))
                for days in (30, 365, 3 * 365)
            ],
        ),
        "## Quotas",
        QUOTAS,
        table(("quota", "limit", *(f"{day.sales:,} sales" for day in DAYS)), _quotas()),
        "## Cost",
        COST,
        table(("price", "USD"), [(name, f"{price:g}") for name, price in PRICES.items()]),
        "Cost of a day in USD after one year, and cost of one million sales:",
        table(("for", *(f"{day.sales:,} sales" for day in DAYS)), _costs()),
        "## Limits, in the order in which they are reached",
        BREAKS,
    )


def _rows() -> list[tuple[str, ...]]:
    rows: tuple[tuple[str, Any], ...] = (
        ("lines", lambda day: f"{day.lines:,.0f}"),
        ("files", lambda day: f"{day.files:,.0f}"),
        ("micro-batches of tills", lambda day: f"{day.micro_batches:,.0f}"),
        ("settlements", lambda day: f"{day.settlements:,.0f}"),
        ("events", lambda day: f"{day.events:,.0f}"),
        ("events a second", lambda day: f"{day.events / DAY:,.0f}"),
        ("documents written", lambda day: f"{day.documents:,.0f}"),
        ("concurrent instances of stage, files spread over 8 hours", lambda day: f"{_instances(day):,.1f}"),
        ("stored in BigQuery after a year", lambda day: _bytes(day.stored)),
    )
    return [(name, *(shown(day) for day in DAYS)) for name, shown in rows]


def _instances(day: Day) -> float:
    return day.files * STAGE_SECONDS / (8 * 3600) + day.micro_batches * STAGE_SECONDS / DAY


def _quotas() -> list[tuple[str, ...]]:
    rows: tuple[tuple[str, str, Any], ...] = (
        ("Pub/Sub, publishing in a large region", "4 GB/s", lambda day: f"{_bytes(day.events * EVENT_BYTES / DAY)}/s"),
        ("Pub/Sub, tills' messages", "4 GB/s", lambda day: f"{_bytes(day.sales * FROM_TILLS * SALE_BYTES / DAY)}/s"),
        ("BigQuery, load jobs into one table", "1,500 a day", lambda _: "1: each batch has its own table"),
        (
            "BigQuery, load jobs of a project",
            "100,000 a day",
            lambda day: f"{2 * (day.files + day.micro_batches):,.0f}",
        ),
        ("BigQuery, changing statements at once on one table", "2, and 20 queued", lambda _: "1"),
        ("BigQuery, partitions one table may have", "10,000", lambda _: "365 a year"),
        ("BigQuery, changes of partitions of one table", "30,000 a day", lambda day: f"{2 * day.settlements:,.0f}"),
        (
            "Storage Write API in one region",
            "300 MB/s",
            lambda day: f"{_bytes(day.lines * FROM_TILLS * width('sale_versions') / DAY)}/s",
        ),
        ("Firestore, sustained writes of one document", "1 a second", lambda _: f"{1 / SETTLE_EVERY:.2f} a second"),
        ("Firestore, writes at the start of a day", "500 a second", lambda day: f"{day.documents / DAY:.1f} a second"),
        ("Cloud Run, instances of stage", f"{_most('stage')} (ours)", lambda day: f"{_instances(day):,.1f}"),
        ("Cloud Run, instances of settle", f"{_most('settle')} (ours)", lambda _: "1"),
    )
    return [(name, allowed, *(shown(day) for day in DAYS)) for name, allowed, shown in rows]


def _most(name: str) -> int:
    return next(one.most for one in FUNCTIONS if one.name == name)


def _costs() -> list[tuple[str, ...]]:
    rows = [(name, *(f"{day.costs[name]:,.2f}" for day in DAYS)) for name in DAYS[0].costs]
    seldom = SELDOM // SETTLE_EVERY
    read = "settlements read"
    totals = [sum(day.costs.values()) for day in DAYS]
    rows.append(("total", *(f"{total:,.2f}" for total in totals)))
    by_million = [total / day.sales * 1e6 for total, day in zip(totals, DAYS, strict=True)]
    less = [total - day.costs[read] * (1 - 1 / seldom) for total, day in zip(totals, DAYS, strict=True)]
    return [
        *rows,
        ("for one million sales", *(f"{one:,.2f}" for one in by_million)),
        (f"total, settled every {SELDOM // 60} minutes", *(f"{one:,.2f}" for one in less)),
    ]


def _bytes(count: float) -> str:
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count:,.0f} B"


INTRO = """
Estimated load and cost of one and ten million sales a day on Google Cloud. The figures are not measured: they are
computed by `docs/generate/scale.py` from the columns of the tables, the sizes of the functions and the assumptions
below. Measure before you rely on them: the BigQuery job list shows what each settlement was billed for (label
`work`).
"""
ASSUMED = """
Assumptions: {LINES_PER_SALE} lines per sale; half of the sales arrive from tills immediately, in micro-batches of at
most {MICRO_BATCH:,} sales or {MICRO_WAIT} seconds, and half in one file per store and day ({SALES_PER_FILE:,} sales);
every line is new; a settlement every {SETTLE_EVERY} seconds commits all staged batches; {STAGE_SECONDS:g} seconds of
`stage` per batch. A batch writes {WRITES_PER_UPLOAD} documents from its arrival to its events, which a test verifies.
"""
BYTES = """
A settlement looks up its sales among all sales in the ledger. BigQuery bills the columns that it reads of every row
that it cannot exclude, and a list of sales excludes none: {known} bytes of each sale version (key, content, whether
it counts, sale, line key) and {told} of each statement. The incoming rows are small in comparison: loading them is
free, and inserts read nothing. Corrections also read the lines that they change.
"""
QUOTAS = """
The quotas are those that Google documented in 2025 for a new project; most can be raised on request. Check the quotas
page of your project.
"""
COST = """
Assumed list prices for on-demand use in a European region (europe-west1) in mid-2025, in USD without tax, free tiers
and discounts. Prices change and differ by region: check them before you rely on them. Network traffic out of the
region, logs and the one or two instances of the portal are not included, because they do not grow with sales. Queries
by users are not included either, nor are the daily totals, which read the changed months once per settlement.
"""
BREAKS = """
1. **The bytes of a settlement**, long before any quota: they grow with the ledger, and each settlement reads them
   again. First, settle less often: `settle` reads as many bytes for the batches of an hour as for those of a minute,
   so settling hourly costs a sixtieth of settling every minute, and is enough for nightly files. Next, buy slots
   instead of bytes: a reservation of BigQuery's Enterprise edition with autoscaling is billed by the second,
   independent of the bytes read. Finally, narrow the look-up: a table of keys only, partitioned into at most 2,000
   buckets of the sale hash, of which a settlement reads only the buckets that it needs. This helps micro-batches of
   few sales, but not nightly files.
2. **The time of a settlement.** It must finish before the next one is due, and within the 9 minutes of the function.
   Each statement takes a second or more, independent of the bytes read; a sale from a till is settled within a minute
   as long as one wave is enough. Micro-batches of several tills share a wave, but each file has its own: ten thousand
   nightly files are settled in order, many in a transaction, over hours. To avoid this, send one file per region
   instead of one per store.
3. **Announcing**: one event per changed line. Turn it off for the initial load of history, or have subscribers read
   `changes`.
4. **Instances of `stage`**: increase `STAGE_MOST` in the environment file of the stage; memory is per instance, so
   nothing else grows.
5. **Firestore** is last: no document is written more than once per settlement, and uploads share no documents.
"""
