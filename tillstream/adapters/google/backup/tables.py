"""Every table of the warehouse as Parquet, as of one point in time, and their restore.

`sale_versions` is exported with its latest flags, so a restored ledger has no rows in `version_flags`. Unsettled sales
are not exported: their batches are settled after a restore.
"""

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from uuid import uuid4

import sql
from tillstream.adapters.google.backup.manifest import TABLES, TableInfo
from tillstream.adapters.google.bigquery.dataset import CALLS, Dataset
from tillstream.adapters.google.bigquery.fields import EPOCH, FLAGS, SALE_VERSIONS, STORED
from tillstream.adapters.google.bigquery.loading import TableLoader
from tillstream.adapters.google.bigquery.settle_script import FIRST_EPOCH
from tillstream.adapters.google.bigquery.tables import LAYOUTS
from tillstream.adapters.google.retries import TRY
from tillstream.domain import tables
from tillstream.domain.daily_totals import DAY
from tillstream.domain.errors import Rejected
from tillstream.domain.warehouse.live_tables import LIVE

WITHIN = 3_600.0
WORKERS = 4
LEDGER = (
    "settlements",
    "batches",
    "sightings",
    SALE_VERSIONS,
    "statements",
    "refusals",
    "listed_changes",
    "batch_days",
    "settlement_days",
)
"""Append-only tables, so that an export has at least the rows that were counted before it."""


def current_time(dataset: Dataset) -> datetime:
    """The current time of BigQuery."""
    (row,) = dataset.ask("SELECT CURRENT_TIMESTAMP() AS now", work="backup")
    at: datetime = row["now"]
    return at


def count_rows(dataset: Dataset) -> dict[str, int]:
    """Rows of each ledger table, regardless of row access policies."""
    return {name: _length(dataset, _stored_in(name)) for name in LEDGER}


def export(dataset: Dataset, address: str, at: datetime, least: Mapping[str, int]) -> dict[str, TableInfo]:
    """Export each table as of that time to Parquet below an address (gs://…), within BigQuery.

    least: minimum number of rows per table; a row access policy hides rows silently. Raises `Rejected`.
    """

    def export_table(name: str) -> tuple[str, TableInfo]:
        columns = [field.name for field in tables.TABLES[name]]
        source = f"FROM {_as_of(dataset, name, at)}"
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
        return dict(pool.map(export_table, (name for name in tables.TABLES if name != LIVE)))


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


def _stored_in(name: str) -> str:
    return STORED if name == SALE_VERSIONS else name


def _as_of(dataset: Dataset, name: str, at: datetime) -> str:
    """The rows at that time, for a FROM clause; a view itself has no history."""
    history = f"FOR SYSTEM_TIME AS OF TIMESTAMP '{at.isoformat()}'"
    if name != SALE_VERSIONS:
        return f"`{dataset.name}`.{name} {history}"
    _, _, select = sql.text("ledger/sale_versions.bigquery").partition(f"VIEW {SALE_VERSIONS} AS\n")
    past = rf"FROM (SELECT * FROM `{dataset.name}`.\1 {history}) AS \1"
    select = re.sub(rf"\bFROM ({STORED}|{FLAGS})\b", past, select)
    return f"(\n{select}\n)"


def _script(kept: Mapping[str, TableInfo], sources: Mapping[str, str]) -> str:
    steps = ["BEGIN TRANSACTION", f"TRUNCATE TABLE {FLAGS}", f"TRUNCATE TABLE {LIVE}"]
    for name, (_, columns) in kept.items():
        steps.append(f"TRUNCATE TABLE {_stored_in(name)}")
        if name in sources:
            steps.append(_insert(_stored_in(name), sources[name], ", ".join(columns)))
    steps += [
        FIRST_EPOCH,
        f"UPDATE {EPOCH} SET number = number + 1, "
        "settlement_no = (SELECT COALESCE(MAX(settlement_no), 0) FROM settlements), "
        "batch_no = (SELECT COALESCE(MAX(batch_no), 0) FROM batches) WHERE TRUE",
        "COMMIT TRANSACTION",
    ]
    return ";\n".join(steps) + ";"


def _insert(target: str, source: str, columns: str) -> str:
    """Insert the rows; those with a partition per day by decade, because one statement may change 4,000 partitions."""
    insert = f"INSERT INTO {target} ({columns}) SELECT {columns} FROM {source}"
    if LAYOUTS[target].partitioned != DAY:
        return insert
    decade = f"DIV(EXTRACT(YEAR FROM {DAY}), 10)"
    decades = f"SELECT DISTINCT {decade} AS number FROM {source}"
    return f"FOR decade IN ({decades}) DO\n{insert} WHERE {decade} = decade.number;\nEND FOR"


def _length(dataset: Dataset, name: str) -> int:
    with dataset.errors(name):
        return int(dataset.client.get_table(dataset.table(name), retry=CALLS, timeout=TRY).num_rows or 0)
