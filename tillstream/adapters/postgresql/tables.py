"""The tables of a copy, in a transaction. The caller ends it and translates errors."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from io import BytesIO
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg.sql import SQL, Identifier, Literal
from pyarrow.csv import WriteOptions, write_csv

from tillstream.adapters.postgresql import statements
from tillstream.adapters.postgresql.statements import MARK, TYPES
from tillstream.domain.errors import Rejected
from tillstream.ports.read_copy import ROWS, CopyMark, CopyTable, Days, Totals

STATE = "copied_state"
_STATE_COMMENT = f"{MARK}The settlement to which the tables belong, and when they were copied."
_COLUMNS = """SELECT a.attname, format_type(a.atttypid, a.atttypmod), col_description(c.oid, a.attnum)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.oid = %s ORDER BY a.attnum"""
_TABLE = """SELECT c.oid, c.relkind, obj_description(c.oid, 'pg_class')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s"""
_HEADLESS = WriteOptions(include_header=False)
_NUL, _REPLACEMENT = "\x00", "\ufffd"


class SchemaTables:
    """The `CopyTransaction` of a connection whose transaction has begun."""

    def __init__(self, connection: "psycopg.Connection[Any]", schema: str) -> None:
        self._connection, self._schema = connection, schema
        self._new: list[CopyTable] = []
        self._changed: dict[str, CopyTable] = {}
        self._loaded: set[tuple[str, Days | None]] = set()

    def record(self) -> str | None:
        if self._find(STATE) is None:
            return None
        row = self._connection.execute(SQL("SELECT record FROM {}").format(self._name(STATE))).fetchone()
        return row and str(row[0])

    def prepare(self, table: CopyTable) -> bool:
        name = self._name(table.name)
        oid = self._find(table.name)
        if oid is not None:
            columns = self._connection.execute(_COLUMNS, [oid]).fetchall()
            if [column[:2] for column in columns] == [
                (column.name, TYPES[column.kind, column.decimals]) for column in table.columns
            ]:
                if [column[2] or "" for column in columns] != [column.description for column in table.columns]:
                    self._run(*statements.comments(self._schema, table))
                return False
            self._run(SQL("DROP TABLE {}").format(name))
        self._run(statements.create(name, table), *statements.comments(self._schema, table))
        self._new.append(table)
        return True

    def replace(self, table: CopyTable, days: Days | None, batches: Iterable[pa.RecordBatch]) -> None:
        name = self._name(table.name)
        self._changed[table.name] = table
        # a new table has no index yet, so that each search for rows of a month would read all
        is_empty = table in self._new and (table.name, days) not in self._loaded
        self._loaded.add((table.name, days))
        with self._connection.cursor() as cursor:
            if not is_empty:
                cursor.execute(statements.delete(name, table, is_month=days is not None), days)
            with cursor.copy(statements.copy(name, table)) as copy:
                for batch in batches:
                    copy.write(_csv(batch))

    def totals(self, table: CopyTable, days: Days | None = None) -> Mapping[str, Totals]:
        if self._find(table.name) is None:
            return {}
        text = statements.totals(self._name(table.name), table, is_month=days is not None)
        names = [ROWS, *(column.name for column in table.columns)]
        rows = self._connection.execute(text, days).fetchall()
        return {
            month: {name: Decimal(value or 0) for name, value in zip(names, values, strict=True)}
            for month, *values in rows
            if values[0]
        }

    def finish(self, mark: CopyMark) -> None:
        for table in self._new:
            self._run(*statements.indexes(self._name(table.name), table))
        for name in self._changed:
            self._run(SQL("ANALYZE {}").format(self._name(name)))
        state = self._name(STATE)
        if self._find(STATE) is None:
            self._run(
                SQL(
                    "CREATE TABLE {} (settlement_no bigint NOT NULL, as_of timestamptz, copied_at timestamptz NOT NULL,"
                    " record text NOT NULL)"
                ).format(state),
                SQL("COMMENT ON TABLE {} IS {}").format(state, Literal(_STATE_COMMENT)),
            )
        self._run(SQL("DELETE FROM {}").format(state))
        text = SQL("INSERT INTO {} VALUES (%s, %s, now(), %s)").format(state)
        self._connection.execute(text, [mark.settlement_no, mark.as_of or None, mark.record])

    def _find(self, name: str) -> int | None:
        """The table of this name. Raises `Rejected` if no copy created it."""
        row = self._connection.execute(_TABLE, [self._schema, name]).fetchone()
        if row is None:
            return None
        oid, kind, comment = row
        if kind != "r" or not (comment or "").startswith(MARK):
            raise Rejected(
                f"The schema {self._schema} has a table {name} that no copy created. Choose another one: --schema NAME."
            )
        return int(oid)

    def _run(self, *texts: Any) -> None:
        for text in texts:
            self._connection.execute(text)

    def _name(self, name: str) -> Identifier:
        return Identifier(self._schema, name)


def _csv(batch: pa.RecordBatch) -> bytes:
    """NULL is an empty cell, an empty text one in quotation marks. PostgreSQL has no text with U+0000."""
    for index, column in enumerate(batch.columns):
        if pa.types.is_string(column.type) and pc.any(pc.match_substring(column, _NUL)).as_py():
            replaced = pc.replace_substring(column, _NUL, _REPLACEMENT)
            batch = batch.set_column(index, batch.schema.field(index), replaced)
    text = BytesIO()
    write_csv(batch, text, _HEADLESS)
    return text.getvalue()
