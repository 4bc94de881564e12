"""Queries of people: limited in rows and time, and cancelled from another thread."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from tillstream.adapters.local.duckdb.database import Database
from tillstream.adapters.local.googlesql.dialect import to_duckdb_freely
from tillstream.domain.errors import Rejected
from tillstream.ports.warehouse import AdHocQuery

BATCH = 2_000
LOOK_EVERY = 0.1
"""Seconds."""


def run(database: Database, query: AdHocQuery) -> pa.Table:
    """Read the first rows of a query. Raises `Rejected`, `Unavailable`."""
    text = to_duckdb_freely(query.sql)
    with database.extra_cursor() as cursor, database.translate_query_errors(), _watched(cursor, query):
        reader = cursor.sql(text, params=dict(query.params)).to_arrow_reader(BATCH)
        batches, rows = list[pa.RecordBatch](), 0
        for batch in reader:
            batches.append(batch.slice(0, query.rows - rows))
            rows += batch.num_rows
            if rows >= query.rows:
                break
        return pa.Table.from_batches(batches, reader.schema)


@contextmanager
def _watched(cursor: duckdb.DuckDBPyConnection, query: AdHocQuery) -> Iterator[None]:
    """Interrupt the cursor when the query is cancelled or takes too long."""
    ended, problems, started = threading.Event(), list[str](), time.monotonic()

    def watch() -> None:
        while not ended.wait(LOOK_EVERY):
            if problem := query.problem(time.monotonic() - started):
                problems.append(problem)
                cursor.interrupt()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    except duckdb.InterruptException as error:
        raise Rejected(problems[0] if problems else str(error)) from error
    finally:
        ended.set()
        thread.join()
