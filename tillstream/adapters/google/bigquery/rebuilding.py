"""Create tables again with another layout, as part of a migration, and keep their rows.

BigQuery cannot change the partitions of a table. A migration reads the earlier rows of a table NAME from a copy,
NAME_before_NUMBER, and inserts them into new tables. A copy is complete before its table is deleted, and is kept until
the migration is recorded: every run of the migration starts again from the copies.
"""

import re

from google.api_core.exceptions import NotFound as Absent
from google.cloud.bigquery import Table

from tillstream.adapters.google.bigquery import tables
from tillstream.adapters.google.bigquery.access import access_lists
from tillstream.adapters.google.bigquery.dataset import CALLS, Dataset
from tillstream.adapters.google.bigquery.fields import EPOCH
from tillstream.adapters.google.retries import TRY
from tillstream.domain.errors import Rejected

WITHIN = 3_600.0
"""Timeout of one statement or script, in seconds."""
COMPLETE = {"complete": "yes"}
"""The label of a copy that has every row of its table."""


def without_comments(script: str) -> str:
    return re.sub(r"--[^\n]*", "", script)


def rebuild(dataset: Dataset, number: int, script: str) -> None:
    """Copy the tables whose earlier rows the script reads, create those that it fills, and run it.

    Without the epoch, no settlement can commit meanwhile. Views for reports lose their access until
    `reporting_views.publish` has protected the new tables. Raises `Rejected` if a table is missing or if rows of it are
    hidden; nothing is lost then.
    """
    copied = _copied(number, script)
    if copied:
        access_lists.revoke_views(dataset)
    for name in copied:
        _copy(dataset, name, f"{name}_before_{number:03}")
        if name == EPOCH:
            _delete(dataset, name)
    filled = [name for name in tables.LAYOUTS if re.search(rf"\bINSERT INTO {name}\b", script)] if copied else []
    for name in [*copied, *reversed(filled)]:  # a table precedes those that its foreign keys reference
        _delete(dataset, name)
    for name in filled:
        with dataset.errors(name):
            dataset.client.create_table(tables.table(dataset.table(name)), retry=CALLS, timeout=TRY)
    dataset.ask(script, work="migrate", within=WITHIN)


def drop_copies(dataset: Dataset, number: int, script: str) -> None:
    for name in _copied(number, script):
        _delete(dataset, f"{name}_before_{number:03}")


def _copied(number: int, script: str) -> list[str]:
    """The tables whose earlier rows the script reads: first the epoch, then each before those that it references."""
    names = set(re.findall(rf"\b(\w+)_before_{number:03}\b", without_comments(script)))
    order = [EPOCH, *reversed([*tables.LAYOUTS])]
    return sorted(names, key=lambda name: order.index(name) if name in order else 1)


def _copy(dataset: Dataset, name: str, copy: str) -> None:
    """Copy the table with a query, because a copy job also copies foreign keys."""
    if _is_complete(_find(dataset, copy)):
        return
    source = _find(dataset, name)
    if source is None:
        raise Rejected(f"The table {name} of {dataset.name} is missing. Restore it, then repeat the migration.")
    (visible,) = dataset.ask(f"SELECT COUNT(*) AS n FROM {name}", work="migrate", within=WITHIN)
    if visible["n"] < (source.num_rows or 0):  # row access policies hide the other rows from whoever deploys
        dataset.ask(f"DROP ALL ROW ACCESS POLICIES ON `{dataset.project}.{dataset.name}.{name}`", work="migrate")
    dataset.ask(f"CREATE OR REPLACE TABLE {copy} AS SELECT * FROM {name}", work="migrate", within=WITHIN)
    created = _find(dataset, copy)
    if created is None or (created.num_rows or 0) < (source.num_rows or 0):
        raise Rejected(f"Not all rows of {name} are visible. Nothing was changed; repeat the migration in a minute.")
    created.labels = tables.LABELS | COMPLETE
    with dataset.errors(copy):
        dataset.client.update_table(created, ["labels"], retry=CALLS, timeout=TRY)


def _is_complete(copy: Table | None) -> bool:
    return copy is not None and copy.labels.items() >= COMPLETE.items()


def _find(dataset: Dataset, name: str) -> Table | None:
    with dataset.errors(name):
        try:
            return dataset.client.get_table(dataset.table(name), retry=CALLS, timeout=TRY)
        except Absent:
            return None


def _delete(dataset: Dataset, name: str) -> None:
    with dataset.errors(name):
        dataset.client.delete_table(dataset.table(name), not_found_ok=True, retry=CALLS, timeout=TRY)
