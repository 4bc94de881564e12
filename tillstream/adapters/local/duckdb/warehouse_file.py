"""Which schema a warehouse's file has, and how a new file takes the place of an old one."""

import shutil
from pathlib import Path

import duckdb

from tillstream.domain.errors import Rejected, Unavailable
from tillstream.domain.tables import SCHEMA

NUMBERED = "warehouse_schema"
"""The table that holds the number; files from before there were numbers lack it."""


def claim(connection: duckdb.DuckDBPyConnection, path: Path | str) -> None:
    """Number an empty file. Raises `Rejected`, in words for whoever started us, where its tables are not ours."""
    held = _number(connection)
    if held == SCHEMA:
        return
    if held is not None and held > SCHEMA:
        raise Rejected(
            f"{path} was written by a newer Tillstream: it has schema {held}, this one knows {SCHEMA}. Start that "
            "version, or set TILLSTREAM_HOME to another folder."
        )
    if held is not None or _has_tables(connection):
        raise Rejected(
            f"{path} was written by an older Tillstream: it has {_called(held)}, this one needs schema {SCHEMA}. Run "
            "`tillstream rebuild --from-originals`: it makes the warehouse anew from the kept originals and puts the "
            "old file aside. Or set TILLSTREAM_HOME to another folder and begin afresh."
        )
    connection.execute(f"CREATE TABLE {NUMBERED} (number BIGINT)")
    connection.execute(f"INSERT INTO {NUMBERED} VALUES (?)", [SCHEMA])


def is_older(path: Path) -> bool:
    """Whether an older Tillstream wrote the file. The caller owns the folder. Raises `Unavailable`."""
    if not path.exists():
        return False
    try:
        with duckdb.connect(str(path)) as connection:
            held = _number(connection)
            return held < SCHEMA if held is not None else _has_tables(connection)
    except duckdb.IOException as error:
        raise Unavailable(f"The warehouse {path} cannot be opened: {error}") from error


def put_in_place(live: Path, new: Path, aside: Path) -> None:
    """`new` becomes `live`, which stays as `aside`. Both are closed; a kill leaves a whole file at `live`."""
    for path in (live, new):
        with duckdb.connect(str(path)) as connection:
            connection.execute("CHECKPOINT")
    try:
        aside.hardlink_to(live)
    except OSError:  # a disk that knows no second name for a file
        shutil.copyfile(live, aside)
    new.replace(live)


def _number(connection: duckdb.DuckDBPyConnection) -> int | None:
    try:
        row = connection.execute(f"SELECT number FROM {NUMBERED}").fetchone()
    except duckdb.CatalogException:
        return None
    return int(row[0]) if row else None


def _has_tables(connection: duckdb.DuckDBPyConnection) -> bool:
    return connection.execute("SELECT 1 FROM duckdb_tables() WHERE NOT internal LIMIT 1").fetchone() is not None


def _called(number: int | None) -> str:
    return "a schema from before there were numbers" if number is None else f"schema {number}"
