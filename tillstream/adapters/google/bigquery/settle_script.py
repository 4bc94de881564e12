"""The scripts that commit a settlement or preview it, and the one that moves its flags once a day.

The values of a script are literals, so that one text is a whole transaction that can be read, analysed and sent again.
The rows of the settlement are in the table `incoming`.

Until flags are moved from `version_flags` into `stored_versions`, the view `sale_versions` joins them in every query. A
move rewrites partitions, so it is daily. Settlements read the two tables one after the other, so it raises the epoch: a
settlement that read them before fails, and is prepared again.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import sql as catalogue
from tillstream.adapters.google.bigquery.dataset import RETRY_CONFLICT, Dataset
from tillstream.adapters.google.bigquery.query_values import is_in, literal
from tillstream.adapters.google.bigquery.tables import EPOCH, FIELDS, FLAGS, INCOMING, STORED
from tillstream.model.tables.daily_totals import DAY, day_groups

FIRST_EPOCH = (
    f"INSERT INTO {EPOCH} (number, settlement_no, batch_no) "
    f"SELECT 0, 0, 0 FROM (SELECT 1) WHERE NOT EXISTS (SELECT 1 FROM {EPOCH})"
)
"""If two of these run concurrently there are two rows, which are raised together from then on."""
MOST_PARTITIONS = 4_000
"""Partitions that one statement may change."""
_NAMED = re.compile(r"\b(?P<before>(?:FROM|JOIN|INTO|UPDATE)\s+)(?P<name>\w+)\b")
_BATCH_CHANGE = "STRUCT<batch_no INT64, place_seq INT64, undone_no INT64, removed INT64>"

COMPACT_WITHIN = 1_500.0
"""Timeout of one transaction, in seconds."""
COMPACT_DAYS = 31
"""Days per transaction. Settlements wait for it; a statement can change 4,000 partitions."""
_FLAGGED_DAYS = f"SELECT DISTINCT sale_date FROM {FLAGS} ORDER BY sale_date"


@dataclass(frozen=True)
class Commit:
    """The inputs of one transaction."""

    epoch: int
    """Epoch on which the settlement is based."""
    settlement_no: int
    """Greatest settlement number of the ledger after it."""
    batch_no: int
    """Greatest batch number of the ledger after it."""
    token: str = ""
    arrived_at: datetime | None = None
    """Value of `arrived_at` in all its rows of `incoming`."""
    targets: Mapping[str, Collection[date]] = field(default_factory=dict)
    """Tables that its rows are for, and their business days; none for a table without them."""
    changed_batches: Sequence[Mapping[str, Any]] = field(default_factory=list)
    """batch_no, received_date, and the new place_seq, undone_no and removed."""


@dataclass(frozen=True)
class PreviewQuery:
    """A query of a preview with its parameters inlined, and its column names."""

    sql: str
    columns: Sequence[str]


def settlement_script(commit: Commit, dataset: str, *, keep: bool, preview_queries: Sequence[PreviewQuery] = ()) -> str:
    """The script. keep: commit; otherwise it is rolled back once the queries are answered."""
    numbers = range(len(preview_queries))
    answers = ", ".join(f"answer_{number} AS answer_{number}" for number in numbers)
    steps = [
        *(f"DECLARE answer_{number} ARRAY<STRING>" for number in numbers),
        "BEGIN TRANSACTION",
        f"IF (SELECT MAX(number) FROM {EPOCH}) <> {commit.epoch} THEN\n"
        "  SELECT ERROR('Aborted due to concurrent update: another settlement came first');\nEND IF",
        f"UPDATE {EPOCH} SET number = number + 1, settlement_no = {commit.settlement_no}, "
        f"batch_no = {commit.batch_no} WHERE TRUE",
        *(statement for target in commit.targets for statement in _inserts(target, commit)),
        *_update_batches(commit.changed_batches),
        *(_answer(number, query) for number, query in enumerate(preview_queries)),
        "COMMIT TRANSACTION" if keep else "ROLLBACK TRANSACTION",
        f"SELECT {answers or 'TRUE AS committed'}",
    ]
    return in_dataset(";\n".join(steps) + ";", dataset)


def in_dataset(text: str, dataset: str) -> str:
    """Qualify the names of the dataset's tables and views."""
    qualified = _dataset_names()
    return _NAMED.sub(lambda m: f"{m['before']}`{dataset}`.{m['name']}" if m["name"] in qualified else m[0], text)


@lru_cache(maxsize=1)
def _dataset_names() -> frozenset[str]:
    return frozenset({*FIELDS, "sale_versions", *(name for name, _ in catalogue.views())})


def _inserts(target: str, commit: Commit) -> Iterator[str]:
    """Insert the rows of a table, with at most `MOST_PARTITIONS` business days per statement."""
    columns = ", ".join(column.name for column in FIELDS[target])
    statement = (
        f"INSERT INTO {target} ({columns})\nSELECT {columns} FROM {INCOMING}\n"
        f"WHERE arrived_at = {literal(commit.arrived_at)} AND token = {literal(commit.token)} "
        f"AND target = {literal(target)}"
    )
    days = sorted(commit.targets[target])
    if len(days) <= MOST_PARTITIONS:
        yield statement
        return
    for first in range(0, len(days), MOST_PARTITIONS):
        last = min(first + MOST_PARTITIONS, len(days)) - 1
        yield f"{statement} AND {DAY} BETWEEN {literal(days[first])} AND {literal(days[last])}"


def _update_batches(changes: Sequence[Mapping[str, Any]]) -> list[str]:
    if not changes:
        return []
    names = ("batch_no", "place_seq", "undone_no", "removed")
    rows = ",\n".join(f"({', '.join(literal(change[name]) for name in names)})" for change in changes)
    days = ", ".join(sorted({literal(change["received_date"]) for change in changes}))
    return [
        "UPDATE batches AS b SET place_seq = c.place_seq, undone_no = c.undone_no, removed = c.removed\n"
        f"FROM UNNEST(ARRAY<{_BATCH_CHANGE}>[\n{rows}\n]) AS c\n"
        f"WHERE b.received_date IN ({days}) AND b.batch_no = c.batch_no"
    ]


def _answer(number: int, query: PreviewQuery) -> str:
    """Store each row as a JSON array of strings: only variables survive the rollback of the transaction."""
    cells = ", ".join(f"CAST(answer.{name} AS STRING)" for name in query.columns)
    return (
        f"SET answer_{number} = (\n  SELECT ARRAY_AGG(TO_JSON_STRING([{cells}])) FROM (\n{query.sql}\n  ) AS answer\n)"
    )


def compact_flags(dataset: Dataset) -> int:
    """Move the flags of all days; return the number of days. Idempotent.

    Raises `Unavailable`, `Conflict`; the days whose transactions are committed are done then.
    """
    days = [row["sale_date"] for row in dataset.ask(_FLAGGED_DAYS, work="compact", within=COMPACT_WITHIN)]
    for group in day_groups(days, COMPACT_DAYS):
        with dataset.errors(STORED):
            RETRY_CONFLICT(dataset.ask)(compacting_script(group), work="compact", within=COMPACT_WITHIN)
    return len(days)


def compacting_script(days: Sequence[date]) -> str:
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
