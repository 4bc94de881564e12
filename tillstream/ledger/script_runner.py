"""Run the named statements of the settle script on a connection."""

from typing import Any

import duckdb

from tillstream.ledger.settle_script import statements


class ScriptRunner:
    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self.cursor = cursor

    def run(self, step: str, **params: Any) -> None:
        self.cursor.execute(statements()[step], params or None)

    def exists(self, source: str) -> bool:
        """Whether `SELECT … FROM source` has a row."""
        return self.cursor.execute(f"SELECT 1 FROM {source} LIMIT 1").fetchone() is not None

    def rows(self, step: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self.cursor.execute(statements()[step]).fetchall()
        return rows

    def number(self, sql: str) -> int:
        row = self.cursor.execute(sql).fetchone()
        return int(row[0]) if row else 0
