"""Databases that share an instance of DuckDB: each has its own tables, file, and transactions."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from app_factory import copy_empty_warehouse
from warehouse_contract import WarehouseContract

from tillstream.adapters.local.duckdb.database import Database
from tillstream.adapters.local.duckdb.instances import SharedInstance, configuration
from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.domain.errors import DamagedFile, Unavailable


@pytest.fixture(scope="module")
def instance() -> SharedInstance:
    return SharedInstance(configuration(threads=2))


class TestWarehouseInASharedInstance(WarehouseContract):
    @pytest.fixture
    def warehouse(self, tmp_path: Path, instance: SharedInstance) -> Iterator[DuckDBWarehouse]:
        (tmp_path / "other").mkdir()
        paths = copy_empty_warehouse(tmp_path / "other"), copy_empty_warehouse(tmp_path)
        other, warehouse = (DuckDBWarehouse(path, instance=instance) for path in paths)
        with closing(other), closing(warehouse):
            yield warehouse


def _numbers(database: Database) -> list[tuple[int]]:
    return database.cursor().execute("SELECT number FROM kept").fetchall()


def test_each_database_has_its_own_tables(tmp_path: Path, instance: SharedInstance) -> None:
    with (
        closing(Database(tmp_path / "it's one.duckdb", instance)) as one,
        closing(Database(tmp_path / "two.duckdb", instance)) as two,
    ):
        one.cursor().execute("CREATE TABLE kept AS SELECT 1 AS number")
        two.cursor().execute("CREATE TABLE kept AS SELECT 2 AS number")
        with one.extra_cursor() as cursor:
            assert cursor.execute("SELECT number FROM kept").fetchall() == [(1,)]
        assert (_numbers(one), _numbers(two)) == ([(1,)], [(2,)])


@pytest.mark.parametrize("closed", [True, False])
def test_a_closed_or_forgotten_database_releases_its_file(
    tmp_path: Path, instance: SharedInstance, closed: bool
) -> None:
    path = tmp_path / "one.duckdb"
    database = Database(path, instance)
    database.cursor().execute("CREATE TABLE kept AS SELECT 1 AS number")
    if closed:
        database.close()
    del database
    with duckdb.connect(str(path)) as alone:
        assert alone.execute("SELECT number FROM kept").fetchall() == [(1,)]


def test_a_database_that_is_only_read_cannot_be_written(tmp_path: Path, instance: SharedInstance) -> None:
    path = tmp_path / "one.duckdb"
    with closing(Database(path, instance)) as database:
        database.cursor().execute("CREATE TABLE kept AS SELECT 1 AS number")
    with closing(Database(path, instance, read_only=True)) as database, pytest.raises(duckdb.InvalidInputException):
        database.cursor().execute("DELETE FROM kept")


def test_a_damaged_file_is_refused_and_the_others_stay_open(tmp_path: Path, instance: SharedInstance) -> None:
    (tmp_path / "damaged.duckdb").write_bytes(b"no database" * 2000)
    with closing(Database(tmp_path / "one.duckdb", instance)) as one:
        one.cursor().execute("CREATE TABLE kept AS SELECT 1 AS number")
        with pytest.raises(DamagedFile):
            Database(tmp_path / "damaged.duckdb", instance)
        assert _numbers(one) == [(1,)]


def test_a_failed_database_is_attached_again(tmp_path: Path, instance: SharedInstance) -> None:
    with closing(Database(tmp_path / "one.duckdb", instance)) as database:
        database.cursor().execute("CREATE TABLE kept AS SELECT 1 AS number")
        with pytest.raises(Unavailable, match="reopened"), database.translate_errors():
            raise duckdb.FatalException("dead")
        assert _numbers(database) == [(1,)]
