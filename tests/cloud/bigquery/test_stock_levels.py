"""Stock levels on BigQuery's emulator: as on DuckDB, and computed again for what movements and sales change."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from app_factory import build
from sample_ledger import SAMPLE_LEDGER
from sample_parameters import STOCK_PARAMETERS
from sample_warehouse import sample_warehouse

import sql
from devtools.emulators import Emulator
from tillstream.adapters.google.bigquery.warehouse import BigQueryWarehouse
from tillstream.analytics import computed_stock
from tillstream.ports import Ports
from tillstream.settings import Settings
from tillstream.stock import stored_levels, stored_movements
from tillstream.stock.movements import Movement, MovementKind, MovementLine
from tillstream.stock.stored_levels import TouchedStock

sys.path.append(str(Path(__file__).parents[2] / "spec"))
from duck import Duck, exact

pytestmark = pytest.mark.long
DAY = date(2024, 2, 12)
TOUCHED = TouchedStock(0, 2, (date(2024, 1, 5), date(2024, 2, 1)), ("c1", "x2", "o1"), (DAY,))


@pytest.fixture(scope="module")
def warehouse(bigquery: Emulator) -> Iterator[BigQueryWarehouse]:
    with sample_warehouse(bigquery, "stock") as warehouse:
        yield warehouse


@pytest.fixture
def untouched(bigquery: Emulator) -> Iterator[BigQueryWarehouse]:
    """Without the movements and levels that other tests write."""
    with sample_warehouse(bigquery, "levels") as warehouse:
        yield warehouse


@pytest.fixture
def ports(warehouse: BigQueryWarehouse, tmp_path: Path) -> Iterator[Ports]:
    app = build(Settings(home=tmp_path / "home", threads=1, samples=False, project=""))
    yield replace(app.ports, warehouse=warehouse)
    app.close()


def rows(table: pa.Table) -> list[tuple[Any, ...]]:
    return sorted((tuple(map(exact, row.values())) for row in table.to_pylist()), key=repr)


def test_levels_are_those_of_duckdb(untouched: BigQueryWarehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = untouched
    duck: Any = Duck()
    duck.fill(SAMPLE_LEDGER)
    assert rows(computed_stock.compute_levels(warehouse, DAY)) == rows(computed_stock.compute_levels(duck, DAY))
    pairs = stored_levels.touched_pairs(duck, DAY, TOUCHED)
    assert rows(stored_levels.touched_pairs(warehouse, DAY, TOUCHED)) == rows(pairs)
    for few in (0, 4):
        monkeypatch.setattr(stored_levels, "FEW_PAIRS", few)
        expected = rows(stored_levels.levels_of_touched(duck, DAY, TOUCHED, pairs))
        assert expected
        assert rows(stored_levels.levels_of_touched(warehouse, DAY, TOUCHED, pairs)) == expected
    for name, params in STOCK_PARAMETERS.items():
        assert rows(warehouse.query(sql.text(name), params)) == rows(duck.query(sql.text(name), params)), name


def test_a_torn_level_differs_in_one_query_and_in_parts(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    stored_levels.refresh_levels(ports)
    monkeypatch.setattr(computed_stock, "MAX_LEVEL_FACTS", 3)
    assert stored_levels.level_differences(ports) == stored_levels.level_differences(ports, at_once=True) == []
    stored = ports.warehouse.query("SELECT * FROM stock_levels")
    product = stored.column("product")[0].as_py()
    torn = "SELECT * REPLACE (IF(product = @product, in_transit + 1, in_transit) AS in_transit) FROM stock_levels"
    ports.warehouse.replace_table("stock_levels", ports.warehouse.query(torn, {"product": product}))
    differing = stored_levels.level_differences(ports, at_once=True)
    assert {row["product"] for row in differing} == {product}
    assert stored_levels.level_differences(ports) == differing
    ports.warehouse.replace_table("stock_levels", stored)
    assert stored_levels.level_differences(ports) == []


def test_a_movement_and_its_cancellation_change_the_level(ports: Ports) -> None:
    def on_hand() -> Decimal:
        stored_levels.refresh_levels(ports)
        (row,) = ports.warehouse.query("SELECT on_hand FROM stock_levels WHERE product = 'F'").to_pylist()
        return Decimal(row["on_hand"])

    count, receipt = (
        Movement(name, kind, "UK", "U", DAY, (MovementLine("F", Decimal(units)),))
        for name, kind, units in (("k1", MovementKind.COUNT, 5), ("k2", MovementKind.RECEIPT, 2))
    )
    stored_movements.record_movements(ports, [count], by="ana")
    assert on_hand() == 5
    stored_movements.record_movements(ports, [replace(receipt, stock_date=date(2024, 2, 13))], by="ana")
    assert on_hand() == 7
    stored_movements.cancel_movement(ports, "k2", by="ana")
    assert on_hand() == 5
    assert stored_levels.refresh_levels(ports) == 0
    assert stored_levels.level_differences(ports) == []
