"""Settlement on BigQuery: the slice that it can read is settled in memory, and what it adds is stored in a transaction.

The transaction reads and raises the epoch. If another settlement committed after this one read the epoch, it fails with
`Conflict`, and the settlement is repeated. A script may also be sent twice: the second run meets another epoch.
"""

import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import pyarrow as pa
from google.cloud.bigquery import QueryJobConfig, SchemaField

from tillstream.adapters.google.bigquery.append import append
from tillstream.adapters.google.bigquery.dataset import Dataset
from tillstream.adapters.google.bigquery.fields import EPOCH, FIELDS, INCOMING, SALE_VERSIONS, STORED
from tillstream.adapters.google.bigquery.ledger_reader import BigQueryLedgerReader, join_keys
from tillstream.adapters.google.bigquery.literals import inline_parameters
from tillstream.adapters.google.bigquery.settle_script import FIRST_EPOCH, Commit, PreviewQuery, script
from tillstream.adapters.google.bigquery.tables import LAYOUTS, arrow_schema
from tillstream.adapters.google.storage.downloads import Downloads
from tillstream.domain.daily_totals import DAY
from tillstream.domain.errors import Conflict
from tillstream.domain.limits import SETTLEMENT_MEMORY
from tillstream.ledger.additions import Additions
from tillstream.ledger.settlement_record import LedgerNumbers
from tillstream.ledger.slice_settlement import SliceSettlement, settle_slice
from tillstream.ports.sale_index import PendingDay, SaleIndex
from tillstream.ports.warehouse import Settlement, SettlementResult, StagedBatch, WarehouseQuery

WITHIN = 1800.0
"""Timeout of one script, in seconds."""
_NUMBERS = f"SELECT MAX(number) AS epoch, MAX(settlement_no) AS settlement_no, MAX(batch_no) AS batch_no FROM {EPOCH}"
_REQUEST = "SELECT settlement_no, added, corrected, removed FROM settlements WHERE request_id = @request_id"
_SETTLED_BATCHES = "SELECT batch_id FROM batches WHERE settlement_no = @settlement_no"


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
        text = script(commit, self._dataset.name, keep=keep, preview_queries=preview_queries)
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
            append(self._dataset.writer, self._dataset.table(INCOMING), *parts)
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


def _table(rows: Sequence[str] | None, schema: Sequence[SchemaField]) -> pa.Table:
    columns = list(zip(*(json.loads(row) for row in rows or ()), strict=True)) or [()] * len(schema)
    return pa.table(
        {
            field.name: pa.array(column, pa.string()).cast(_ARROW[field.field_type])
            for field, column in zip(schema, columns, strict=True)
        }
    )
