"""Settlement on BigQuery: the state query, the script and its result.

The script runs as one transaction that reads and raises the epoch. A concurrent settlement since the state query makes
it fail with `Conflict`, and it is prepared again. It may also be sent twice: the second run meets another epoch.
"""

import json
import random
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
from google.cloud.bigquery import QueryJobConfig, SchemaField

from tillstream.adapters.google.bigquery.dataset import Dataset
from tillstream.adapters.google.bigquery.literals import inline_parameters
from tillstream.adapters.google.bigquery.loading import TableLoader
from tillstream.adapters.google.bigquery.settle_script import PreviewQuery, Steps, script
from tillstream.domain.batch.holds import Hold, HoldCode
from tillstream.domain.errors import Conflict
from tillstream.domain.settlement_waves import group_adjacent, split_on_shared_sales
from tillstream.domain.tables import REJECTED_ROWS, STAGED_LINES
from tillstream.ports.warehouse import Settlement, SettlementResult, StagedBatch, WarehouseQuery

OVERLAPS = "overlaps-without-identity"
TRIES = 5
WITHIN = 1800.0
"""Timeout of one script, in seconds."""
LOADED_AT_ONCE = 8
_STATE = """
SELECT
  (SELECT MAX(number) FROM epoch) AS epoch,
  (SELECT COALESCE(MAX(settlement_no), 0) FROM settlements) AS last_no,
  (
    SELECT TO_JSON_STRING(ARRAY_AGG(STRUCT(
      settlement_no AS settlement_no, added AS added, corrected AS corrected, removed AS removed
    )))
    FROM settlements WHERE @request_id <> '' AND request_id = @request_id
  ) AS request,
  (
    SELECT TO_JSON_STRING(ARRAY_AGG(STRUCT(
      batch_id AS batch_id, settlement_no AS settlement_no, undone_no AS undone_no
    )))
    FROM batches WHERE batch_id IN UNNEST(@batches)
  ) AS known
"""
_SETTLED_BATCHES = "SELECT batch_id FROM batches WHERE settlement_no = @settlement_no"
_FIRST_EPOCH = "INSERT INTO epoch (number) SELECT 0 FROM (SELECT 1) WHERE NOT EXISTS (SELECT 1 FROM epoch)"
"""If two of these run concurrently there are two rows, which are raised together from then on."""


