"""A home that another version of Tillstream wrote: a clear error, and a rebuild from the stored originals."""

import csv
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

import tillstream
from tests.e2e.conftest import Once, Run
from tillstream.analytics import measure_values
from tillstream.app import build
from tillstream.cli.main import main
from tillstream.model.errors import Rejected
from tillstream.model.people import UNRESTRICTED
from tillstream.model.tables.daily_totals import ROLLUPS
from tillstream.model.tables.stock_tables import STOCK_TABLES
from tillstream.model.tables.warehouse_tables import SCHEMA
from tillstream.settings import Settings

CONTRACT = """
name: shop
region: Shop
currency: EUR
columns: {sale_id: number, line_key: line, date: day, product_id: product, quantity: quantity, unit_price: price}
identity: {store: S1}
"""
HEAD = "number,line,day,product,quantity,price\n"
MONDAY = HEAD + "1,1,2026-01-05,P1,2,3.50\n2,1,2026-01-05,P2,1,10\n3,1,2026-01-05,P2,5,4\n4,1,2026-01-05,P2,5,4\n"
TUESDAY = HEAD + "2,1,2026-01-06,P2,1,11\n5,1,2026-01-06,P1,1,3.50\n"
FAULTY = HEAD + "6,1,2026-01-07,P1,two,3.50\n" + "".join(f"{n},1,2026-01-07,P1,1,1\n" for n in range(7, 15))
HELD = HEAD + "80,1,2026-01-08,P1,two,3.50\n81,1,2026-01-08,P1,1,3.50\n"


@pytest.fixture
def lived(run: Run, once: Once[dict[str, str]], tmp_path: Path, home: Path) -> dict[str, str]:
    """A home with uploads, a fix, a replay, an undo, a hold, and custom rates; batch ids by file."""

    def live() -> dict[str, str]:
        (home / "contracts").mkdir(parents=True)
        (home / "contracts" / "shop.yaml").write_text(CONTRACT)
        batches = {}
        for name, text in (("monday", MONDAY), ("tuesday", TUESDAY), ("faulty", FAULTY), ("held", HELD)):
            path = tmp_path / f"{name}.csv"
            path.write_text(text)
            batches[name] = run("ingest", str(path), "--region", "shop")[1]["batch_id"]
        refused = tmp_path / "refused.csv"
        run("quarantine", batches["faulty"], "--csv", str(refused))
        refused.write_text(refused.read_text("utf-8-sig").replace(",two,", ",2,"))
        assert run("fix", batches["faulty"], str(refused))[0] == 0
        batches["replay"] = run("replay", batches["faulty"])[1]["batch_id"]
        run("undo", batches["monday"], "--yes")
        rates = tmp_path / "rates.csv"
        with rates.open("w", newline="") as out:
            csv.writer(out).writerows([("date", "currency", "rate"), ("2026-01-01", "USD", "2.0")])
        assert run("fx", "load", str(rates))[0] == 0
        return batches

    return once(live)


REBUILT = 8
"""A schema whose files are rebuilt; later ones are upgraded."""


def make_schema_9(home: Path) -> None:
    """As if written before the dimensions were views."""
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        for view in ("dim_product", "dim_store", "dim_salesperson"):
            connection.execute(f"DROP VIEW {view}")
        connection.execute("ALTER TABLE catalogue_products RENAME TO dim_product")
        connection.execute("ALTER TABLE catalogue_stores RENAME TO dim_store")
        connection.execute("ALTER TABLE catalogue_salespeople RENAME TO dim_salesperson")
        for table in ("calendar", "surrogate_secret"):
            connection.execute(f"DROP TABLE {table}")
        for table in ("day_sums", "product_sums", "customer_sums"):
            connection.execute(f"ALTER TABLE {table} DROP COLUMN discount")
        connection.execute("UPDATE warehouse_schema SET number = 9")
        connection.execute("DELETE FROM made_views")


