"""Settlement on BigQuery: a slice is read and settled in memory, and what it adds is stored in a transaction.

Every read names its days as constants, so BigQuery reads only their partitions. The API has no minimum of bytes.

The transaction reads and raises the epoch. If another settlement committed after this one read the epoch, it fails with
`Conflict`, and the settlement is repeated. A script may also be sent twice: the second run meets another epoch.
"""

import json
import random
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow as pa
from google.cloud.bigquery import QueryJobConfig, SchemaField

from tillstream.adapters.google.bigquery import row_transfer
from tillstream.adapters.google.bigquery.dataset import Dataset
from tillstream.adapters.google.bigquery.query_values import inline_parameters, is_in
from tillstream.adapters.google.bigquery.row_transfer import append_parts
from tillstream.adapters.google.bigquery.settle_script import FIRST_EPOCH, Commit, PreviewQuery, settlement_script
from tillstream.adapters.google.bigquery.tables import (
    EPOCH,
    FIELDS,
    FLAGS,
    INCOMING,
    LAYOUTS,
    SALE_VERSIONS,
    STORED,
    arrow_schema,
)
from tillstream.adapters.google.object_store import Downloads
from tillstream.ledger.duckdb_ledger import KeyValues
from tillstream.ledger.settlement_record import LedgerNumbers
from tillstream.ledger.slice_settlement import Additions, SliceSettlement, settle_slice
from tillstream.model.errors import Conflict
from tillstream.model.limits import SETTLEMENT_MEMORY
from tillstream.model.tables.daily_totals import DAY
from tillstream.ports.warehouse import PendingDay, SaleIndex, Settlement, SettlementResult, StagedBatch, WarehouseQuery

MOST_VALUES = 20_000
"""Values in one filter, whose text is limited to 1 MB; beyond that, all rows of the days are read."""
FLAG_COLUMNS = ("key", "content", "is_current", "leads", "settlement_no")
_HALVES = ("key_high", "key_low")

WITHIN = 1800.0
"""Timeout of one script, in seconds."""
_NUMBERS = f"SELECT MAX(number) AS epoch, MAX(settlement_no) AS settlement_no, MAX(batch_no) AS batch_no FROM {EPOCH}"
_REQUEST = "SELECT settlement_no, added, corrected, removed FROM settlements WHERE request_id = @request_id"
_SETTLED_BATCHES = "SELECT batch_id FROM batches WHERE settlement_no = @settlement_no"

