"""Moves the rows of `version_flags` into `stored_versions`, whose partitions are rewritten for it; so once a day.

Until then, the view `sale_versions` joins them in every query. Settlements read the two tables one after the other,
so the epoch is raised: a settlement that read them before fails, and is prepared again.
"""

from collections.abc import Sequence
from datetime import date

from tillstream.adapters.google.bigquery.dataset import RETRY_CONFLICT, Dataset
from tillstream.adapters.google.bigquery.fields import EPOCH, FLAGS, STORED
from tillstream.adapters.google.bigquery.literals import is_in
from tillstream.domain.daily_totals import DAY, day_groups

WITHIN = 1_500.0
"""Timeout of one transaction, in seconds."""
DAYS = 31
"""Days per transaction. Settlements wait for it; a statement can change 4,000 partitions."""
_FLAGGED_DAYS = f"SELECT DISTINCT sale_date FROM {FLAGS} ORDER BY sale_date"


def compact(dataset: Dataset) -> int:
    """Move the flags of all days; return the number of days. Idempotent.

    Raises `Unavailable`, `Conflict`; the days whose transactions are committed are done then.
    """
    days = [row["sale_date"] for row in dataset.ask(_FLAGGED_DAYS, work="compact", within=WITHIN)]
    for group in day_groups(days, DAYS):
        with dataset.errors(STORED):
            RETRY_CONFLICT(dataset.ask)(script(group), work="compact", within=WITHIN)
    return len(days)


def script(days: Sequence[date]) -> str:
    """The transaction for these days. It depends on nothing that was read before, so it can be sent again."""
    on_days = is_in(DAY, days)
    return f"""
BEGIN TRANSACTION;
UPDATE {EPOCH} SET number = number + 1 WHERE TRUE;
UPDATE {STORED} AS stored
SET
  is_current = COALESCE(latest_flags.is_current, stored.is_current), leads = COALESCE(latest_flags.leads, stored.leads)
FROM (
  SELECT sale_date, key, content, MAX_BY(is_current, settlement_no) AS is_current, MAX_BY(leads, settlement_no) AS leads
  FROM {FLAGS}
  WHERE {on_days}
  GROUP BY sale_date, key, content
) AS latest_flags
WHERE
  stored.{on_days}
  AND stored.sale_date = latest_flags.sale_date
  AND stored.key = latest_flags.key
  AND stored.content = latest_flags.content;
DELETE FROM {FLAGS} WHERE {on_days};
COMMIT TRANSACTION;
"""
