"""Stock after a restore, after a rebuild of the warehouse, and after older files were put back: the same as before."""

import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.e2e.conftest import Once, Run
from tillstream.app import build
from tillstream.settings import Settings
from tillstream.stock import stored_levels, stored_movements

CONTRACT = """
name: shop
region: Shop
currency: EUR
columns: {sale_id: number, line_key: line, date: day, product_id: product, quantity: quantity, unit_price: price}
identity: {store: S1}
"""
SALES = "number,line,day,product,quantity,price\n1,1,2026-01-05,P1,2,3.50\n2,1,2026-01-06,4006381333931,1,3.50\n"
MORE_SALES = "number,line,day,product,quantity,price\n3,1,2026-01-08,P1,3,3.50\n"
COUNT = "store,sku,qty,date\nS1,P1,10,2026-01-04\nS1,P2,5,2026-01-05\n"
RECEIPT = "store,sku,qty,date,type\nS1,P2,4,2026-01-07,receipt\n"


@pytest.fixture
def shop(run: Run, once: Once[None], tmp_path: Path, home: Path) -> Path:
    """A home with sales, also by the barcode of a product, and a count."""

    def live() -> None:
        (home / "contracts").mkdir(parents=True)
        (home / "contracts" / "shop.yaml").write_text(CONTRACT)
        load(run, tmp_path, "sales.csv", SALES)
        write(tmp_path / "products.csv", "code,name,barcode\nP1,Kettle,4006381333931\nP2,Pot,\n")
        assert run("catalogue", "import", "products", str(tmp_path / "products.csv"))[0] == 0
        move(run, tmp_path, "count.csv", COUNT)

    once(live)
    return home


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def load(run: Run, folder: Path, name: str, text: str) -> None:
    assert run("ingest", write(folder / name, text), "--region", "shop")[0] == 0


def move(run: Run, folder: Path, name: str, text: str) -> None:
    assert run("stock", "import", write(folder / name, text))[1]["recorded"]


def put_back(older: Path, file: Path) -> None:
    for log in ("-wal", "-shm", ".wal"):
        file.with_name(f"{file.name}{log}").unlink(missing_ok=True)
    shutil.copy(older, file)


def on_hand(run: Run) -> dict[str, str]:
    return {row["product"]: row["on_hand"] for row in run("stock")[1]["rows"]}


def check(home: Path) -> None:
    """Every movement is recorded and in the warehouse, and the levels are those of the movements and sales."""
    with closing(build(Settings(home=home, samples=False, threads=1))) as app:
        stored = app.ports.warehouse.query("SELECT DISTINCT movement_id FROM stock_movements").to_pylist()
        recorded = {one.data["movement_id"] for one in stored_movements.all_movements(app.ports)}
        assert {row["movement_id"] for row in stored} == recorded
        assert recorded
        assert stored_levels.differences_now(app.ports, 10) == []


def test_a_restored_backup_has_the_stock_of_its_time(
    run: Run, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = on_hand(run)
    assert before == {"P1": "7", "P2": "5"}
    assert run("backup", str(tmp_path / "copy.tar"))[0] == 0
    move(run, tmp_path, "receipt.csv", RECEIPT)
    monkeypatch.setenv("TILLSTREAM_HOME", str(tmp_path / "new"))
    assert run("restore", str(tmp_path / "copy.tar"))[0] == 0
    assert on_hand(run) == before
    assert run("sweep")[1]["repaired"] == []
    check(tmp_path / "new")
    move(run, tmp_path, "receipt.csv", RECEIPT)
    assert on_hand(run) == before | {"P2": "9"}


@pytest.mark.parametrize("file", ["documents.sqlite", "warehouse.duckdb"])
def test_an_older_file_that_was_put_back_is_completed_from_the_other(
    run: Run, shop: Path, tmp_path: Path, file: str
) -> None:
    """As in a backup whose parts were copied one after the other while work continued."""
    shutil.copy(shop / file, tmp_path / "older")
    load(run, tmp_path, "more.csv", MORE_SALES)
    move(run, tmp_path, "receipt.csv", RECEIPT)
    before = on_hand(run)
    assert before == {"P1": "4", "P2": "9"}
    put_back(tmp_path / "older", shop / file)
    repaired = " ".join(run("sweep")[1]["repaired"])
    assert "stock movement" in repaired
    assert on_hand(run) == before
    check(shop)
    assert run("sweep")[1]["repaired"] == []


def test_sales_that_a_command_settles_again_are_in_the_stock(
    run: Run, run_text: Any, shop: Path, tmp_path: Path
) -> None:
    with duckdb.connect(str(shop / "warehouse.duckdb")) as connection:
        connection.execute("CHECKPOINT")
    shutil.copy(shop / "warehouse.duckdb", tmp_path / "older")
    load(run, tmp_path, "more.csv", MORE_SALES)
    before = on_hand(run)
    put_back(tmp_path / "older", shop / "warehouse.duckdb")
    assert "settled again" in run_text("status")[1]
    assert run("sweep")[1]["repaired"] == []
    assert on_hand(run) == before
    check(shop)


def test_a_warehouse_that_is_rebuilt_from_the_originals_has_the_same_stock(run: Run, shop: Path) -> None:
    before = run("stock")
    with duckdb.connect(str(shop / "warehouse.duckdb")) as connection:
        connection.execute("UPDATE warehouse_schema SET number = 8")
    assert run("rebuild", "--from-originals")[1]["kept_aside"]
    check(shop)
    assert run("stock") == before
    assert run("sweep")[1]["repaired"] == []
    check(shop)


def test_a_damaged_warehouse_is_replaced_by_one_with_the_same_stock(run: Run, shop: Path) -> None:
    before = run("stock")
    (shop / "warehouse.duckdb").write_bytes(b"no warehouse")
    assert run("rebuild", "--from-originals")[1]["kept_aside"]
    assert run("stock") == before
    check(shop)


def test_stock_is_rebuilt_by_its_command(run: Run, run_text: Any, shop: Path) -> None:
    before = on_hand(run)
    with duckdb.connect(str(shop / "warehouse.duckdb")) as connection:
        connection.execute("UPDATE stock_levels SET on_hand = 99")
        connection.execute("DELETE FROM stock_movements WHERE product_id = 'P2'")
    assert run("quality", "--all")[0] == 1
    words = run_text("quality", "--all")[1]
    assert "tillstream stock rebuild" in words
    assert run("stock", "rebuild")[1] == {"movements": 2, "levels": 2}
    assert run("quality", "--all")[0] == 0
    assert on_hand(run) == before
    check(shop)
