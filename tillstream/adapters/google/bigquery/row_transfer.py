"""Rows to and from BigQuery: appended and read through the Storage APIs, and loaded into temporary tables.

Small tables go through the Storage Write API, which costs money and holds the rows in memory. Large ones and objects go
through load jobs, each of which waits seconds for its slot.
"""

import io
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from google.api_core.exceptions import AlreadyExists, NotFound
from google.api_core.exceptions import Conflict as JobExists
from google.cloud.bigquery import LoadJobConfig, SchemaField, SourceFormat, Table, TableReference, WriteDisposition

from tillstream.adapters.google.api_retries import DEADLINE, RETRY, TIMEOUT, is_transient
from tillstream.adapters.google.bigquery.dataset import CALLS, WITHIN, Dataset
from tillstream.adapters.google.bigquery.tables import LABELS, arrow_schema, transfer_schema
from tillstream.model.columns import Column, Field
from tillstream.model.errors import Rejected, Unavailable

APPEND_BYTES = 8_000_000
"""Bytes per append; the service accepts 10 MB."""
STREAMS = 4
"""Streams that are filled at the same time."""
ALREADY_EXISTS = 6
"""Status code for an offset that is taken: an earlier attempt wrote the rows."""

NEW_TABLE = 60.0
"""Seconds for which a table that was just created may be reported as not found."""
_RETRY_NEW_TABLE = RETRY.with_predicate(lambda error: isinstance(error, NotFound) or is_transient(error))

READ_WITHIN = 600.0
"""Timeout of one connection, in seconds; a broken one resumes where it stopped."""

FEW_BYTES = 16_000_000
"""Size in memory."""
EXPIRES_AFTER = timedelta(days=1)
"""Longer than any retry; a caller that is done drops its table at once."""


def append_parts(writer: Any, table: TableReference, *parts: pa.Table, patience: float = DEADLINE) -> None:
    """Append all rows of all parts or none. writer: a `BigQueryWriteClient`. A column that a part lacks is NULL.

    patience: seconds after which no call is tried again. The rows become visible when the streams are committed, and
    each offset is written once, so every call may be repeated. Raises what the service raises, and `Rejected` for rows
    that it rejects.
    """
    from google.cloud.bigquery_storage_v1 import types

    parent = f"projects/{table.project}/datasets/{table.dataset_id}/tables/{table.table_id}"
    with ThreadPoolExecutor(STREAMS) as pool:
        streams = [*pool.map(lambda rows: _fill_stream(writer, parent, rows, patience), parts)]
    commit = types.BatchCommitWriteStreamsRequest(parent=parent, write_streams=streams)
    retry = RETRY.with_timeout(patience)
    errors = writer.batch_commit_write_streams(commit, retry=retry, timeout=TIMEOUT).stream_errors
    # all streams were committed together if the response of an earlier attempt was lost
    failed = [error for error in errors if error.code != types.StorageError.StorageErrorCode.STREAM_ALREADY_COMMITTED]
    if failed:
        raise Unavailable(f"Rows cannot be added to {table.table_id}: {failed[0].error_message}")


def _fill_stream(writer: Any, parent: str, rows: pa.Table, patience: float) -> str:
    """Write the rows into a new pending stream and finalize it; return its name."""
    from google.cloud.bigquery_storage_v1 import types

    pending = types.WriteStream(type_=types.WriteStream.Type.PENDING)
    retry, new_table = RETRY.with_timeout(patience), _RETRY_NEW_TABLE.with_timeout(min(NEW_TABLE, patience))
    stream: str = writer.create_write_stream(parent=parent, write_stream=pending, retry=new_table, timeout=TIMEOUT).name
    schema = types.ArrowSchema(serialized_schema=rows.schema.serialize().to_pybytes())
    offset = 0
    for batch in _append_batches(rows):
        data = types.AppendRowsRequest.ArrowData(
            writer_schema=schema,
            rows=types.ArrowRecordBatch(serialized_record_batch=batch.serialize().to_pybytes()),
        )
        retry(_send)(writer, types.AppendRowsRequest(write_stream=stream, offset=offset, arrow_rows=data))
        offset += batch.num_rows
    writer.finalize_write_stream(name=stream, retry=retry, timeout=TIMEOUT)
    return stream


def _send(writer: Any, request: Any) -> None:
    route = (("x-goog-request-params", f"write_stream={request.write_stream}"),)
    try:
        for response in writer.append_rows(iter([request]), timeout=TIMEOUT, metadata=route):
            if response.error.code == ALREADY_EXISTS:
                continue
            if response.row_errors or response.error.code:
                first = response.row_errors[0].message if response.row_errors else response.error.message
                raise Rejected(f"These rows were rejected: {first}")
    except AlreadyExists:
        return


