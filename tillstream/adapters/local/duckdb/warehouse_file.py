"""The schema number of a warehouse file, and the replacement of an old file by a new one."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import duckdb

from tillstream.adapters.local.duckdb.database import is_locked, unreadable
from tillstream.domain.daily_totals import ROLLUPS, SPLIT_ORDERS
from tillstream.domain.errors import Rejected
from tillstream.domain.tables import SCHEMA
from tillstream.ledger.tables import DISABLED_OPTIMIZERS

SCHEMA_TABLE = "warehouse_schema"
"""The table that holds the schema number; files from before schema numbers lack it."""


_UPGRADES: Mapping[int, tuple[str, ...]] = {
    9: (
        "ALTER TABLE dim_product RENAME TO catalogue_products",
        "ALTER TABLE dim_store RENAME TO catalogue_stores",
        "ALTER TABLE dim_salesperson RENAME TO catalogue_salespeople",
        *(f"ALTER TABLE {table} ADD COLUMN discount DECIMAL(38, 9)" for table in ROLLUPS),
        *(f"DELETE FROM {table}" for table in (*ROLLUPS, "summed")),
    ),
    10: (),
    11: (),
    12: (
        "ALTER TABLE catalogue_products ADD COLUMN IF NOT EXISTS minimum_order DECIMAL(38, 9)",
        "ALTER TABLE catalogue_products ADD COLUMN IF NOT EXISTS shelf_life_days DECIMAL(38, 9)",
        "ALTER TABLE catalogue_products ADD COLUMN IF NOT EXISTS minimum_stock DECIMAL(38, 9)",
    ),
    13: tuple(
        f"ALTER TABLE IF EXISTS restock_lines ADD COLUMN IF NOT EXISTS {name} DECIMAL(38, 9)"
        for name in ("service", "fill_rate")
    ),
    14: (),
    15: (
        *(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {SPLIT_ORDERS} BIGINT" for table in ROLLUPS),
        *(f"DELETE FROM {table}" for table in (*ROLLUPS, "summed")),
    ),
    16: (
        "ALTER TABLE summed ADD COLUMN IF NOT EXISTS split_settlement_no BIGINT",
        "UPDATE summed SET split_settlement_no = settlement_no",
    ),
    17: (
        "ALTER TABLE IF EXISTS stock_levels ADD COLUMN IF NOT EXISTS early_sold DECIMAL(38, 9)",
        "ALTER TABLE IF EXISTS stock_levels ADD COLUMN IF NOT EXISTS recent_from DATE",
    ),
}
"""Schema number → statements that make it the next one. New tables are created afterwards, whatever the number."""


def check_schema(connection: duckdb.DuckDBPyConnection, path: Path | str, *, read_only: bool = False) -> None:
    """Set the schema number of an empty file, and upgrade a file that needs no rebuild.

    Raises `Rejected`, with advice for the user, if the file has another schema.
    """
    number = _number(connection)
    if number == SCHEMA:
        return
    if number is not None and number in _UPGRADES:
        if read_only:
            raise Rejected(
                f"{path} was written by an older Tillstream: it has {_label(number)}, but this version needs schema "
                f"{SCHEMA}. Run `tillstream status` once with permission to write, which upgrades it."
            )
        _upgrade(connection, number)
        return
    if number is not None and number > SCHEMA:
        raise Rejected(
            f"{path} was written by a newer Tillstream: it has schema {number}, but this version supports {SCHEMA}. "
            "Start that version, or set TILLSTREAM_HOME to another folder."
        )
    if number is not None or _has_tables(connection):
        raise Rejected(
            f"{path} was written by an older Tillstream: it has {_label(number)}, but this version needs schema "
            f"{SCHEMA}. Run `tillstream rebuild --from-originals`, which rebuilds the warehouse from the kept "
            "originals and keeps the old file under another name. To start with an empty warehouse, set "
            "TILLSTREAM_HOME to another folder."
        )
    connection.execute(f"CREATE TABLE {SCHEMA_TABLE} (number BIGINT)")
    connection.execute(f"INSERT INTO {SCHEMA_TABLE} VALUES (?)", [SCHEMA])


def _upgrade(connection: duckdb.DuckDBPyConnection, number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        for step in range(number, SCHEMA):
            for statement in _UPGRADES[step]:
                cursor.execute(statement)
        cursor.execute(f"UPDATE {SCHEMA_TABLE} SET number = ?", [SCHEMA])
        cursor.execute("COMMIT")


def is_older(path: Path) -> bool:
    """Whether an older Tillstream wrote the file. The caller owns the folder. Raises `Unavailable`."""
    if not path.exists():
        return False
    try:
        with duckdb.connect(str(path)) as connection:
            number = _number(connection)
            return number < SCHEMA and number not in _UPGRADES if number is not None else _has_tables(connection)
    except duckdb.Error as error:
        raise unreadable(path, error) from error


def is_damaged(path: Path) -> bool:
    """Whether the file, or the log beside it, cannot be read to its end. The caller owns the folder.

    Raises `Unavailable` if another process uses the file.
    """
    if not path.exists():
        return False
    try:
        # read-only: to close a file writes a checkpoint, which would hide the damage
        with duckdb.connect(str(path), True, {"disabled_optimizers": DISABLED_OPTIMIZERS}) as connection:
            read_tables(connection)
    except duckdb.Error as error:
        if is_locked(error):
            raise unreadable(path, error) from error
        return True
    return False


def read_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Read every row of every table. Raises `duckdb.Error` if one cannot be read."""
    tables = connection.execute("SELECT table_name FROM duckdb_tables() WHERE NOT internal").fetchall()
    for (table,) in tables:
        connection.execute(f'SELECT BIT_XOR(HASH(t)) FROM "{table}" AS t').fetchall()


def set_aside(live: Path, new: Path, aside: Path) -> None:
    """Move a damaged file and its log to `aside`, and `new` to `live`. Both must be closed."""
    with duckdb.connect(str(new)) as connection:
        connection.execute("CHECKPOINT")
    for suffix in (".wal", ""):
        if live.with_name(live.name + suffix).exists():
            live.with_name(live.name + suffix).rename(aside.with_name(aside.name + suffix))
    new.replace(live)


def swap(live: Path, new: Path, aside: Path) -> None:
    """Move `new` to `live` and keep the old file as `aside`.

    Both must be closed; a kill leaves a complete file at `live`.
    """
    for path in (live, new):
        with duckdb.connect(str(path)) as connection:
            connection.execute("CHECKPOINT")
    try:
        aside.hardlink_to(live)
    except OSError:  # a file system without hard links
        shutil.copyfile(live, aside)
    new.replace(live)


def _number(connection: duckdb.DuckDBPyConnection) -> int | None:
    try:
        # All rows: a result that is not read to its end is a transaction that lasts as long as the connection, and then
        # DuckDB never writes its log to the file.
        rows = connection.execute(f"SELECT number FROM {SCHEMA_TABLE}").fetchall()
    except duckdb.CatalogException:
        return None
    return int(rows[0][0]) if rows else None


def _has_tables(connection: duckdb.DuckDBPyConnection) -> bool:
    return bool(connection.execute("SELECT 1 FROM duckdb_tables() WHERE NOT internal LIMIT 1").fetchall())


def _label(number: int | None) -> str:
    return "a schema without a number" if number is None else f"schema {number}"
