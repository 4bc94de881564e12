"""The text of docs/scale.md."""

from devtools.billing import prices, traffic
from devtools.billing.sizes import width
from docs.generate.scale import apart, model, seconds
from tillstream.adapters.google import sale_index
from tillstream.ledger import ledger_slice
from tillstream.model.limits import LIMITS as SETTLED
from tillstream.operations.quality_checks import ON_BIGQUERY
from tillstream.pipeline.settling import lanes


def in_bytes(count: float) -> str:
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count:,.0f} B"


def assumptions() -> str:
    return ASSUMED.format(**vars(traffic), **{n: v for n, v in vars(model).items() if n not in vars(traffic)}).strip()


def night() -> str:
    sales = seconds.Night().files * seconds.Night().sales
    hashes = sales * traffic.LINES_PER_SALE * width("sightings", ("sale", "sale_date"))
    return NIGHT.format(
        batches=lanes.MAX_BATCHES,
        rows=SETTLED.settled_rows,
        **_LIMITS,
        calls=seconds.noting_calls(sales),
        reads=sales / 100_000 * prices.PRICES["100,000 documents read in Firestore"],
        hashes=prices.read_cost(hashes),
        **vars(seconds),
    ).strip()


def limits() -> str:
    return LIMITS.format(**_LIMITS).strip()


_LIMITS = {"most_pairs": sale_index.MOST_PAIRS, "most_days": ledger_slice.MAX_PENDING_DAYS}
INTRO = """
Estimated load and cost of one and ten million sales a day on Google Cloud. The figures are not measured. The bytes of
a settlement are computed from the statements and reads that the adapter of BigQuery sends for sample settlements, by
the documented rules of BigQuery's bill (`devtools/billing`); a test rejects every read of the ledger that does not name
its partitions as constants. The rest is arithmetic from the assumptions below. Measure before you rely on the
figures: the BigQuery job list shows what each settlement was billed for (label `work`).
"""
TARGETS = """
Costs are those of a day on which all sales are new, without storage and without the cost of an idle project, which are
shown apart.
"""
ASSUMED = """
Assumptions: {LINES_PER_SALE} lines per sale; half of the sales arrive from tills immediately, in micro-batches of at
most {MICRO_BATCH:,} sales, one every {MICRO_WAIT} seconds during {OPEN_HOURS} hours, and half in one file per store and
day ({SALES_PER_FILE:,} sales) within {NIGHT_HOURS} hours; a settlement of tills' sales every {SETTLE_EVERY} seconds,
which `receive` starts, and one more for each file at most, because files are settled at once; {FILE_SECONDS:g} seconds
of `stage` per file, and {ACKNOWLEDGE_SECONDS:g} for the object of each micro-batch, which `receive` has staged. A batch
writes {WRITES_PER_UPLOAD} documents from its arrival to its events, which a test verifies. Daily totals are refreshed
every 15 minutes.
"""
SETTLEMENT = """
A settlement that adds only new sales reads nothing of the ledger for them: the sale index has no days for them. Only a
settlement with files searches a sample of their sales in other regions, on at most 26 days (`comparison of regions`
below). It moves its rows from the table `incoming` into the ledger. Each statement is billed at least 10 MB for each
table that it reads. None of this depends on the age of the ledger.

The bytes are upper bounds, because clustering is ignored: each `INSERT` is counted with its columns of all rows that
arrived in the hour, although `incoming` is clustered by settlement.
"""
COST = f"""
List prices of {prices.PRICES_OF} for on-demand use in europe-west1, in USD, without tax, free tiers and discounts.
Network traffic, logs, and queries by users are not included. Micro-batches are staged by `receive`, whose time is that
of an idle project.
`publishing` marks the batches of each settlement as published; sale events are shown apart.
Contracts with the rule `outliers` are not included: each of their files reads the lines of the whole ledger.
"""
APART = f"""
These costs come in addition. Late sales are {apart.LATE:.0%} of the sales, spread over the previous
{apart.LATE_DAYS} days. Settlements and refreshes of the daily totals read nothing of these days: they only add the new
lines. At night, when the totals of a day are merged, the totals of these days are read too.

Corrections concern {apart.CORRECTED:.0%} of the sales, of the previous {apart.CORRECTED_DAYS} days: a settlement reads
all sales of each of these days, as BigQuery bills whole partitions. A refresh of the totals computes these days again,
and reads all changed flags of the ledger (`version_flags`). A subscriber of sale events adds a query of the changed
lines of each settlement, which reads the days that the settlement changed.

[Quality checks](quality.md) read the changed days of a night, the latest ones with at most
{ON_BIGQUERY.changed_days:,} lines.
"""
STORAGE = """
Storage grows with the ledger. A partition that was not changed for 90 days costs half. The daily totals and the staged
files, which are deleted, are not included.
"""
IDLE = """
A project in the stage `prod` in which nothing arrives costs this every day, and in addition to the sales. Most of it
is `receive`, which always waits for the messages of tills there, and one instance of the portal. With opening hours,
`receive` costs [less](#freshness).
"""
NIGHT = """
All files arrive at once, with the sales of one day, and are settled in settlements of at most {batches} batches and
{rows:,} rows, one after another. Assumed: {STATEMENT_SECONDS:g} seconds per statement of the commit script,
{DUCKDB_SECONDS:g} seconds to settle 2,000 sales in memory, {INDEX_READS:,} index documents read, {HASHES_READ:,} rows
of hashes read, and {APPENDED_ROWS:,} rows appended per second. Later files are staged while earlier ones are settled.

A settlement with more than {most_pairs:,} new sales does not write them to the sale index: it leaves their days
pending, at most {most_days} at a time. Until the function `index` has noted these sales, each settlement reads the
hashes of all sales of the pending days. This function writes at the pace that Firestore accepts from a new collection:
500 documents a second, and half as many more every 5 minutes. It needs {calls} calls, one every half hour. As it reads
the index first, the sales of such a night cost ${reads:.2f} more than others; a settlement costs ${hashes:.4f} more
while the day is pending.
"""
QUOTAS = """
The quotas are those that Google documented for a new project; most can be raised on request. Check the quotas page of
your project.
"""
PRICES = """
Prices change and differ by region: check them before you rely on them.
"""
LIMITS = f"""
1. **History of many days at once.** A settlement with new sales of more than {{most_days}} days writes those of further
   days to the sale index before it commits, at the pace of Firestore. With many more than {{most_pairs:,}}, it takes
   longer than its function can run. It is repeated, and does not repeat what it has written. A
   [backfill](backfill.md) sends history in parts by itself; send other history in parts of a month.
2. **Corrections** of past days, by the bytes of whole partitions: each settlement and each refresh of the daily totals
   reads the days that it changes, so a few corrections per day cost as much as many. Settle and refresh less often: a
   settlement of an hour reads each day once.
3. **The time of a settlement.** Each statement takes a second or more, regardless of the bytes read. A sale of a till
   is in the ledger after about a minute: it waits {traffic.SETTLE_EVERY / 2:g} seconds on average for the settlement of
   its minute, and then for that settlement. Until then, it is shown as [unsettled](#freshness).
4. **Sale events**: one per changed line. Turn them off for the initial load of history, or have subscribers read
   `changes`.
5. **Instances of `stage`**: increase `STAGE_MOST` in the environment file of the stage, and
   [the quota](cloud/functions.md) before it; memory is per instance, so nothing else grows.
"""
