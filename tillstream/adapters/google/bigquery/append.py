"""Arrow rows into a table through the Storage Write API, all of them or none."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from google.api_core.exceptions import AlreadyExists, NotFound
from google.cloud.bigquery import TableReference

from tillstream.adapters.google.retries import RETRY, TRY, passes
from tillstream.domain.errors import Rejected, Unavailable

AT_ONCE = 8_000_000
"""Bytes of one append, of the 10 MB that the service takes."""
ALREADY_THERE = 6
"""The status of rows whose offset was taken: a try before has brought them."""

_NEW = RETRY.with_predicate(lambda error: isinstance(error, NotFound) or passes(error)).with_timeout(60.0)
"""A table that was just made may be unknown for a while."""


def append(writer: Any, table: TableReference, rows: pa.Table) -> None:
    """writer: a `BigQueryWriteClient`. Rows are seen when the stream is committed, and each offset is taken once, so
    every call may be repeated. Raises what the service raises, and `Rejected` for rows that it does not take."""
    from google.cloud.bigquery_storage_v1 import types

    parent = f"projects/{table.project}/datasets/{table.dataset_id}/tables/{table.table_id}"
    pending = types.WriteStream(type_=types.WriteStream.Type.PENDING)
    stream = writer.create_write_stream(parent=parent, write_stream=pending, retry=_NEW, timeout=TRY).name
    shape = types.ArrowSchema(serialized_schema=rows.schema.serialize().to_pybytes())
    offset = 0
    for batch in _batches(rows):
        data = types.AppendRowsRequest.ArrowData(
            writer_schema=shape,
            rows=types.ArrowRecordBatch(serialized_record_batch=batch.serialize().to_pybytes()),
        )
        RETRY(_send)(writer, types.AppendRowsRequest(write_stream=stream, offset=offset, arrow_rows=data))
        offset += batch.num_rows
    writer.finalize_write_stream(name=stream, retry=RETRY, timeout=TRY)
    commit = types.BatchCommitWriteStreamsRequest(parent=parent, write_streams=[stream])
    failed = writer.batch_commit_write_streams(commit, retry=RETRY, timeout=TRY).stream_errors
    if failed:
        raise Unavailable(f"{table.table_id} did not take its rows: {failed[0].error_message}")


def _send(writer: Any, request: Any) -> None:
    route = (("x-goog-request-params", f"write_stream={request.write_stream}"),)
    try:
        for answer in writer.append_rows(iter([request]), timeout=TRY, metadata=route):
            if answer.error.code == ALREADY_THERE:
                continue
            if answer.row_errors or answer.error.code:
                first = answer.row_errors[0].message if answer.row_errors else answer.error.message
                raise Rejected(f"These rows were refused: {first}")
    except AlreadyExists:
        return


def _batches(rows: pa.Table) -> Iterator[pa.RecordBatch]:
    """Of at most AT_ONCE bytes."""
    each = max(1, rows.num_rows * AT_ONCE // max(1, rows.nbytes))
    yield from rows.combine_chunks().to_batches(max_chunksize=each)
