"""Read tables and large query results through the Storage Read API, in their order."""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
from google.cloud.bigquery import TableReference

from tillstream.adapters.google.retries import RETRY, TRY

READ_WITHIN = 600.0
"""Timeout of one connection, in seconds; a broken one resumes where it stopped."""


def batches(
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
        timeout=TRY,
    )
    schema = pa.ipc.read_schema(pa.py_buffer(session.arrow_schema.serialized_schema))
    for stream in session.streams:
        for response in reader.read_rows(stream.name, retry=RETRY, timeout=READ_WITHIN):
            yield pa.ipc.read_record_batch(pa.py_buffer(response.arrow_record_batch.serialized_record_batch), schema)
