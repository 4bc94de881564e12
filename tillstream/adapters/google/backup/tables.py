"""Every table of the warehouse as Parquet, all as of one moment, and their way back."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from uuid import uuid4

from tillstream.adapters.google.backup.manifest import TABLES, KeptTable
from tillstream.adapters.google.bigquery.dataset import CALLS, Dataset
from tillstream.adapters.google.bigquery.loading import Filling
from tillstream.adapters.google.bigquery.tables import EPOCH
from tillstream.adapters.google.retries import TRY
from tillstream.domain import tables
from tillstream.domain.errors import Rejected

WITHIN = 3_600.0
AT_ONCE = 4
LEDGER = ("settlements", "batches", "sightings", "sale_versions", "statements", "refusals", "listed_changes")
"""Tables whose rows are only added, so that an export holds no fewer than there were before it."""


def moment(dataset: Dataset) -> datetime:
    """Now, by BigQuery's clock."""
    (row,) = dataset.ask("SELECT CURRENT_TIMESTAMP() AS now", work="backup")
    at: datetime = row["now"]
    return at


def lengths(dataset: Dataset) -> dict[str, int]:
    """Rows of each table of the ledger, whoever may see them."""
    return {name: _length(dataset, name) for name in LEDGER}


def export(dataset: Dataset, address: str, at: datetime, least: Mapping[str, int]) -> dict[str, KeptTable]:
    """Write each table as of that moment to Parquet below an address (gs://…), by BigQuery itself.

    least: rows that a table must have; a row access policy hides rows in silence. Raises `Rejected`.
    """

    def one(name: str) -> tuple[str, KeptTable]:
        columns = [field.name for field in tables.TABLES[name]]
        seen = f"FROM `{dataset.name}`.{name} FOR SYSTEM_TIME AS OF TIMESTAMP '{at.isoformat()}'"
        (row,) = dataset.ask(f"SELECT COUNT(*) AS n {seen}", work="backup", within=WITHIN)
        if row["n"] < least.get(name, 0):
            raise Rejected(
                f"Of the {least[name]:,} rows of {name} only {row['n']:,} can be seen: its row access policies "
                "hide the others. Make the backup as the service account of the functions."
            )
        dataset.ask(
            f"EXPORT DATA OPTIONS(uri='{address}/{TABLES}/{name}/*.parquet', format='PARQUET', compression='SNAPPY') "
            f"AS SELECT {', '.join(columns)} {seen}",
            work="backup",
            within=WITHIN,
        )
        return name, KeptTable(row["n"], columns)

    with ThreadPoolExecutor(AT_ONCE) as several:
        return dict(several.map(one, tables.TABLES))


def bring_back(dataset: Dataset, kept: Mapping[str, KeptTable], addresses: Mapping[str, Sequence[str]]) -> None:
    """Everything that the tables hold is replaced by the Parquet at these addresses, in one transaction.

    It is loaded beside them and counted first. A settlement that was prepared before fails, by the epoch. Raises
    `Rejected`: a table has not the rows that it should.
    """
    filling, sources = Filling(dataset, within=WITHIN), dict[str, str]()
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


def _script(kept: Mapping[str, KeptTable], sources: Mapping[str, str]) -> str:
    steps = ["BEGIN TRANSACTION"]
    for name, (_, columns) in kept.items():
        steps.append(f"DELETE FROM {name} WHERE TRUE")
        if name in sources:
            listed = ", ".join(columns)
            steps.append(f"INSERT INTO {name} ({listed}) SELECT {listed} FROM {sources[name]}")
    steps += [f"UPDATE {EPOCH} SET number = number + 1 WHERE TRUE", "COMMIT TRANSACTION"]
    return ";\n".join(steps) + ";"


def _length(dataset: Dataset, name: str) -> int:
    with dataset.errors(name):
        return int(dataset.client.get_table(dataset.table(name), retry=CALLS, timeout=TRY).num_rows or 0)