class SettlementRunner:
    def __init__(self, dataset: Dataset, filling: TableLoader) -> None:
        self._dataset = dataset
        self._filling = filling

    def settle(self, settlement: Settlement) -> SettlementResult:
        for pause in (0.5 * 2**n for n in range(TRIES - 1)):
            try:
                return self._once(settlement, keep=True)
            except Conflict:
                time.sleep(random.uniform(0, pause))  # noqa: S311
        return self._once(settlement, keep=True)

    def preview(self, settlement: Settlement, questions: Sequence[WarehouseQuery]) -> SettlementResult:
        return self._once(settlement, keep=False, questions=questions)

    def _once(
        self, settlement: Settlement, *, keep: bool, questions: Sequence[WarehouseQuery] = ()
    ) -> SettlementResult:
        epoch, last_no, earlier, settled_batches = self._state(settlement)
        if earlier:
            return earlier
        undone = {batch for batch, (_, undone_no) in settled_batches.items() if undone_no} | set(settlement.undo)
        staged = sorted(
            (
                b
                for b in settlement.staged
                if b.batch_id not in settled_batches and not (b.is_correction and b.parent in undone)
            ),
            key=lambda b: (b.received_seq, b.fix_number, b.batch_id),
        )
        settled_before = {
            b.batch_id: settled_batches[b.batch_id][0] for b in settlement.staged if b.batch_id in settled_batches
        }
        if not staged and not settlement.undo and keep:
            return SettlementResult(0, settled_before)
        for batch in staged:
            if batch.is_correction and batch.parent not in settled_batches:
                raise LookupError(f"the corrected batch {batch.parent} is not in the ledger")
        schemas = [self._schema(question) for question in questions]
        steps = self._steps(staged, settlement, epoch, last_no + 1)
        preview_queries = [
            PreviewQuery(inline_parameters(question.sql, question.params), [field.name for field in schema])
            for question, schema in zip(questions, schemas, strict=True)
        ]
        (row,) = self._dataset.ask(
            script(steps, self._dataset.name, keep=keep, preview_queries=preview_queries), work="settle", within=WITHIN
        )
        answers = tuple(_table(row[f"answer_{n}"], schema) for n, schema in enumerate(schemas))
        holds = {hold["batch_id"]: _hold(hold) for hold in json.loads(row["holding"] or "null") or ()}
        number = steps.settlement_no if row["counted"] else 0
        changes = dict(zip(("added", "corrected", "removed"), row["counted"] or (), strict=False))
        settled = settled_before | dict.fromkeys(row["taken"] or (), number)
        return SettlementResult(number, settled, holds, changes, answers)

    # ---- prepare ----------------------------------------------------------------------------------------------------

    def _state(
        self, settlement: Settlement
    ) -> tuple[int, int, SettlementResult | None, dict[str, tuple[int, int | None]]]:
        """The epoch, the last settlement, this request's earlier result, and the batches settled before."""
        batch_ids = {*(b.batch_id for b in settlement.staged), *(b.parent for b in settlement.staged), *settlement.undo}
        params = {"request_id": settlement.request_id, "batches": sorted(batch_ids)}
        (row,) = self._dataset.ask(_STATE, params, work="settle")
        if row["epoch"] is None:
            self._dataset.ask(_FIRST_EPOCH, work="settle")
            return self._state(settlement)
        settled_batches = {
            batch["batch_id"]: (batch["settlement_no"], batch["undone_no"])
            for batch in json.loads(row["known"] or "null") or ()
        }
        request = json.loads(row["request"] or "null")
        return row["epoch"], row["last_no"], self._earlier_result(request[0]) if request else None, settled_batches

    def _earlier_result(self, request: Mapping[str, int]) -> SettlementResult:
        number = request["settlement_no"]
        settled = self._dataset.ask(_SETTLED_BATCHES, {"settlement_no": number}, work="settle")
        changes = {kind: request[kind] for kind in ("added", "corrected", "removed")}
        return SettlementResult(number, {row["batch_id"]: number for row in settled}, {}, changes)

    def _steps(self, staged: Sequence[StagedBatch], settlement: Settlement, epoch: int, number: int) -> Steps:
        with ThreadPoolExecutor(LOADED_AT_ONCE) as pool:
            accepted = dict(pool.map(self._load_accepted, (batch for batch in staged if batch.accepted)))
            refused = dict(pool.map(self._load_refused, (batch for batch in staged if batch.refused)))
        waves = [
            wave
            for adjacent in group_adjacent(staged)
            for wave in split_on_shared_sales(adjacent, self._last_overlapping(adjacent, accepted))
        ]
        numbered = [(n, batch) for n, wave in enumerate(waves, 1) for batch in wave]
        files = [(n, b) for n, b in numbered if b.source == "file" and not b.is_correction and not b.as_new]
        return Steps(
            number,
            epoch,
            settlement.request_id,
            settlement.undo,
            [_batch_fields(batch, wave) for wave, batch in numbered],
            accepted,
            refused,
            check_duplicate_bytes=[n for n, b in files if HoldCode.REPEATED_BYTES not in b.confirmed],
            check_overlaps=[n for n, b in files if b.nameless and b.accepted and OVERLAPS not in b.confirmed],
            corrections=[n for n, b in numbered if b.is_correction],
            complete_statements=[n for n, b in numbered if b.replaces or b.is_correction],
        )

    def _load_accepted(self, batch: StagedBatch) -> tuple[str, str]:
        name = f"staged_lines_{batch.batch_id}"
        return batch.batch_id, self._filling.from_objects(name, STAGED_LINES, batch.accepted, rows=batch.rows_read)

    def _load_refused(self, batch: StagedBatch) -> tuple[str, str]:
        name = f"staged_refusals_{batch.batch_id}"
        return batch.batch_id, self._filling.from_objects(name, REJECTED_ROWS, batch.refused, rows=batch.rows_read)

    def _last_overlapping(self, batches: Sequence[StagedBatch], loaded: Mapping[str, str]) -> dict[str, str]:
        """Batch → the last one before it that shares a sale with it."""
        loaded_batches = [(position, b.batch_id) for position, b in enumerate(batches) if b.batch_id in loaded]
        if len(loaded_batches) < 2:
            return {}
        selects = (
            f"SELECT DISTINCT {position} AS turn, sale FROM `{loaded[batch]}`" for position, batch in loaded_batches
        )
        rows = self._dataset.ask(
            "WITH told AS (\n" + "\nUNION ALL\n".join(selects) + "\n), before AS (\n"
            "SELECT turn, LAG(turn) OVER (PARTITION BY sale ORDER BY turn) AS earlier FROM told)\n"
            "SELECT turn, MAX(earlier) AS earlier FROM before WHERE earlier IS NOT NULL GROUP BY turn",
            work="settle",
        )
        return {batches[row["turn"]].batch_id: batches[row["earlier"]].batch_id for row in rows}

    def _schema(self, question: WarehouseQuery) -> Sequence[SchemaField]:
        """The schema of a query's result, from a dry run."""
        config = QueryJobConfig(default_dataset=self._dataset.reference, dry_run=True, use_query_cache=False)
        with self._dataset.errors("The warehouse"):
            job = self._dataset.client.query(inline_parameters(question.sql, question.params), job_config=config)
        schema: Sequence[SchemaField] = job.schema
        return schema


def _batch_fields(batch: StagedBatch, wave: int) -> dict[str, Any]:
    fields = {name: getattr(batch, name) for name in vars(batch)}
    root = batch.parent if batch.is_correction else ""
    return fields | {"wave": wave, "root": root, "confirmed": ",".join(batch.confirmed)}


def _hold(row: Mapping[str, Any]) -> Hold:
    days = int(row["days"])
    value = f"{days:,} {'store-day' if days == 1 else 'store-days'}" if days else ""
    return Hold.of(HoldCode(row["code"]), value=value, detail=row["detail"])


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
