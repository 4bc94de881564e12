"""Extracts of the marts: exactly the rows of a scope, shared by equal scopes, made again where they are damaged."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from filled_marts import filled_warehouse

from examples import in_long_proofs
from tillstream.adapters.local.clock import ManualClock
from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.adapters.local.query_processes import LocalQueryProcesses
from tillstream.explore import extracts, scoped_tables
from tillstream.explore.engines import ExtractEngine, StatementRun
from tillstream.explore.extracts import UNUSED_DAYS, Extracts
from tillstream.model.people import UNRESTRICTED, Scope, scope_of
from tillstream.model.permissions import Action, Role

INDIA, BRITAIN = scope_of(Role.MANAGER, ("IN",)), scope_of(Role.ANALYST, ("UK",))
STORE = scope_of(Role.MANAGER, ("IN",), ("S1",))
NO_COSTS = Scope(Role.MANAGER, ("IN",), only=frozenset(set(Action) - {Action.SEE_COSTS}))
SCOPES = {"all": UNRESTRICTED, "region": INDIA, "other region": BRITAIN, "store": STORE, "no costs": NO_COSTS}


@pytest.fixture(scope="module")
def warehouse() -> DuckDBWarehouse:
    return filled_warehouse()


@pytest.fixture(scope="module")
def shared_home(warehouse: DuckDBWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the extracts of every scope."""
    home = tmp_path_factory.mktemp("home")
    for scope in SCOPES.values():
        _readable(warehouse, home, scope)
    return home


def _engine(warehouse: DuckDBWarehouse, home: Path, clock: ManualClock | None = None) -> ExtractEngine:
    extracts_of_home = Extracts(home, clock or ManualClock())
    return ExtractEngine(LocalQueryProcesses(), extracts_of_home, warehouse.snapshot, home / "spill", "256MB", 0)


def _readable(warehouse: DuckDBWarehouse, home: Path, scope: Scope) -> dict[str, set[tuple[Any, ...]]]:
    """All rows in the folders that the process of a scope gets, by table."""
    with warehouse.snapshot() as snapshot:
        reading = Extracts(home, ManualClock()).parts(snapshot, scope)
        reading.files(list(scoped_tables.offered_tables(scope)))
        rows: dict[str, set[tuple[Any, ...]]] = {}
        for path in [path for folder in reading.folders for path in folder.glob("*.parquet")]:
            table = path.name.partition("-")[0]
            content = pq.read_table(path)
            rows.setdefault(table, set()).update(tuple(row.items()) for row in content.to_pylist())
    return rows


@pytest.mark.parametrize("name", SCOPES)
def test_a_process_gets_the_rows_and_columns_of_its_scope_and_no_others(
    warehouse: DuckDBWarehouse, shared_home: Path, name: str
) -> None:
    readable = _readable(warehouse, shared_home, SCOPES[name])
    params = scoped_tables.scope_parameters(SCOPES[name])
    for table in scoped_tables.offered_tables(SCOPES[name]).values():
        used = {name: value for name, value in params.items() if f"@{name}" in table.select}
        rows = warehouse.query(table.select, used).to_pylist()
        assert readable.get(table.name, set()) == {tuple(row.items()) for row in rows}, table.name


def test_equal_scopes_and_regions_share_their_files(warehouse: DuckDBWarehouse, tmp_path: Path) -> None:
    for scope in (INDIA, Scope(Role.ANALYST, ("IN",)), UNRESTRICTED):
        _readable(warehouse, tmp_path, scope)
    folders = sorted(folder.name.partition("-")[0] for folder in (tmp_path / extracts.EXTRACTS_FOLDER).iterdir())
    assert folders == ["company", "region", "region", "scope", "scope"]


def test_nothing_is_written_again_while_the_ledger_is_the_same(warehouse: DuckDBWarehouse, tmp_path: Path) -> None:
    _readable(warehouse, tmp_path, UNRESTRICTED)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")}
    _readable(warehouse, tmp_path, UNRESTRICTED)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")} == before