_ARROW = {
    "STRING": pa.string(),
    "INTEGER": pa.int64(),
    "INT64": pa.int64(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us", "UTC"),
    "NUMERIC": pa.decimal128(38, 9),
    "BOOLEAN": pa.bool_(),
    "BOOL": pa.bool_(),
}


class BigQueryLedgerReader:
    """Implements `ledger.duckdb_ledger.LedgerReader`. Raises `Unavailable`, `Rejected`."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def read(
        self, table: str, columns: Sequence[str], days: Collection[date], matching: Mapping[str, KeyValues]
    ) -> pa.RecordBatchReader:
        name = STORED if table == SALE_VERSIONS else table
        fields = [field for field in FIELDS[name] if field.name in columns]
        day_column = LAYOUTS[name].partitioned
        schema = split_keys(arrow_schema(fields).empty_table()).schema
        if not days:  # a filter needs one
            return pa.RecordBatchReader.from_batches(schema, [])
        return pa.RecordBatchReader.from_batches(
            schema, self._batches(name, [f.name for f in fields], restriction(day_column, days, matching), schema)
        )

    def read_flags(self, days: Collection[date], sales: Collection[int]) -> pa.RecordBatchReader:
        return self.read(FLAGS, FLAG_COLUMNS, days, {"sale": sales})

    def _batches(self, table: str, columns: Sequence[str], rows: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        with self._dataset.errors(table):
            batches = row_transfer.read_batches(self._dataset.reader, self._dataset.table(table), columns, rows)
            for batch in batches:
                yield from split_keys(pa.Table.from_batches([batch])).select(schema.names).cast(schema).to_batches()


def restriction(day_column: str, days: Collection[date], matching: Mapping[str, KeyValues]) -> str:
    """The filter of a read: rows of these days with one of the values in any of the columns."""
    chosen = is_in(day_column, sorted(days))
    if not matching or sum(map(len, matching.values())) > MOST_VALUES:
        return chosen
    values = (is_in(name, sorted(allowed)) for name, allowed in matching.items())
    return f"{chosen} AND ({' OR '.join(values)})"


def split_keys(rows: pa.Table) -> pa.Table:
    """Replace the column key by the columns key_high and key_low, in the order of its 16 bytes."""
    if "key" not in rows.column_names:
        return rows
    keys = b"".join(chain.from_iterable(chunk.to_pylist() for chunk in rows.column("key").chunks))
    halves = np.frombuffer(keys, ">i8").reshape(-1, 2).astype(np.int64)
    rows = rows.drop_columns(["key"])
    for number, name in enumerate(_HALVES):
        rows = rows.append_column(name, pa.array(halves[:, number]))
    return rows


def join_keys(rows: pa.Table) -> pa.Table:
    """Replace the columns key_high and key_low by the column key, as 16 bytes."""
    if _HALVES[0] not in rows.column_names:
        return rows
    halves = np.column_stack([rows.column(name).to_numpy() for name in _HALVES]).astype(">i8")
    size = pa.binary(16)
    keys = pa.Array.from_buffers(size, rows.num_rows, [None, pa.py_buffer(halves.tobytes())]).cast(pa.binary())
    return rows.drop_columns(list(_HALVES)).append_column("key", keys)


class BigQuerySettling:
    """Settles and previews. downloads: fetches staged files. index: the days of the sales and batches of the ledger.

    memory_limit: of DuckDB.
    """

    def __init__(
        self, dataset: Dataset, downloads: Downloads, index: SaleIndex, memory_limit: str = SETTLEMENT_MEMORY
    ) -> None:
        self._dataset, self._downloads, self._index = dataset, downloads, index
        self._memory_limit = memory_limit

    def settle(self, settlement: Settlement) -> SettlementResult:
        return _with_retries(lambda: self._settle_once(settlement), settlement.tries)

    def preview(self, settlement: Settlement, questions: Sequence[WarehouseQuery]) -> SettlementResult:
        return _with_retries(lambda: self._preview_once(settlement, questions), settlement.tries)

    def _preview_once(self, settlement: Settlement, questions: Sequence[WarehouseQuery]) -> SettlementResult:
        epoch, last = self._numbers()
        settled = self._settle_slice(settlement, last)
        schemas = [self._schema(question) for question in questions]
        preview_queries = [
            PreviewQuery(inline_parameters(question.sql, question.params), [column.name for column in schema])
            for question, schema in zip(questions, schemas, strict=True)
        ]
        row = self._run(epoch, settled, keep=False, preview_queries=preview_queries)
        answers = tuple(_table(row[f"answer_{n}"], schema) for n, schema in enumerate(schemas))
        return replace(settled.result, results=answers)

    def _settle_once(self, settlement: Settlement) -> SettlementResult:
        epoch, last = self._numbers()
        earlier = self._earlier_result(settlement.request_id)
        if earlier:
            return earlier
        settled = self._settle_slice(settlement, last)
        if settled.additions:
            number = settled.last.settlement_no
            pending = [PendingDay(day, number, epoch) for day in settled.pending_days]
            self._index.note(settled.index_pairs, number, pending)
            self._run(epoch, settled, keep=True)
        return settled.result

    def _settle_slice(self, settlement: Settlement, last: LedgerNumbers) -> SliceSettlement:
        """last: as read together with the epoch, so that the index is also complete when the epoch is compared."""
        self._index.check(last.settlement_no)
        with TemporaryDirectory() as folder:
            local = replace(settlement, staged=self._download(settlement.staged, Path(folder)))
            return settle_slice(local, BigQueryLedgerReader(self._dataset), self._index, last, self._memory_limit)

    # ---- state ------------------------------------------------------------------------------------------------------

    def _numbers(self) -> tuple[int, LedgerNumbers]:
        """The epoch, and the greatest numbers of the ledger."""
        (row,) = self._dataset.ask(_NUMBERS, work="settle")
        if row["epoch"] is None:
            self._dataset.ask(FIRST_EPOCH, work="settle")
            return self._numbers()
        return row["epoch"], LedgerNumbers(row["settlement_no"], row["batch_no"])

    def _earlier_result(self, request_id: str) -> SettlementResult | None:
        rows = [*self._dataset.ask(_REQUEST, {"request_id": request_id}, work="settle")] if request_id else []
        if not rows:
            return None
        number = rows[0]["settlement_no"]
        settled = self._dataset.ask(_SETTLED_BATCHES, {"settlement_no": number}, work="settle")
        changes = {kind: rows[0][kind] for kind in ("added", "corrected", "removed")}
        return SettlementResult(number, {row["batch_id"]: number for row in settled}, {}, changes)

    def _download(self, staged: Sequence[StagedBatch], folder: Path) -> list[StagedBatch]:
        """Download the staged files; return the batches with the paths of the files."""
        addresses = [address for batch in staged for address in (*batch.accepted, *batch.refused)]
        paths = {address: str(folder / f"{number}.parquet") for number, address in enumerate(addresses)}
        self._downloads.fetch(paths)
        return [
            replace(
                batch,
                accepted=tuple(paths[address] for address in batch.accepted),
                refused=tuple(paths[address] for address in batch.refused),
            )
            for batch in staged
        ]

    # ---- commit -----------------------------------------------------------------------------------------------------

    def _run(
        self, epoch: int, settled: SliceSettlement, *, keep: bool, preview_queries: Sequence[PreviewQuery] = ()
    ) -> Mapping[str, Any]:
        commit = Commit(epoch, settled.last.settlement_no, settled.last.batch_no)
        if settled.additions:
            commit = self._upload(commit, settled.additions)
        text = settlement_script(commit, self._dataset.name, keep=keep, preview_queries=preview_queries)
        (row,) = self._dataset.ask(text, work="settle", within=WITHIN)
        answers: Mapping[str, Any] = row
        return answers

    def _upload(self, commit: Commit, additions: Additions) -> Commit:
        """Write the rows of the settlement into `incoming`."""
        arrived_at, token = datetime.now(UTC), uuid4().hex
        rows_by_target = {
            STORED if table == SALE_VERSIONS else table: rows for table, rows in additions.rows.items() if rows.num_rows
        }
        constants = {"arrived_at": arrived_at, "token": token}
        parts = [
            incoming_rows(rows, constants | {"target": target}, FIELDS[target])
            for target, rows in rows_by_target.items()
        ]
        with self._dataset.errors(INCOMING):
            append_parts(self._dataset.writer, self._dataset.table(INCOMING), *parts)
        return replace(
            commit,
            token=token,
            arrived_at=arrived_at,
            targets={target: partition_days(target, rows) for target, rows in rows_by_target.items()},
            changed_batches=additions.changed_batches.to_pylist(),
        )

    def _schema(self, question: WarehouseQuery) -> Sequence[SchemaField]:
        """The schema of a query's result, from a dry run."""
        config = QueryJobConfig(default_dataset=self._dataset.reference, dry_run=True, use_query_cache=False)
        with self._dataset.errors("The warehouse"):
            job = self._dataset.client.query(inline_parameters(question.sql, question.params), job_config=config)
        schema: Sequence[SchemaField] = job.schema
        return schema


def _with_retries(attempt: Callable[[], SettlementResult], tries: int) -> SettlementResult:
    """Repeat the attempt while another settlement commits first."""
    for pause in (0.5 * 2**n for n in range(tries - 1)):
        try:
            return attempt()
        except Conflict:
            time.sleep(random.uniform(0, pause))  # noqa: S311
    return attempt()


def partition_days(target: str, rows: pa.Table) -> list[date]:
    """The business days of rows for a table that is partitioned by them; empty for other tables."""
    days: list[date] = rows.column(DAY).unique().to_pylist() if LAYOUTS[target].partitioned == DAY else []
    return days


def incoming_rows(rows: pa.Table, constants: Mapping[str, Any], fields: Sequence[Any]) -> pa.Table:
    """The rows as they are appended to `incoming`."""
    rows = join_keys(rows)
    rows = rows.select([field.name for field in fields]).cast(arrow_schema(fields))
    for name, value in constants.items():
        kind = pa.timestamp("us", "UTC") if isinstance(value, datetime) else pa.string()
        rows = rows.append_column(name, pa.repeat(pa.scalar(value, kind), rows.num_rows))
    return rows


def _table(rows: Sequence[str] | None, schema: Sequence[SchemaField]) -> pa.Table:
    columns = list(zip(*(json.loads(row) for row in rows or ()), strict=True)) or [()] * len(schema)
    return pa.table(
        {
            field.name: pa.array(column, pa.string()).cast(_ARROW[field.field_type])
            for field, column in zip(schema, columns, strict=True)
        }
    )
