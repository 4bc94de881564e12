"""Queries of people on BigQuery: limited in rows, bytes and time, and cancelled while they run."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
from google.api_core import exceptions as api_errors
from google.cloud import bigquery

from tillstream.adapters.google.bigquery.dataset import CALLS, MOST_BYTES, Dataset
from tillstream.adapters.google.bigquery.parameters import bind
from tillstream.adapters.google.bigquery.tables import LABELS
from tillstream.adapters.google.retries import TRY
from tillstream.domain.errors import Rejected
from tillstream.ports.warehouse import AD_HOC_BYTES, NO_VALUE, TOO_MANY_BYTES, AdHocQuery

LOOK_EVERY = 0.3
"""Seconds between looks at the job."""
_BEGINNINGS = (
    *("Unrecognized name", "Function not found", "No matching signature", "Syntax error", "Column name", "SELECT list"),
    *("Aggregate", "Aggregation", "Name ", "Star expansion", "ORDER BY", "GROUP BY", "Window", "Query"),
)
_OF_THE_STATEMENT = re.compile(rf"(?:\d+ )?(?:INVALID_ARGUMENT: )?(?P<reason>(?:{'|'.join(_BEGINNINGS)})[^\[;]*)")
"""Beginnings of the messages about names, types and clauses, which depend on no row; their places are those of the
rewritten statement, and left out."""


def run(dataset: Dataset, query: AdHocQuery) -> pa.Table:
    """Read the first rows of a query. Raises `Rejected`, also if it was stopped or cancelled, and `Unavailable`."""
    text, values = bind(query.sql, query.params)
    config = bigquery.QueryJobConfig(
        default_dataset=dataset.reference,
        query_parameters=values,
        maximum_bytes_billed=MOST_BYTES,
        labels=LABELS | {"work": "sql"},
    )
    started = time.monotonic()
    with dataset.errors("The warehouse"), _explained():
        job = dataset.client.query(text, config, retry=CALLS, timeout=TRY)
        while not (problem := query.problem(time.monotonic() - started)) and not job.done(retry=CALLS, timeout=TRY):
            time.sleep(LOOK_EVERY)
        if problem:
            job.cancel(retry=None, timeout=TRY)
            raise Rejected(problem)
        rows = job.result(max_results=query.rows, retry=CALLS, timeout=TRY)
        batches, size = list[pa.RecordBatch](), 0
        for batch in rows.to_arrow_iterable():
            batches.append(batch)
            size += batch.nbytes
            if size > AD_HOC_BYTES:
                raise Rejected(TOO_MANY_BYTES)
        return pa.Table.from_batches(batches) if batches else rows.to_arrow(create_bqstorage_client=False)


@contextmanager
def _explained() -> Iterator[None]:
    """Raise `Rejected` with the reason; values of rows are in no message."""
    try:
        yield
    except api_errors.BadRequest as error:
        match = _OF_THE_STATEMENT.match(str(error.message))
        raise Rejected(match["reason"].removesuffix(" at ").strip() if match else NO_VALUE) from error
