"""A fatal error of DuckDB fails the query that caused it, and no other."""

from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from tillstream.adapters.local.duckdb.warehouse_file import DuckDBFile
from tillstream.model.errors import Unavailable


@pytest.mark.parametrize("error", [duckdb.InternalException, duckdb.FatalException])
def test_a_dead_engine_is_opened_again(tmp_path: Path, error: type[duckdb.Error]) -> None:
    with closing(DuckDBFile(tmp_path / "db.duckdb", {"threads": 1})) as database:
        database.cursor().execute("CREATE TABLE kept AS SELECT 1 AS one")
        dead = database.cursor()
        with pytest.raises(Unavailable, match=r"reopened: INTERNAL Error: why$"), database.translate_query_errors():
            raise error("INTERNAL Error: why\nStack Trace: where")
        assert database.cursor().execute("SELECT one FROM kept").fetchall() == [(1,)]
        with pytest.raises(duckdb.ConnectionException):
            dead.execute("SELECT 1")


def _dies(database: DuckDBFile) -> None:
    with database.translate_errors(), database.transaction() as cursor:
        cursor.execute("INSERT INTO kept VALUES (1)")
        raise duckdb.FatalException("dead")


def test_a_transaction_is_retried_after_its_engine_fails(tmp_path: Path) -> None:
    with closing(DuckDBFile(tmp_path / "db.duckdb", {"threads": 1})) as database:
        database.cursor().execute("CREATE TABLE kept (one BIGINT)")
        with pytest.raises(Unavailable):
            _dies(database)
        assert database.cursor().execute("SELECT COUNT(*) FROM kept").fetchall() == [(0,)]


def test_a_late_error_does_not_close_the_new_engine(tmp_path: Path) -> None:
    with closing(DuckDBFile(tmp_path / "db.duckdb", {"threads": 1})) as database:
        database.cursor().execute("CREATE TABLE kept (one BIGINT)")
        late = database.translate_errors()
        late.__enter__()
        with pytest.raises(Unavailable):
            _dies(database)
        alive = database.root
        with pytest.raises(Unavailable):
            late.__exit__(duckdb.FatalException, duckdb.FatalException("dead"), None)
        assert database.root is alive
