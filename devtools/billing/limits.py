"""Documented limits of BigQuery that a settlement approaches.

https://cloud.google.com/bigquery/quotas (query jobs, DML statements, partitioned tables) and, for a row restriction,
https://cloud.google.com/php/docs/reference/cloud-bigquery-storage/latest/V1.ReadSession.TableReadOptions.
"""

from collections.abc import Iterable

from devtools.billing.queries import ReadSession, Statement
from devtools.billing.references import EVERYTHING
from devtools.billing.traffic import Ledger
from tillstream.adapters.google.bigquery.tables import FIELDS, LAYOUTS

QUERY_TEXT = 1 << 20
"""Bytes of the text of a query or script."""
ROW_RESTRICTION = 1 << 20
"""Bytes of the filter of a read session."""
TABLES_OF_A_QUERY = 1_000
TABLES_OF_A_TRANSACTION = 100
"""Tables that one transaction may change."""
PARTITIONS_OF_A_TRANSACTION = 100_000
"""Modifications of partitions in one transaction."""
PARTITIONS_OF_A_JOB = 4_000
"""Partitions that one statement may change."""
PARTITIONS_OF_A_TABLE = 10_000
PARTITION_CHANGES_A_DAY = 30_000
"""Of one table by load, copy and query jobs that write to it; DML statements and streaming do not count."""
CONCURRENT_CHANGES = 2
"""UPDATE, DELETE and MERGE statements that run on one table at the same time; 20 more are queued."""
STORAGE_READ_SESSIONS = 5_000
"""Read sessions that a project may create in a minute."""


def exceeded(text: str, statements: Iterable[Statement], reads: Iterable[ReadSession]) -> list[str]:
    """The limits that a script and the reads before it exceed."""
    statements = list(statements)
    changed = {s.changes.table if s.changes else s.fills for s in statements} - {""}
    checks = {
        "length of the script": len(text.encode()) > QUERY_TEXT,
        "length of a row restriction": any(len(read.restriction.encode()) > ROW_RESTRICTION for read in reads),
        "tables of a query": any(len(s.reads) > TABLES_OF_A_QUERY for s in statements),
        "tables of a transaction": len(changed) > TABLES_OF_A_TRANSACTION,
    }
    return [name for name, is_exceeded in checks.items() if is_exceeded]


def most_partitions(ledger: Ledger) -> dict[str, int]:
    """Partitioned table → its partitions."""
    return {name: ledger.partitions(name, EVERYTHING) for name in FIELDS if LAYOUTS[name].partitioned}
