"""Merges the rows of a group in the daily totals, to which every refresh adds some.

Once a day it also finds days without `split_orders`, which the merge of an older version leaves.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import sql
from tillstream.adapters.google.bigquery.dataset import RETRY_CONFLICT, Dataset
from tillstream.adapters.google.bigquery.fields import FIELDS
from tillstream.adapters.google.bigquery.literals import is_in
from tillstream.domain.daily_totals import DAY, ROLLUPS, day_groups, select

WITHIN = 1_500.0
"""Timeout of one transaction, in seconds."""
DAYS = 31
"""Days per transaction; a refresh waits for it."""
SINCE = timedelta(hours=26)
"""Age of the settlements whose days are merged: those since the last run. Queries add up what one run misses."""
MARK = (
    "UPDATE summed SET split_settlement_no = LEAST(split_settlement_no, settlement_no - 1) "
    "WHERE EXISTS (SELECT 1 FROM day_sums WHERE split_orders IS NULL)"
)
"""Marks totals with rows of a version that does not compute `split_orders`; the next refresh finds their days."""
_FIRST = "SELECT MIN(settlement_no) AS settlement_no FROM settlements WHERE settled_at >= @since"


def fold(dataset: Dataset) -> int:
    """Merge the rows of the days that settlements changed lately; return the number of days. Idempotent."""
    with dataset.errors("The daily totals"):
        RETRY_CONFLICT(dataset.ask)(MARK, work="compact")
    (row,) = dataset.ask(_FIRST, {"since": datetime.now(UTC) - SINCE}, work="compact")
    if row["settlement_no"] is None:
        return 0
    before = {"settlement_no": row["settlement_no"] - 1}
    changed = dataset.ask(sql.text("daily_totals/stale_days"), before, work="compact")
    days = [row["sale_date"] for row in changed]
    for group in day_groups(days, DAYS):
        with dataset.errors("The daily totals"):
            RETRY_CONFLICT(dataset.ask)(script(group), work="compact", within=WITHIN)
    return len(days)


def script(days: Sequence[date]) -> str:
    """The transaction for these days. It changes `summed`, so that no refresh can commit meanwhile."""
    steps = [
        "BEGIN TRANSACTION",
        "UPDATE summed SET settlement_no = settlement_no WHERE TRUE",
        *(_merge(table, is_in(DAY, days)) for table in ROLLUPS),
        "COMMIT TRANSACTION",
    ]
    return ";\n".join(steps) + ";"


def _merge(table: str, days: str) -> str:
    """Replace the rows of these days by their groups, in one statement."""
    columns = ", ".join(column.name for column in FIELDS[table])
    return (
        f"MERGE {table} AS totals\nUSING (\n{select(table, days, table)}\n) AS folded\nON FALSE\n"
        f"WHEN NOT MATCHED BY SOURCE AND totals.{days} THEN DELETE\n"
        f"WHEN NOT MATCHED THEN INSERT ({columns}) VALUES ({columns})"
    )
