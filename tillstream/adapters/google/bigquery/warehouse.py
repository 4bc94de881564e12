"""The warehouse on BigQuery: one dataset with the tables and views of `migrations`; notes sales of pending days.

A pending day is done once the sales of its settlement were read from the ledger after its epoch had passed, and noted:

- An attempt to settle commits only in its own epoch. If it did, its rows are read here.
- If it did not, it never will, because epochs only rise, in a restore too. A repeated attempt is based on a later
  epoch, and leaves its days pending again, before it commits.

Days whose epoch has not passed are left to a later call: their settlement may be about to commit. Days are removed with
their settlement and epoch, so those that another settlement adds meanwhile remain.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import UTC, date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tillstream.adapters.google.bigquery import row_transfer
from tillstream.adapters.google.bigquery.daily_totals import merge_daily_totals, refresh_daily_totals
from tillstream.adapters.google.bigquery.dataset import RETRY_CONFLICT, Dataset
from tillstream.adapters.google.bigquery.query_values import literal
from tillstream.adapters.google.bigquery.row_transfer import TableLoader, append_parts, read_batches
from tillstream.adapters.google.bigquery.settle_script import compact_flags
from tillstream.adapters.google.bigquery.sql_of_people import NO_ACCOUNTS, SqlOfPeople
from tillstream.adapters.google.bigquery.tables import EPOCH, FIELDS, arrow_schema
from tillstream.adapters.google.object_store import Downloads
from tillstream.model.errors import Rejected
from tillstream.model.limits import SETTLEMENT_MEMORY
from tillstream.model.tables.warehouse_tables import LIVE
from tillstream.ports.warehouse import (
    AdHocQuery,
    PendingDay,
    SaleIndex,
    Settlement,
    SettlementResult,
    Snapshot,
    WarehouseQuery,
)

if TYPE_CHECKING:
    from tillstream.adapters.google.bigquery.settling import BigQuerySettling

NOTE_SECONDS = 1_500.0
"""Of a call, after which it stops; the next one continues. Cloud Scheduler waits for 1,800."""
_SALES = "SELECT DISTINCT sale FROM sightings WHERE sale_date = {day} AND settlement_no = {settlement_no}"

STREAMED_ROWS = 100_000
LIVE_PATIENCE = 10.0
"""Seconds: what cannot be appended appears with its settlement, and the messages of tills are leased meanwhile."""
FIRST_PAGE = 2_000
"""Results of at most this many rows come with the query's response; longer ones use the Storage Read API."""


class _TimeIsUpError(Exception):
    pass


def note_pending_days(
    dataset: Dataset, index: SaleIndex, seconds: float = NOTE_SECONDS, monotonic: Callable[[], float] = time.monotonic
) -> int:
    """Note the sales of pending days for so many seconds; return the number of days that are still pending. Idempotent.

    The account must see all rows of the ledger. Raises `Unavailable`.
    """
    pending = sorted(index.pending())
    if not pending:
        return 0
    until = monotonic() + seconds
    (row,) = dataset.ask(f"SELECT MAX(number) AS epoch FROM {EPOCH}", work="index")
    passed = [each for each in pending if each.epoch < (row["epoch"] or 0)]

    def pairs(each: PendingDay) -> Iterator[tuple[int, date]]:
        for sale in _in_time(_pending_sales(dataset, each), until, monotonic):
            yield sale, each.day

    with suppress(_TimeIsUpError):
        index.note_pending(passed, pairs)
    return len(index.pending())


def _pending_sales(dataset: Dataset, pending: PendingDay) -> Iterator[int]:
    text = _SALES.format(day=literal(pending.day), settlement_no=pending.settlement_no)
    answer = dataset.ask(text, work="index")
    with dataset.errors("The ledger"):
        for batch in row_transfer.read_batches(dataset.reader, dataset.answer(answer)):
            yield from batch.column("sale").to_pylist()


def _in_time(sales: Iterable[int], until: float, monotonic: Callable[[], float]) -> Iterator[int]:
    for sale in sales:
        if monotonic() > until:
            raise _TimeIsUpError
        yield sale


