"""Google's clients over a small ledger in memory: they answer reads, and record each call that is billed.

They run no scripts: after each settlement, `samples` settles the same batches in the ledger.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pyarrow as pa

from devtools.billing.queries import ReadSession
from tillstream.adapters.google.bigquery.query_values import inline_parameters
from tillstream.adapters.google.bigquery.settling import join_keys
from tillstream.adapters.google.bigquery.tables import FIELDS, FLAGS, SALE_VERSIONS, STORED, arrow_schema
from tillstream.ports.warehouse import Row

_KEY = "CAST(key >> 64 AS BIGINT) AS key_high, CAST(key & 18446744073709551615::UHUGEINT AS BIGINT) AS key_low"


@dataclass
class Calls:
    """What was sent to BigQuery."""

    queries: list[str] = field(default_factory=list)
    """Queries and scripts, with their parameters inlined."""
    reads: list[ReadSession] = field(default_factory=list)
    rows_written: dict[str, int] = field(default_factory=dict)
    """Target → its rows in `incoming`."""


class QueryClient:
    """As `bigquery.Client`; only `query`."""

    def __init__(self, ledger: Any, calls: Calls) -> None:
        self._ledger, self._calls = ledger, calls

    def query(self, text: str, config: Any, **_: Any) -> Any:
        inlined = inline_parameters(text, {each.name: each.value for each in config.query_parameters})
        self._calls.queries.append(inlined)
        rows = [{"committed": True}] if "TRANSACTION" in inlined else self._answer(inlined)
        return SimpleNamespace(result=lambda **_: rows)

    def _answer(self, text: str) -> list[Row]:
        return list(self._ledger.cursor().execute(text).to_arrow_table().to_pylist())


class ReadClient:
    """As `BigQueryReadClient`; one stream per session."""

    def __init__(self, ledger: Any, calls: Calls) -> None:
        self._ledger, self._calls = ledger, calls
        self._streams: dict[str, pa.Table] = {}

    def create_read_session(self, *, read_session: Any, **_: Any) -> Any:
        table = read_session.table.rpartition("/")[2]
        options = read_session.read_options
        session = ReadSession(table, [*options.selected_fields], options.row_restriction)
        self._calls.reads.append(session)
        rows = self._rows(session)
        name = str(len(self._streams))
        self._streams[name] = rows
        schema = SimpleNamespace(serialized_schema=rows.schema.serialize().to_pybytes())
        return SimpleNamespace(arrow_schema=schema, streams=[SimpleNamespace(name=name)])

    def read_rows(self, name: str, **_: Any) -> Iterator[Any]:
        for batch in self._streams.pop(name).to_batches():
            yield SimpleNamespace(
                arrow_record_batch=SimpleNamespace(serialized_record_batch=batch.serialize().to_pybytes())
            )

    def _rows(self, session: ReadSession) -> pa.Table:
        schema = arrow_schema([column for column in FIELDS[session.table] if column.name in session.columns])
        if session.table == FLAGS:  # the ledger in memory has the flags in sale_versions
            return schema.empty_table()
        table = SALE_VERSIONS if session.table == STORED else session.table
        columns = ", ".join(_KEY if name == "key" else name for name in session.columns)
        text = f"SELECT {columns} FROM {table} WHERE {session.restriction or 'TRUE'}"
        rows = join_keys(self._ledger.cursor().execute(text).to_arrow_table())
        return rows.select(schema.names).cast(schema).combine_chunks()


class WriteClient:
    """As `BigQueryWriteClient`; counts the rows by their target."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def create_write_stream(self, **_: Any) -> Any:
        return SimpleNamespace(name="stream")

    def append_rows(self, requests: Iterator[Any], **_: Any) -> Iterator[Any]:
        for request in requests:
            arrow = request.arrow_rows
            schema = pa.ipc.read_schema(pa.py_buffer(arrow.writer_schema.serialized_schema))
            batch = pa.ipc.read_record_batch(pa.py_buffer(arrow.rows.serialized_record_batch), schema)
            for target in batch.column("target").unique().to_pylist():
                rows = self._calls.rows_written
                rows[target] = rows.get(target, 0) + batch.num_rows
            yield SimpleNamespace(error=SimpleNamespace(code=0), row_errors=[])

    def finalize_write_stream(self, **_: Any) -> None:
        """Does nothing: rows are counted as they are appended."""

    def batch_commit_write_streams(self, *_: Any, **__: Any) -> Any:
        no_errors: Sequence[Any] = ()
        return SimpleNamespace(stream_errors=no_errors)