def make_schema_12(home: Path) -> None:
    """As if written before stock."""
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        for table in STOCK_TABLES:
            connection.execute(f"DROP TABLE {table}")
        for column in ("minimum_order", "shelf_life_days", "minimum_stock"):
            connection.execute(f"ALTER TABLE catalogue_products DROP COLUMN {column}")
        connection.execute("UPDATE warehouse_schema SET number = 12")
        connection.execute("DELETE FROM made_views")


def make_schema_15(home: Path) -> None:
    """As if written before the daily totals had orders by product."""
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        for table in ROLLUPS:
            connection.execute(f"ALTER TABLE {table} DROP COLUMN split_orders")
        connection.execute("UPDATE warehouse_schema SET number = 15")
        connection.execute("DELETE FROM made_views")


def make_schema_16(home: Path) -> None:
    """As if written before the daily totals told which version refreshed them."""
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        connection.execute("ALTER TABLE summed DROP COLUMN split_settlement_no")
        connection.execute("UPDATE warehouse_schema SET number = 16")
        connection.execute("DELETE FROM made_views")


def make_older(home: Path) -> None:
    """As if written before sale_versions had its last columns, and before there were schema numbers."""
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        connection.execute("DROP TABLE warehouse_schema")
        connection.execute("DELETE FROM made_views")
        connection.execute("ALTER TABLE sale_versions DROP COLUMN leads")
        connection.execute("ALTER TABLE batches DROP COLUMN repeated_lines")


def number(home: Path, schema: int) -> None:
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        connection.execute("UPDATE warehouse_schema SET number = ?", [schema])


def snapshot(run: Run) -> list[Any]:
    """Everything that users can read of the ledger."""
    queries = ("kpis", "sale-lines", "receipts")
    return [run("receipts"), *(run("query", name) for name in queries)]


