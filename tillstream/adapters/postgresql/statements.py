"""Statements of PostgreSQL about the tables of a copy."""

from collections.abc import Iterable
from typing import LiteralString

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from tillstream.domain.columns import Kind
from tillstream.ports.read_copy import ROWS, CopyTable

MARK = "Read copy of Tillstream. "
"""The comment of every table of a copy begins with it; no other table is changed."""
TYPES: dict[tuple[Kind, int], LiteralString] = {
    (Kind.STRING, 0): "text",
    (Kind.DATE, 0): "date",
    (Kind.INT64, 0): "bigint",
    (Kind.BOOL, 0): "boolean",
    (Kind.NUMERIC, 9): "numeric(38,9)",
    (Kind.NUMERIC, 18): "numeric(38,18)",
}
"""Kind and decimals → the type, as `format_type` shows it."""
_SUMS: dict[Kind, LiteralString] = {
    Kind.STRING: "SUM(length({}) + 1)",
    Kind.DATE: "SUM({} - DATE '1970-01-01')",
    Kind.BOOL: "COUNT(*) FILTER (WHERE {})",
    Kind.INT64: "SUM({})",
    Kind.NUMERIC: "SUM({})",
}


def create(name: Identifier, table: CopyTable) -> Composed:
    columns = [
        SQL("{} {}{}").format(
            Identifier(column.name),
            SQL(TYPES[column.kind, column.decimals]),
            SQL(" NOT NULL" if column.name in table.key else ""),
        )
        for column in table.columns
    ]
    return SQL("CREATE TABLE {} ({})").format(name, SQL(", ").join(columns))


def comments(schema: str, table: CopyTable) -> list[Composed]:
    on_table = SQL("COMMENT ON TABLE {} IS {}").format(Identifier(schema, table.name), Literal(comment_of(table)))
    on_columns = [
        SQL("COMMENT ON COLUMN {} IS {}").format(
            Identifier(schema, table.name, column.name), Literal(column.description)
        )
        for column in table.columns
    ]
    return [on_table, *on_columns]


def comment_of(table: CopyTable) -> str:
    return f"{MARK}{table.description}"


def indexes(name: Identifier, table: CopyTable) -> list[Composed]:
    key = SQL("ALTER TABLE {} ADD PRIMARY KEY ({})").format(name, _names(table.key))
    return [key, *(SQL("CREATE INDEX ON {} ({})").format(name, _names(columns)) for columns in table.indexes)]


def delete(name: Identifier, table: CopyTable, *, is_month: bool) -> Composed:
    return SQL("DELETE FROM {}{}").format(name, _condition(table, is_month=is_month))


def copy(name: Identifier, table: CopyTable) -> Composed:
    return SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(name, _names(column.name for column in table.columns))


def totals(name: Identifier, table: CopyTable, *, is_month: bool) -> Composed:
    """Month, number of rows, and the sum of each column."""
    month = SQL("to_char({}, 'YYYY-MM')").format(Identifier(table.month_of)) if table.month_of else SQL("''")
    sums = [SQL(_SUMS[column.kind]).format(Identifier(column.name)) for column in table.columns]
    return SQL("SELECT {} AS month, COUNT(*) AS {}, {} FROM {}{} GROUP BY 1").format(
        month, Identifier(ROWS), SQL(", ").join(sums), name, _condition(table, is_month=is_month)
    )


def _condition(table: CopyTable, *, is_month: bool) -> Composable:
    if not is_month:
        return SQL("")
    return SQL(" WHERE {0} >= %s AND {0} < %s").format(Identifier(table.month_of))


def _names(names: Iterable[str]) -> Composed:
    return SQL(", ").join(map(Identifier, names))