def _append_batches(rows: pa.Table) -> Iterator[pa.RecordBatch]:
    """Record batches of at most AT_ONCE bytes."""
    chunk_rows = max(1, rows.num_rows * APPEND_BYTES // max(1, rows.nbytes))
    yield from rows.combine_chunks().to_batches(max_chunksize=chunk_rows)


def read_batches(
    reader: Any, table: TableReference, columns: Sequence[str] = (), rows: str = ""
) -> Iterator[pa.RecordBatch]:
    """Stream the table as record batches, through one stream to keep the order.

    reader: a `BigQueryReadClient`. columns: empty for all. rows: an SQL condition; empty for all.
    """
    from google.cloud.bigquery_storage_v1 import types

    name = f"projects/{table.project}/datasets/{table.dataset_id}/tables/{table.table_id}"
    session = reader.create_read_session(
        parent=f"projects/{table.project}",
        read_session=types.ReadSession(
            table=name,
            data_format=types.DataFormat.ARROW,
            read_options=types.ReadSession.TableReadOptions(selected_fields=columns, row_restriction=rows),
        ),
        max_stream_count=1,
        retry=RETRY,
        timeout=TIMEOUT,
    )
    schema = pa.ipc.read_schema(pa.py_buffer(session.arrow_schema.serialized_schema))
    for stream in session.streams:
        for response in reader.read_rows(stream.name, retry=RETRY, timeout=READ_WITHIN):
            yield pa.ipc.read_record_batch(pa.py_buffer(response.arrow_record_batch.serialized_record_batch), schema)


class TableLoader:
    """Loads rows into temporary tables.

    within: timeout of a load job, in seconds.
    """

    def __init__(self, dataset: Dataset, *, within: float = WITHIN) -> None:
        self._dataset, self._within = dataset, within

    def from_objects(self, name: str, columns: Sequence[Field | Column], addresses: Sequence[str]) -> str:
        """Load Parquet objects (gs://…) into the table `name`, replacing what an earlier attempt left there."""
        fields = transfer_schema(columns)
        self._create(name, fields)
        self._load(name, fields, addresses)
        return name

    def from_rows(self, kind: str, columns: Sequence[Field | Column], rows: pa.Table) -> str:
        """Load rows into a new table, so that attempts never collide, and return its name."""
        name = f"{kind}_{uuid4().hex}"
        present = [column for column in columns if column.name in rows.column_names]
        rows = rows.select([column.name for column in present]).cast(arrow_schema(present))
        fields = transfer_schema(present)
        self._create(name, fields)
        if rows.nbytes <= FEW_BYTES:
            with self._dataset.errors(name):
                append_parts(self._dataset.writer, self._dataset.table(name), rows)
        else:
            self._load(name, fields, rows)
        return name

    def drop(self, *names: str) -> None:
        for name in names:
            with self._dataset.errors(name):
                self._dataset.client.delete_table(
                    self._dataset.table(name), not_found_ok=True, retry=CALLS, timeout=TIMEOUT
                )

    def _create(self, name: str, fields: Sequence[SchemaField]) -> None:
        table = Table(self._dataset.table(name), fields)
        table.labels, table.expires = LABELS, datetime.now(UTC) + EXPIRES_AFTER
        with self._dataset.errors(name):
            self._dataset.client.create_table(table, exists_ok=True, retry=CALLS, timeout=TIMEOUT)

    def _load(self, name: str, fields: Sequence[SchemaField], source: Sequence[str] | pa.Table) -> None:
        """Replace the content atomically, so that the job may be repeated."""
        config = LoadJobConfig(
            schema=fields,
            source_format=SourceFormat.PARQUET,
            write_disposition=WriteDisposition.WRITE_TRUNCATE,
            labels=LABELS | {"work": "load"},
        )
        client, table, job_id = self._dataset.client, self._dataset.table(name), f"load-{uuid4().hex}"
        with self._dataset.errors(name):
            if isinstance(source, pa.Table):
                file = io.BytesIO()
                pq.write_table(source, file)
                job = client.load_table_from_file(
                    file, table, rewind=True, num_retries=3, job_id=job_id, job_config=config, timeout=TIMEOUT
                )
            else:
                try:
                    job = client.load_table_from_uri(
                        list(source), table, job_id=job_id, job_config=config, retry=CALLS, timeout=TIMEOUT
                    )
                except JobExists:  # the response of an earlier attempt was lost, but its job runs
                    job = client.get_job(job_id, retry=CALLS, timeout=TIMEOUT)
            job.result(retry=CALLS, timeout=self._within)