def test_an_older_folder_is_refused_in_one_clear_word(
    lived: dict[str, str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_older(home)
    monkeypatch.setattr("tillstream.server.serve._problem_of_port", lambda *_: "")
    for arguments in (["status"], ["query", "kpis"], ["rebuild", "--check"], ["serve", "--port", "1"]):
        result = CliRunner().invoke(main, arguments)
        assert (result.exit_code, type(result.exception)) == (1, SystemExit)
        assert str(home) in result.stderr
        assert "older Tillstream" in result.stderr
        assert "tillstream rebuild --from-originals" in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_a_lower_number_is_older_and_a_higher_one_newer(run: Run, lived: dict[str, str], home: Path) -> None:
    number(home, REBUILT)
    code, answer = run("status")
    assert (code, f"it has schema {REBUILT}, but this version needs schema {SCHEMA}" in answer["error"]) == (1, True)
    number(home, SCHEMA + 1)
    for command in (["status"], ["rebuild", "--from-originals"]):
        code, answer = run(*command)
        assert (code, "newer Tillstream" in answer["error"]) == (1, True)
    assert "rebuild" not in answer["error"]


def test_a_warehouse_that_needs_no_rebuild_is_upgraded_when_it_is_opened(
    run: Run, lived: dict[str, str], home: Path, tmp_path: Path
) -> None:
    products = tmp_path / "products.csv"
    products.write_text("code,name\nP1,Kettle\n")
    assert run("catalogue", "import", "products", str(products))[0] == 0
    before = snapshot(run)
    make_schema_9(home)
    with pytest.raises(Rejected, match="Run `tillstream status` once"):
        tillstream.connect(home=home).query("kpis")
    assert snapshot(run) == before
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT number FROM warehouse_schema").fetchone() == (SCHEMA,)
        assert connection.execute("SELECT name FROM dim_product WHERE in_catalogue").fetchall() == [("Kettle",)]
        assert connection.execute("SELECT COUNT(*) FROM surrogate_secret").fetchone() == (1,)
    assert tillstream.connect(home=home).query("kpis")["lines"].tolist() == [before[1][1]["rows"][0]["lines"]]


def test_a_home_from_before_stock_gets_it_when_it_is_opened(
    run: Run, lived: dict[str, str], home: Path, tmp_path: Path
) -> None:
    products, counts = tmp_path / "products.csv", tmp_path / "count.csv"
    products.write_text("code,name,minimum stock\nP1,Kettle,3\n")
    counts.write_text("store,sku,qty,date\nS1,P1,10,2026-01-06\n")
    run("catalogue", "import", "products", str(products))
    before = snapshot(run)
    make_schema_12(home)
    assert snapshot(run) == before
    assert {row["status"] for row in run("stock")[1]["rows"]} == {"not-counted"}
    assert run("stock", "import", str(counts))[0] == 0
    (kettle,) = run("stock", "--product", "P1")[1]["rows"]
    assert (kettle["product_name"], kettle["on_hand"], kettle["sold"]) == ("Kettle", "0", "10")
    assert run("quality", "--all")[0] == 0


def orders_by_product() -> list[dict[str, Any]]:
    with closing(build(Settings())) as app:
        app.ports.warehouse.refresh_totals()
        return measure_values.query_measures(app.ports.warehouse, ["orders"], ["product"], UNRESTRICTED).to_pylist()


@pytest.mark.parametrize("make", [make_schema_15, make_schema_16])
def test_a_home_from_before_orders_by_product_counts_them(
    lived: dict[str, str], home: Path, make: Callable[[Path], None]
) -> None:
    before = orders_by_product()
    assert before
    make(home)
    assert orders_by_product() == before
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT SUM(split_orders) > 0 FROM product_sums").fetchone() == (True,)


def test_an_older_warehouse_is_rebuilt_from_the_originals(run: Run, lived: dict[str, str], home: Path) -> None:
    before = snapshot(run)
    make_older(home)
    (home / "new.warehouse.duckdb").write_bytes(b"half of a try that was killed")
    code, report = run("rebuild", "--from-originals")
    assert (code, report["settlements"], report["differences"]) == (0, 6, [])
    assert snapshot(run) == before
    assert run("rebuild", "--check")[1]["differences"] == []
    assert sorted(path.name for path in home.glob("*warehouse*")) == sorted(
        ["warehouse.duckdb", Path(report["kept_aside"]).name]
    )
    with duckdb.connect(report["kept_aside"]) as old:
        assert old.execute("SELECT COUNT(*) FROM settlements").fetchone() == (6,)


def test_what_waited_goes_on_in_the_new_warehouse(run: Run, lived: dict[str, str], home: Path) -> None:
    make_older(home)
    run("rebuild", "--from-originals")
    code, receipt = run("confirm", lived["held"])
    assert (code, receipt["rows"]["new"], receipt["rows"]["quarantined"]) == (3, 1, 1)
    run("undo", lived["tuesday"], "--yes")
    assert run("query", "kpis")[1]["rows"][0]["lines"] == 10
    assert "kept_aside" not in run("rebuild", "--from-originals")[1]


def test_a_recreated_warehouse_names_the_old_one(lived: dict[str, str], home: Path) -> None:
    make_older(home)
    result = CliRunner().invoke(main, ["rebuild", "--from-originals"])
    assert result.exit_code == 0
    (aside,) = home.glob("warehouse.until-*.duckdb")
    assert f"from the kept originals. The old warehouse is kept as {aside}." in result.stdout


def test_where_an_original_is_gone_the_old_warehouse_stays(run: Run, lived: dict[str, str], home: Path) -> None:
    make_older(home)
    (original,) = (
        path for path in (home / "objects").rglob("*") if path.is_file() and TUESDAY.encode() == path.read_bytes()
    )
    original.unlink()
    before = (home / "warehouse.duckdb").read_bytes()
    code, answer = run("rebuild", "--from-originals")
    assert (code, "It is unchanged" in answer["error"]) == (1, True)
    assert "older Tillstream" in run("status")[1]["error"]
    assert len((home / "warehouse.duckdb").read_bytes()) == len(before)
