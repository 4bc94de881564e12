"""The quotas in docs/scale.md, beside what one and ten million sales a day need."""

from collections.abc import Callable, Sequence

from devtools.billing import limits
from devtools.billing.references import EVERYTHING
from devtools.billing.traffic import DAY, FROM_TILLS
from docs.generate.scale.model import Day
from docs.generate.scale.samples import samples, statements
from docs.generate.scale.seconds import function
from docs.generate.scale.text import in_bytes
from tillstream.adapters.google.bigquery.tables import STORED
from tillstream.adapters.google.sale_index import FIRST_RATE

SALE_BYTES = 600
"""A till's message."""


def quotas(days: Sequence[Day]) -> list[tuple[str, ...]]:
    changed = {statement.fills for statement in statements(samples().corrected)} - {""}
    rows: tuple[tuple[str, str, Callable[[Day], str]], ...] = (
        ("Pub/Sub, tills' messages", "4 GB/s", lambda day: f"{in_bytes(day.sales * FROM_TILLS * SALE_BYTES / DAY)}/s"),
        ("Storage Write API in one region", "300 MB/s", lambda day: f"{in_bytes(day.traffic.stored / DAY)}/s"),
        (
            "Storage Read API, sessions",
            f"{limits.STORAGE_READ_SESSIONS:,} a minute",
            lambda day: f"{len(samples().corrected.reads) * 60 / day.settle_seconds:.0f} a minute",
        ),
        (
            "BigQuery, text of a script",
            in_bytes(limits.QUERY_TEXT),
            lambda _: in_bytes(len(samples().corrected.script)),
        ),
        (
            "BigQuery, tables changed by a transaction",
            f"{limits.TABLES_OF_A_TRANSACTION}",
            lambda _: f"{len(changed) + 1}",
        ),
        (
            "BigQuery, partitions changed by one statement",
            f"{limits.PARTITIONS_OF_A_JOB:,}",
            lambda _: "the days in the files of a settlement",
        ),
        (
            "BigQuery, partitions of a table",
            f"{limits.PARTITIONS_OF_A_TABLE:,}",
            lambda day: f"{day.ledger.partitions(STORED, EVERYTHING)} a year",
        ),
        (
            "BigQuery, UPDATE and DELETE at once on a table",
            f"{limits.CONCURRENT_CHANGES}, and 20 queued",
            lambda _: "1",
        ),
        (
            "BigQuery, modifications of partitions of a table",
            f"{limits.PARTITION_CHANGES_A_DAY:,} a day",
            lambda _: "0: DML does not count",
        ),
        (
            "Firestore, writes to a new collection",
            f"{FIRST_RATE:.0f} a second, then half as many more every 5 minutes",
            lambda day: f"{(day.documents + day.indexed) / DAY:.0f} a second",
        ),
        ("Cloud Run, instances of settle", f"{function('settle').most} (ours)", lambda _: "1"),
    )
    return [(name, allowed, *(shown(day) for day in days)) for name, allowed, shown in rows]
