"""Rebuilds the sale index from the ledger."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import chain
from typing import Any

from google.api_core.exceptions import NotFound as Absent

from tillstream.adapters.google.api_retries import TIMEOUT
from tillstream.adapters.google.bigquery import row_transfer
from tillstream.adapters.google.bigquery.dataset import CALLS, RETRY_CONFLICT, Dataset
from tillstream.adapters.google.bigquery.query_values import literal
from tillstream.adapters.google.bigquery.tables import EPOCH, FIELDS
from tillstream.ledger.ledger_slice import STATED_DAYS
from tillstream.model.errors import Rejected
from tillstream.model.ids import index_hash
from tillstream.ports.warehouse import SaleIndex

WITHIN = 3_600.0
DAYS = 31
"""Days per query: a result must be read within six hours, and writing its pairs takes longer than reading it."""
_DAYS = "SELECT DISTINCT sale_date FROM sightings ORDER BY sale_date"
_SALES = "SELECT sale, sale_date, COUNT(*) AS row_count FROM sightings WHERE sale_date IN ({}) GROUP BY sale, sale_date"
_BATCHES = "SELECT batch_id, sha256, received_date, 1 AS row_count FROM batches"
_STATED_DAYS = "SELECT DISTINCT sale_date FROM statements WHERE whole = 'store-day'"
Row = Mapping[str, Any]


def has_tables(dataset: Dataset) -> bool:
    """Whether the dataset has the tables of this version."""
    with dataset.errors(EPOCH):
        try:
            columns = dataset.client.get_table(dataset.table(EPOCH), retry=CALLS, timeout=TIMEOUT).schema
        except Absent:
            return False
    return {column.name for column in columns} == {field.name for field in FIELDS[EPOCH]}


def last_settlement(dataset: Dataset) -> int:
    """The greatest settlement_no of the ledger; 0 if none."""
    (row,) = dataset.ask(f"SELECT COALESCE(MAX(settlement_no), 0) AS settlement_no FROM {EPOCH}", work="index")
    return int(row["settlement_no"])


def rebuild_index(dataset: Dataset, index: SaleIndex) -> int:
    """Read the content of the index from the ledger; return the settlement up to which it is complete. Idempotent.

    Settlements may be tried meanwhile: they fail until the index is complete. One that was prepared before fails by the
    epoch, because its pairs could be removed. Raises `Rejected` if row access policies hide rows.
    """
    index.invalidate()
    with dataset.errors(EPOCH):
        RETRY_CONFLICT(dataset.ask)(f"UPDATE {EPOCH} SET number = number + 1 WHERE TRUE", work="index")
    last = last_settlement(dataset)
    index.rebuild(_pairs(dataset), last)
    return last


def _pairs(dataset: Dataset) -> Iterator[tuple[int, date]]:
    """The pairs that settlements note (`LedgerSlice`)."""
    for row in _all_rows(dataset, "sightings", _sales(dataset)):
        yield row["sale"], row["sale_date"]
    for row in _all_rows(dataset, "batches", _rows(dataset, _BATCHES)):
        yield index_hash("batch", row["batch_id"]), row["received_date"]
        if row["sha256"]:
            yield index_hash("bytes", row["sha256"]), row["received_date"]
    for row in _rows(dataset, _STATED_DAYS):
        yield STATED_DAYS, row["sale_date"]


def _sales(dataset: Dataset) -> Iterator[Row]:
    days = [literal(row["sale_date"]) for row in dataset.ask(_DAYS, work="index", within=WITHIN)]
    groups = (days[first : first + DAYS] for first in range(0, len(days), DAYS))
    return chain.from_iterable(_rows(dataset, _SALES.format(", ".join(group))) for group in groups)


def _rows(dataset: Dataset, sql: str) -> Iterator[Row]:
    answer = dataset.ask(sql, work="index", within=WITHIN)
    with dataset.errors("The ledger"):
        for batch in row_transfer.read_batches(dataset.reader, dataset.answer(answer)):
            yield from batch.to_pylist()


def _all_rows(dataset: Dataset, table: str, rows: Iterable[Row]) -> Iterator[Row]:
    """Yield the rows, which represent all rows of the table. Raises `Rejected` at the end if some are hidden."""
    with dataset.errors(table):
        stored = dataset.client.get_table(dataset.table(table), retry=CALLS, timeout=TIMEOUT).num_rows or 0
    visible = 0
    for row in rows:
        visible += row["row_count"]
        yield row
    if visible < stored:
        raise Rejected(
            f"Only {visible:,} of the {stored:,} rows of {table} are visible, because row access policies hide the "
            "others. Rebuild the sale index as the service account of the functions."
        )