class BigQueryWarehouse:
    """The warehouse port on BigQuery; connects on first use.

    downloads: fetches staged files. index: the days of the sales and batches of this dataset. `close` closes both.
    settle_memory: memory limit of DuckDB in a settlement. people: runs SQL of people; without it, there is none.
    """

    def __init__(
        self,
        dataset: Dataset,
        downloads: Downloads,
        index: SaleIndex,
        settle_memory: str = SETTLEMENT_MEMORY,
        people: SqlOfPeople | None = None,
    ) -> None:
        self._people = people
        self._dataset, self._downloads, self._index = dataset, downloads, index
        self._settle_memory = settle_memory
        self._filling = TableLoader(dataset.loading)

    @cached_property
    def _settling(self) -> "BigQuerySettling":
        from tillstream.adapters.google.bigquery.settling import BigQuerySettling  # loads DuckDB

        return BigQuerySettling(self._dataset, self._downloads, self._index, self._settle_memory)

    def settle(self, settlement: Settlement) -> SettlementResult:
        return self._settling.settle(settlement)

    def preview(self, settlement: Settlement, questions: Sequence[WarehouseQuery] = ()) -> SettlementResult:
        return self._settling.preview(settlement, questions)

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        rows = self._dataset.ask(sql, params, page=FIRST_PAGE)
        with self._dataset.errors("The warehouse"):
            if not _is_long(rows):
                return rows.to_arrow(create_bqstorage_client=False)
            return pa.Table.from_batches(self._batches(rows))

    def stream(self, sql: str, params: Mapping[str, Any] | None = None) -> Iterator[pa.RecordBatch]:
        rows = self._dataset.ask(sql, params, page=FIRST_PAGE)
        with self._dataset.errors("The warehouse"):
            if _is_long(rows):
                for batch in self._batches(rows):
                    yield from (batch.slice(first, STREAMED_ROWS) for first in range(0, batch.num_rows, STREAMED_ROWS))
            elif rows.total_rows:
                yield from rows.to_arrow(create_bqstorage_client=False).to_batches()

    def ad_hoc(self, query: AdHocQuery) -> pa.Table:
        if self._people is None:
            raise Rejected(NO_ACCOUNTS)
        return self._people.run(self, self._dataset, query)

    def _batches(self, rows: Any) -> Iterator[pa.RecordBatch]:
        return read_batches(self._dataset.reader, self._dataset.answer(rows))

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """Not by `FOR SYSTEM_TIME AS OF`, which only administrators may use on tables with row access policies."""
        return nullcontext(self)

    def replace_table(self, table: str, rows: pa.Table) -> None:
        self._write(table, rows, "TRUE")

    def upsert(self, table: str, rows: pa.Table, keys: Sequence[str]) -> None:
        same_keys = " AND ".join(f"{table}.{key} = incoming.{key}" for key in keys)
        self._write(table, rows, f"EXISTS (SELECT 1 FROM {{source}} AS incoming WHERE {same_keys})")

    def _write(self, table: str, rows: pa.Table, condition: str) -> None:
        """Replace rows of the table by those of a temporary table.

        A load job over the table itself would drop its declared keys and is limited to 1,500 a day.
        """
        if table not in FIELDS:
            raise Rejected(f"There is no table {table}.")
        loaded = self._filling.from_rows("incoming", FIELDS[table], rows)
        source = f"`{self._dataset.loading.name}`.{loaded}"
        try:
            self._replace(table, condition.format(source=source), f"SELECT * FROM {source}", rows.column_names)
        finally:
            self._filling.drop(loaded)

    def append_live(self, rows: pa.Table) -> None:
        """Through the Storage Write API, without a query: four calls, each tried for `LIVE_PATIENCE` at most."""
        schema = arrow_schema(FIELDS[LIVE])
        now = pa.array([datetime.now(UTC)] * rows.num_rows, schema.field("appended_at").type)
        with self._dataset.errors(LIVE):
            complete = rows.append_column("appended_at", now).select(schema.names).cast(schema)
            append_parts(self._dataset.writer, self._dataset.table(LIVE), complete, patience=LIVE_PATIENCE)

    def refresh_totals(self) -> int:
        return refresh_daily_totals(self._dataset)

    def compact(self) -> int:
        days = compact_flags(self._dataset)
        merge_daily_totals(self._dataset)
        return days

    def note_pending_days(self) -> int:
        return note_pending_days(self._dataset, self._index)

    def _replace(self, table: str, condition: str, select: str, columns: Sequence[str]) -> None:
        """Delete and insert in one transaction; a failure leaves the table unchanged."""
        column_list = ", ".join(columns)
        script = (
            f"BEGIN TRANSACTION;\nDELETE FROM {table} WHERE {condition};\n"
            f"INSERT INTO {table} ({column_list})\nSELECT {column_list} FROM (\n{select}\n);\nCOMMIT TRANSACTION;"
        )
        with self._dataset.errors(table):
            RETRY_CONFLICT(self._dataset.ask)(script, work="replace")

    def close(self) -> None:
        self._index.close()
        self._downloads.close()
        self._dataset.close()
        if self._people:
            self._people.close()


def _is_long(rows: Any) -> bool:
    return (rows.total_rows or 0) > FIRST_PAGE
