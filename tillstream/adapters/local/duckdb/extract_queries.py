"""Queries on Parquet files that hold all that their writer may read, in a DuckDB of their own without a database file.

The engine reads the files of the tables and nothing else: access to files, extensions and settings is locked before the
statement runs. The process that runs this has a wall of the system below (`enclosed_process`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import cpu_count
from pathlib import Path

import duckdb
import pyarrow as pa

from tillstream.adapters.local.googlesql.dialect import to_duckdb_freely
from tillstream.model.errors import Rejected
from tillstream.ports.warehouse import ANSWER_TOO_LARGE, MAX_AD_HOC_BYTES, VALUE_NOT_COMPUTED

BATCH = 20_000
"""Rows of a batch of an answer."""
OF_THE_STATEMENT = (
    *(duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException, duckdb.SyntaxException),
    *(duckdb.NotImplementedException, duckdb.InvalidTypeException),
)
"""Errors of names and types, which depend on no row."""
OF_A_LATER_BATCH = (pa.ArrowException, OSError)
"""Errors of DuckDB while Arrow reads a result that has begun."""
_CORES = cpu_count() or 1
"""Counted when this is loaded: behind a wall, DuckDB cannot read it, and ends the process."""
_KIND = re.compile(r"^[A-Z]\w+( \w+)? Error: ")
"""How a message of DuckDB begins."""


class FilesGone(Exception):
    """A file of a table was replaced meanwhile, or cannot be read."""


def connect() -> duckdb.DuckDBPyConnection:
    """An engine in memory without threads of its own, so that a wall can still be built around the process."""
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": 1,
            "async_threads": 0,
            "temp_directory": "",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "allow_unsigned_extensions": False,
            "python_enable_replacements": False,
            "preserve_insertion_order": False,
        },
    )
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    return connection


def offer(connection: duckdb.DuckDBPyConnection, files: Mapping[str, Sequence[str]]) -> None:
    """Make a view of each table on its files. Raises `FilesGone`."""
    for table, paths in files.items():
        try:
            connection.read_parquet(list(paths)).create_view(table)
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            raise FilesGone(str(error)) from error


def lock(
    connection: duckdb.DuckDBPyConnection,
    files: Mapping[str, Sequence[str]],
    memory_limit: str,
    threads: int,
    scratch: Path | None = None,
) -> None:
    """Set the limits, and take everything but the files of the tables away from the engine, for good.

    threads: 0: one per core. scratch: folder for what does not fit into the memory.
    """
    connection.execute(f"SET memory_limit = {_text(memory_limit)}")
    connection.execute(f"SET threads = {int(threads) or _CORES}")
    if scratch:
        connection.execute(f"SET temp_directory = {_text(str(scratch))}")
        connection.execute("SET max_temp_directory_size = '8GB'")
    paths = ", ".join(_text(path) for each in files.values() for path in each)
    connection.execute(f"SET allowed_paths = [{paths}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def answer(connection: duckdb.DuckDBPyConnection, sql: str, rows: int) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """The first rows of a statement in GoogleSQL. Raises `Rejected` and `FilesGone`, also while batches are read."""
    text = to_duckdb_freely(sql)
    with _explained():
        reader = connection.sql(text).to_arrow_reader(BATCH)
    return reader.schema, _first(reader, rows)


def _first(reader: pa.RecordBatchReader, rows: int) -> Iterator[pa.RecordBatch]:
    size = 0
    with _explained():
        for batch in reader:
            part = batch.slice(0, rows)
            rows, size = rows - part.num_rows, size + part.nbytes
            if size > MAX_AD_HOC_BYTES:
                raise Rejected(ANSWER_TOO_LARGE)
            yield part
            if rows <= 0:
                return


@contextmanager
def _explained() -> Iterator[None]:
    """Raise `Rejected` with the reason; values of rows are in no message."""
    try:
        yield
    except OF_THE_STATEMENT as error:
        first_line = str(error).partition("\n")[0]
        raise Rejected(_KIND.sub("", first_line)) from error
    except (duckdb.OutOfMemoryException, MemoryError) as error:
        raise Rejected("The query needs more memory than there is. Group or join fewer rows.") from error
    except duckdb.IOException as error:
        raise FilesGone(str(error)) from error
    except (duckdb.Error, *OF_A_LATER_BATCH) as error:
        raise Rejected(VALUE_NOT_COMPUTED) from error


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