@pytest.mark.parametrize("damage", ["cut", "flipped", "removed", "index"])
def test_a_damaged_extract_is_made_again(warehouse: DuckDBWarehouse, tmp_path: Path, damage: str) -> None:
    statement = StatementRun(
        "SELECT region, SUM(revenue) AS r, COUNT(*) AS n FROM fact_sales GROUP BY region", UNRESTRICTED
    )
    expected = _engine(warehouse, tmp_path).run(statement).rows
    for path in list(tmp_path.rglob("part.json" if damage == "index" else "fact_sales-2*.parquet")):
        content = bytearray(path.read_bytes())
        if damage == "removed":
            path.unlink()
            continue
        content[len(content) // 3] ^= 16
        path.write_bytes(content[: len(content) // 2] if damage == "cut" else content)
    assert _engine(warehouse, tmp_path).run(statement).rows.sort_by("region") == expected.sort_by("region")


def test_a_file_that_is_damaged_while_the_server_runs_is_made_again(warehouse: DuckDBWarehouse, tmp_path: Path) -> None:
    engine = _engine(warehouse, tmp_path)
    statement = StatementRun("SELECT COUNT(*) AS n FROM dim_product", UNRESTRICTED)
    expected = engine.run(statement).rows
    (path,) = tmp_path.rglob("dim_product-all-*.parquet")
    path.write_bytes(path.read_bytes()[:100])
    assert engine.run(statement).rows == expected


def test_folders_without_a_reader_are_removed(warehouse: DuckDBWarehouse, tmp_path: Path) -> None:
    clock = ManualClock()
    engine = _engine(warehouse, tmp_path, clock)
    engine.run(StatementRun("SELECT COUNT(*) AS n FROM fact_sales", INDIA))
    clock.advance(timedelta(days=UNUSED_DAYS + 1).total_seconds())
    engine.run(StatementRun("SELECT COUNT(*) AS n FROM dim_store", BRITAIN))
    assert not list(tmp_path.rglob("fact_sales-*.parquet"))
    assert engine.run(StatementRun("SELECT COUNT(*) AS n FROM fact_sales", INDIA)).rows.to_pylist()[0]["n"] > 0


def test_scopes_take_at_most_half_as_much_space_as_the_marts(
    warehouse: DuckDBWarehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extracts, "SMALL_EXTRACTS", 0)
    engine = _engine(warehouse, tmp_path)
    everything = " UNION ALL ".join(
        f"SELECT COUNT(*) AS n FROM {table}" for table in scoped_tables.offered_tables(STORE)
    )
    engine.run(StatementRun(everything, UNRESTRICTED))
    for store in ("S1", "S2", "U"):
        engine.run(StatementRun(everything, scope_of(Role.MANAGER, ("IN", "UK"), (store,))))
    sizes = {
        folder: sum(path.stat().st_size for path in folder.glob("*.parquet"))
        for folder in (tmp_path / extracts.EXTRACTS_FOLDER).iterdir()
    }
    marts = sum(size for folder, size in sizes.items() if not folder.name.startswith("scope-"))
    newest = max(size for folder, size in sizes.items() if folder.name.startswith("scope-"))
    assert sum(sizes.values()) <= 1.5 * marts + newest


@pytest.fixture(scope="module")
def empty_warehouse() -> Iterator[DuckDBWarehouse]:
    warehouse = DuckDBWarehouse(":memory:", threads=1)
    yield warehouse
    warehouse.close()


@pytest.mark.parametrize("scope", [STORE, *in_long_proofs(UNRESTRICTED, INDIA, scope_of(Role.MANAGER, ()))], ids=str)
def test_tables_have_their_columns_before_the_first_sale(
    empty_warehouse: DuckDBWarehouse, tmp_path: Path, scope: Scope
) -> None:
    engine = _engine(empty_warehouse, tmp_path)
    for table in scoped_tables.offered_tables(scope).values():
        rows = engine.run(StatementRun(f"SELECT * FROM {table.name} WHERE FALSE", scope)).rows
        assert rows.schema.names == [column.name for column in table.columns]
