"""What a project's backup holds, as of one point in time: documents as JSON lines, tables as Parquet; their restore.

The sale index is in neither: its documents can be hundreds of millions, and the ledger contains all that it is made of.

`sale_versions` is exported with its latest flags, so a restored ledger has no rows in `version_flags`. Unsettled sales
are not exported: their batches are settled after a restore.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from uuid import uuid4

from google.cloud import firestore

import sql
from tillstream.adapters.google import sale_index
from tillstream.adapters.google.api_retries import RETRY, TIMEOUT, translate_errors
from tillstream.adapters.google.backup_folder import TABLES, TableInfo
from tillstream.adapters.google.bigquery.dataset import CALLS, Dataset
from tillstream.adapters.google.bigquery.row_transfer import TableLoader
from tillstream.adapters.google.bigquery.settle_script import FIRST_EPOCH
from tillstream.adapters.google.bigquery.tables import EPOCH, FLAGS, LAYOUTS, SALE_VERSIONS, STORED
from tillstream.adapters.google.document_store import NAME, PAGE
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Rejected
from tillstream.model.tables import warehouse_tables
from tillstream.model.tables.daily_totals import DAY
from tillstream.model.tables.warehouse_tables import LIVE
from tillstream.ports import DocumentStore
from tillstream.ports.documents import Put

BATCH_SIZE, BATCH_BYTES = 100, 2 << 20
"""Documents and bytes per commit, whose limit is 10 MiB."""
REBUILT = frozenset({sale_index.COLLECTION, sale_index.STATE})
"""Collections that are not backed up, and that are rebuilt from the restored tables."""
DocumentChange = Callable[[str, JsonObject], JsonObject]

TABLES_WITHIN = 3_600.0
EXPORTS_AT_ONCE = 4
LEDGER_TABLES = (
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


def document_lines(project: str, at: datetime) -> Iterator[bytes]:
    """Yield each document as JSON: collection, id, data. at: a point in time within the last hour."""
    client = firestore.Client(project=project)
    try:
        with translate_errors("The documents"):
            for collection in client.collections(retry=RETRY, timeout=TIMEOUT, read_time=at):
                if collection.id in REBUILT:
                    continue
                for snapshot in _read_collection(collection, at):
                    line = {
                        "collection": collection.id,
                        "id": snapshot.get("id"),
                        "data": json.loads(snapshot.get("text")),
                    }
                    yield json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    finally:
        client.close()


def _read_collection(collection: Any, at: datetime) -> Iterator[Any]:
    query = collection.select(["id", "text"]).order_by(NAME).limit(PAGE)
    while True:
        page = query.get(retry=RETRY, timeout=TIMEOUT, read_time=at)
        yield from page
        if len(page) < PAGE:
            return
        query = query.start_after(page[-1])


def parse_document_line(line: bytes) -> Put:
    """Parse one line into a write. Raises `Rejected`."""
    try:
        document = json.loads(line)
        return Put(document["collection"], document["id"], document["data"])
    except (ValueError, LookupError, TypeError) as error:
        raise Rejected("A document in the backup is damaged. Use another backup.") from error


def restore_documents(
    project: str, documents: DocumentStore, backup_lines: Iterable[bytes], change: DocumentChange
) -> int:
    """Write every document of these lines, then delete all others outside `REBUILT`; return the number written.

    Versions continue to grow, so that a restored document is never mistaken for the current one. change: transforms a
    document's data. Idempotent.
    """
    count, restored_ids = 0, dict[str, set[str]]()
    for batch in _put_batches(map(parse_document_line, backup_lines)):
        documents.put_all(
            [
                Put(restored.collection, restored.id, change(restored.collection, dict(restored.data)))
                for restored in batch
            ]
        )
        count += len(batch)
        for restored in batch:
            restored_ids.setdefault(restored.collection, set()).add(restored.id)
    client = firestore.Client(project=project)
    try:
        with translate_errors("The documents"):
            names = {collection.id for collection in client.collections(retry=RETRY, timeout=TIMEOUT)}
    finally:
        client.close()
    for collection in sorted(names - REBUILT):
        for document in documents.find(collection):
            if document.id not in restored_ids.get(collection, ()):
                documents.delete(collection, document.id)
    return count


def _put_batches(puts: Iterable[Put]) -> Iterator[list[Put]]:
    batch, size = list[Put](), 0
    for next_put in puts:
        length = len(json.dumps(next_put.data))
        if batch and (len(batch) >= BATCH_SIZE or size + length > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(next_put)
        size += length
    if batch:
        yield batch


def current_time(dataset: Dataset) -> datetime:
    """The current time of BigQuery."""
    (row,) = dataset.ask("SELECT CURRENT_TIMESTAMP() AS now", work="backup")
    at: datetime = row["now"]
    return at


def count_rows(dataset: Dataset) -> dict[str, int]:
    """Rows of each ledger table, regardless of row access policies."""
    return {name: _row_count(dataset, _stored_in(name)) for name in LEDGER_TABLES}


def export_tables(dataset: Dataset, address: str, at: datetime, least: Mapping[str, int]) -> dict[str, TableInfo]:
    """Export each table as of that time to Parquet below an address (gs://…), within BigQuery.

    least: minimum number of rows per table; a row access policy hides rows silently. Raises `Rejected`.
    """

    def export_table(name: str) -> tuple[str, TableInfo]:
        columns = [field.name for field in warehouse_tables.TABLES[name]]
        source = f"FROM {_as_of(dataset, name, at)}"
        (row,) = dataset.ask(f"SELECT COUNT(*) AS n {source}", work="backup", within=TABLES_WITHIN)
        if row["n"] < least.get(name, 0):
            raise Rejected(
                f"Only {row['n']:,} of the {least[name]:,} rows of {name} are visible, because row access policies "
                "hide the others. Make the backup as the service account of the functions."
            )
        dataset.ask(
            f"EXPORT DATA OPTIONS(uri='{address}/{TABLES}/{name}/*.parquet', format='PARQUET', compression='SNAPPY') "
            f"AS SELECT {', '.join(columns)} {source}",
            work="backup",
            within=TABLES_WITHIN,
        )
        return name, TableInfo(row["n"], columns)

    with ThreadPoolExecutor(EXPORTS_AT_ONCE) as pool:
        return dict(pool.map(export_table, (name for name in warehouse_tables.TABLES if name != LIVE)))


def restore_tables(dataset: Dataset, kept: Mapping[str, TableInfo], addresses: Mapping[str, Sequence[str]]) -> None:
    """Replace the content of all tables with the Parquet at these addresses, in one transaction.

    The rows are loaded into temporary tables and counted first. The epoch makes settlements that were prepared before
    fail. Raises `Rejected` if a table has the wrong number of rows.
    """
    filling, sources = TableLoader(dataset, within=TABLES_WITHIN), dict[str, str]()
    try:
        for name, (rows, columns) in kept.items():
            if rows:
                fields = [field for field in warehouse_tables.TABLES[name] if field.name in columns]
                sources[name] = filling.from_objects(f"restored_{name}_{uuid4().hex}", fields, addresses[name])
                if (loaded := _row_count(dataset, sources[name])) != rows:
                    raise Rejected(f"{name} has {loaded:,} rows in the backup, not {rows:,}. Nothing was changed.")
        dataset.ask(_restore_script(kept, sources), work="restore", within=TABLES_WITHIN)
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


def _restore_script(kept: Mapping[str, TableInfo], sources: Mapping[str, str]) -> str:
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


def _row_count(dataset: Dataset, name: str) -> int:
    with dataset.errors(name):
        return int(dataset.client.get_table(dataset.table(name), retry=CALLS, timeout=TIMEOUT).num_rows or 0)
