"""Every table of the warehouse as Parquet, as of one point in time, and their restore."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from uuid import uuid4

from tillstream.adapters.google.backup.manifest import TABLES, TableInfo
from tillstream.adapters.google.bigquery.dataset import CALLS, Dataset
from tillstream.adapters.google.bigquery.fields import EPOCH
from tillstream.adapters.google.bigquery.loading import TableLoader
from tillstream.adapters.google.retries import TRY
from tillstream.domain import tables
from tillstream.domain.errors import Rejected

WITHIN = 3_600.0
WORKERS = 4
LEDGER = ("settlements", "batches", "sightings", "sale_versions", "statements", "refusals", "listed_changes")
"""Append-only tables, so that an export has at least the rows that were counted before it."""


def current_time(dataset: Dataset) -> datetime:
    """The current time of BigQuery."""
    (row,) = dataset.ask("SELECT CURRENT_TIMESTAMP() AS now", work="backup")
    at: datetime = row["now"]
    return at


def count_rows(dataset: Dataset) -> dict[str, int]:
    """Rows of each ledger table, regardless of row access policies."""
    return {name: _length(dataset, name) for name in LEDGER}


def export(dataset: Dataset, address: str, at: datetime, least: Mapping[str, int]) -> dict[str, TableInfo]:
    """Export each table as of that time to Parquet below an address (gs://…), within BigQuery.

    least: minimum number of rows per table; a row access policy hides rows silently. Raises `Rejected`.
    """

    def export_table(name: str) -> tuple[str, TableInfo]:
        columns = [field.name for field in tables.TABLES[name]]
        source = f"FROM `{dataset.name}`.{name} FOR SYSTEM_TIME AS OF TIMESTAMP '{at.isoformat()}'"
        (row,) = dataset.ask(f"SELECT COUNT(*) AS n {source}", work="backup", within=WITHIN)
        if row["n"] < least.get(name, 0):
            raise Rejected(
                f"Only {row['n']:,} of the {least[name]:,} rows of {name} are visible, because row access policies "
                "hide the others. Make the backup as the service account of the functions."
            )
        dataset.ask(
            f"EXPORT DATA OPTIONS(uri='{address}/{TABLES}/{name}/*.parquet', format='PARQUET', compression='SNAPPY') "
            f"AS SELECT {', '.join(columns)} {source}",
            work="backup",
            within=WITHIN,
        )
        return name, TableInfo(row["n"], columns)

    with ThreadPoolExecutor(WORKERS) as pool:
        return dict(pool.map(export_table, tables.TABLES))


def restore(dataset: Dataset, kept: Mapping[str, TableInfo], addresses: Mapping[str, Sequence[str]]) -> None:
    """Replace the content of all tables with the Parquet at these addresses, in one transaction.

    The rows are loaded into temporary tables and counted first. The epoch makes settlements that were prepared before
    fail. Raises `Rejected` if a table has the wrong number of rows.
    """
    filling, sources = TableLoader(dataset, within=WITHIN), dict[str, str]()
    try:
        for name, (rows, columns) in kept.items():
            if rows:
                fields = [field for field in tables.TABLES[name] if field.name in columns]
                sources[name] = filling.from_objects(f"restored_{name}_{uuid4().hex}", fields, addresses[name])
                if (loaded := _length(dataset, sources[name])) != rows:
                    raise Rejected(f"{name} has {loaded:,} rows in the backup, not {rows:,}. Nothing was changed.")
        dataset.ask(_script(kept, sources), work="restore", within=WITHIN)
    finally:
        filling.drop(*sources.values())


def _script(kept: Mapping[str, TableInfo], sources: Mapping[str, str]) -> str:
    steps = ["BEGIN TRANSACTION"]
    for name, (_, columns) in kept.items():
        steps.append(f"DELETE FROM {name} WHERE TRUE")
        if name in sources:
            column_list = ", ".join(columns)
            steps.append(f"INSERT INTO {name} ({column_list}) SELECT {column_list} FROM {sources[name]}")
    steps += [f"UPDATE {EPOCH} SET number = number + 1 WHERE TRUE", "COMMIT TRANSACTION"]
    return ";\n".join(steps) + ";"


def _length(dataset: Dataset, name: str) -> int:
    with dataset.errors(name):
        return int(dataset.client.get_table(dataset.table(name), retry=CALLS, timeout=TRY).num_rows or 0)
