"""Queries of people: limited in rows and time, and cancelled from another thread."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from tillstream.adapters.local.duckdb.database import FATAL, Database
from tillstream.adapters.local.googlesql.dialect import to_duckdb_freely
from tillstream.domain.errors import Rejected
from tillstream.ports.warehouse import AD_HOC_BYTES, NO_VALUE, TOO_MANY_BYTES, AdHocQuery

BATCH = 2_000
LOOK_EVERY = 0.1
"""Seconds."""


OF_THE_STATEMENT = (
    *(duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException, duckdb.SyntaxException),
    *(duckdb.NotImplementedException, duckdb.InvalidTypeException),
)
"""Errors of names and types, which depend on no row."""
_KIND = re.compile(r"^[A-Z]\w+( \w+)? Error: ")
"""How a message of DuckDB begins."""
OF_A_LATER_BATCH = (pa.ArrowException, OSError)
"""Errors of DuckDB while Arrow reads a result that has begun."""


def run(database: Database, query: AdHocQuery) -> pa.Table:
    """Read the first rows of a query. Raises `Rejected`, `Unavailable`."""
    text = to_duckdb_freely(query.sql, query.restricted)
    with database.extra_cursor() as cursor, database.translate_query_errors(), _explained(), _watched(cursor, query):
        reader = cursor.sql(text, params=dict(query.params)).to_arrow_reader(BATCH)
        batches, rows, size = list[pa.RecordBatch](), 0, 0
        for batch in reader:
            batches.append(batch.slice(0, query.rows - rows))
            rows, size = rows + batch.num_rows, size + batch.nbytes
            if size > AD_HOC_BYTES:
                raise Rejected(TOO_MANY_BYTES)
            if rows >= query.rows:
                break
        return pa.Table.from_batches(batches, reader.schema)


@contextmanager
def _explained() -> Iterator[None]:
    """Raise `Rejected` with the reason; values of rows are in no message."""
    try:
        yield
    except OF_THE_STATEMENT as error:
        first_line = str(error).partition("\n")[0]
        raise Rejected(_KIND.sub("", first_line)) from error
    except duckdb.OutOfMemoryException as error:
        raise Rejected("The query needs more memory than there is. Group or join fewer rows.") from error
    except (*FATAL, duckdb.IOException, duckdb.TransactionException, duckdb.InterruptException):
        raise
    except (duckdb.Error, *OF_A_LATER_BATCH) as error:
        raise Rejected(NO_VALUE) from error


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
    except (duckdb.Error, *OF_A_LATER_BATCH) as error:
        if problems:  # also if it failed with another error because it was interrupted
            raise Rejected(problems[0]) from error
        raise
    finally:
        ended.set()
        thread.join()
