"""Append Arrow rows to a table through the Storage Write API, atomically."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
from google.api_core.exceptions import AlreadyExists, NotFound
from google.cloud.bigquery import TableReference

from tillstream.adapters.google.retries import DEADLINE, RETRY, TRY, is_transient
from tillstream.domain.errors import Rejected, Unavailable

AT_ONCE = 8_000_000
"""Bytes per append; the service accepts 10 MB."""
STREAMS = 4
"""Streams that are filled at the same time."""
ALREADY_EXISTS = 6
"""Status code for an offset that is taken: an earlier attempt wrote the rows."""

NEW_TABLE = 60.0
"""Seconds for which a table that was just created may be reported as not found."""
_RETRY_NEW_TABLE = RETRY.with_predicate(lambda error: isinstance(error, NotFound) or is_transient(error))


def append(writer: Any, table: TableReference, *parts: pa.Table, patience: float = DEADLINE) -> None:
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
    errors = writer.batch_commit_write_streams(commit, retry=retry, timeout=TRY).stream_errors
    # all streams were committed together if the response of an earlier attempt was lost
    failed = [error for error in errors if error.code != types.StorageError.StorageErrorCode.STREAM_ALREADY_COMMITTED]
    if failed:
        raise Unavailable(f"Rows cannot be added to {table.table_id}: {failed[0].error_message}")


def _fill_stream(writer: Any, parent: str, rows: pa.Table, patience: float) -> str:
    """Write the rows into a new pending stream and finalize it; return its name."""
    from google.cloud.bigquery_storage_v1 import types

    pending = types.WriteStream(type_=types.WriteStream.Type.PENDING)
    retry, new_table = RETRY.with_timeout(patience), _RETRY_NEW_TABLE.with_timeout(min(NEW_TABLE, patience))
    stream: str = writer.create_write_stream(parent=parent, write_stream=pending, retry=new_table, timeout=TRY).name
    schema = types.ArrowSchema(serialized_schema=rows.schema.serialize().to_pybytes())
    offset = 0
    for batch in _batches(rows):
        data = types.AppendRowsRequest.ArrowData(
            writer_schema=schema,
            rows=types.ArrowRecordBatch(serialized_record_batch=batch.serialize().to_pybytes()),
        )
        retry(_send)(writer, types.AppendRowsRequest(write_stream=stream, offset=offset, arrow_rows=data))
        offset += batch.num_rows
    writer.finalize_write_stream(name=stream, retry=retry, timeout=TRY)
    return stream


def _send(writer: Any, request: Any) -> None:
    route = (("x-goog-request-params", f"write_stream={request.write_stream}"),)
    try:
        for response in writer.append_rows(iter([request]), timeout=TRY, metadata=route):
            if response.error.code == ALREADY_EXISTS:
                continue
            if response.row_errors or response.error.code:
                first = response.row_errors[0].message if response.row_errors else response.error.message
                raise Rejected(f"These rows were rejected: {first}")
    except AlreadyExists:
        return


def _batches(rows: pa.Table) -> Iterator[pa.RecordBatch]:
    """Record batches of at most AT_ONCE bytes."""
    chunk_rows = max(1, rows.num_rows * AT_ONCE // max(1, rows.nbytes))
    yield from rows.combine_chunks().to_batches(max_chunksize=chunk_rows)
