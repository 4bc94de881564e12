"""`python -m bench.stock`: stock of 5,000 products in 200 stores with 10 M sale lines, and the section "Stock" of
docs/benchmarks.md. The ledger, the movements and the catalogue are written to the warehouse; all else is the product's.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from bench import report
from bench.__main__ import PAGE
from tillstream.adapters.local.clock import ManualClock
from tillstream.analytics.filters import Filters
from tillstream.analytics.queries import run_query
from tillstream.app import App, build
from tillstream.app.local import WAREHOUSE_FILE
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.model.people import UNRESTRICTED, Scope
from tillstream.model.permissions import Role
from tillstream.model.tables.warehouse_tables import TABLES
from tillstream.settings import Settings
from tillstream.stock import restock_queue as restocking
from tillstream.stock import stored_levels, stored_movements
from tillstream.stock.movements import Movement, MovementKind, MovementLine

REGION, STORES, PRODUCTS, LINES = "UK", 200, 5_000, 10_000_000
FIRST, DAYS = date(2024, 1, 1), 700
COUNTED = FIRST + timedelta(days=DAYS - 40)
TODAY = FIRST + timedelta(days=DAYS - 1)
SETTLED, ROUNDS = 1_000, 5
"""Lines of a settlement, and how many settlements and movements are measured."""
MANAGER = Scope(Role.MANAGER, (REGION,), ("S3", "S4"))
VIEWS: tuple[tuple[Scope, Filters, dict[str, Any]], ...] = (
    (UNRESTRICTED, Filters(), {}),
    (UNRESTRICTED, Filters(), {"status": "attention"}),
    (UNRESTRICTED, Filters(), {"sort": "product", "offset": 5_000}),
    (UNRESTRICTED, Filters(), {"sort": "value", "descending": 1}),
    (UNRESTRICTED, Filters(), {"sort": "cover"}),
    (UNRESTRICTED, Filters(currency="EUR"), {"sort": "value"}),
    (UNRESTRICTED, Filters(), {"text": "name of p12"}),
    (UNRESTRICTED, Filters(category=("C7",)), {"sort": "cover"}),
    (UNRESTRICTED, Filters(store=("S17",)), {}),
    (MANAGER, Filters(), {"sort": "on-hand"}),
    (MANAGER, Filters(currency="EUR"), {"status": "attention"}),
)
"""What people see of the page of stock levels."""
CONTRACT = """\
name: UK
region: UK
version: 1
currency: GBP
columns:
  {sale_id: No, line_key: Line, store_id: Store, date: Day, product_id: Product, quantity: Qty, unit_price: Price}
dates: {formats: ["%Y-%m-%d"]}
"""
_SALES = {
    "key": "i",
    "content": "i",
    "is_current": "TRUE",
    "region": f"'{REGION}'",
    "sale": "i // 2",
    "sale_id": "'S' || (i // 2)",
    "line_key": "'1'",
    "store_id": f"'S' || (hash(i) % {STORES})",
    "product_id": f"'P' || ((hash(i + 7) % {PRODUCTS}) * (hash(i + 7) % {PRODUCTS}) // {PRODUCTS})",
    "product_name": "'Name'",
    "category": "'C1'",
    "status": "'completed'",
    "quantity": "1 + hash(i + 3) % 3",
    "net_amount": "10",
    "currency": "'GBP'",
    "sale_date": f"DATE '{FIRST}' + CAST(hash(i + 13) % {DAYS} AS INT)",
    "sold_at": f"TIMESTAMPTZ '{FIRST} 08:00:00+00' + INTERVAL 1 DAY * (hash(i + 13) % {DAYS})",
    "settlement_no": "1",
    "leads": "1",
}
_MOVEMENT = {
    "line_no": "1 + p",
    "region": f"'{REGION}'",
    "store_id": "'S' || s",
    "product_id": "'P' || p",
    "recorded_seq": "1",
    "day_part": "'after closing'",
}
_COUNT = {
    "movement_id": "'c' || s",
    "kind": "'count'",
    "quantity": "hash(s * 5000 + p) % 60",
    "stock_date": f"DATE '{COUNTED}'",
}
_RECEIPT = {
    "movement_id": "'r' || s",
    "kind": "'receipt'",
    "quantity": "6",
    "stock_date": f"DATE '{COUNTED + timedelta(days=20)}'",
}
_PAIRS = f"range({STORES}) AS stores(s), range({PRODUCTS}) AS products(p)"
_PRODUCT = {
    "product_id": "'P' || p",
    "name": "'Name of P' || p",
    "category": "'C' || (p % 20)",
    "supplier": "'V' || (p % 50)",
    "minimum_stock": "IF(p % 3 = 0, 5, NULL)",
    "active": "TRUE",
}
_COST = {"product_id": "'P' || p", "region": "'*'", "currency": "'USD'", "amount": "1.25"}
_SUPPLIER = {"supplier": "'V' || v", "name": "'Supplier ' || v", "lead_time_days": "5", "active": "TRUE"}


@dataclass(frozen=True)
class Stock:
    """Seconds of each call: `pages` by view, `settlements` of 1,000 lines, `movements` of one line; `whole`: all
    levels; `restock`: the queue of all."""

    pages: dict[str, list[float]]
    settlements: list[float]
    movements: list[float]
    whole: float
    restock: float

    @property
    def page_95(self) -> float:
        times = sorted(seconds for view in self.pages.values() for seconds in view)
        return times[int(len(times) * 0.95)]


def measure(home: Path) -> Stock:
    clock = ManualClock(datetime(TODAY.year, TODAY.month, TODAY.day, 20, tzinfo=UTC))
    app = _filled(home, clock)
    whole = _seconds(lambda: stored_levels.refresh_levels(app.ports))
    restock = _seconds(lambda: restocking.run_restock(app.ports))
    settlements = [_seconds(_settled(app, home, number)) for number in range(ROUNDS)]
    movements = [_seconds(_moved(app, clock, number)) for number in range(ROUNDS)]
    pages = {}
    for scope, filters, params in VIEWS:
        name = f"{scope.role} {filters.category or filters.store or filters.currency} {params}"
        page = partial(_page, app, scope, filters, params)
        page()
        pages[name] = [_seconds(page) for _ in range(ROUNDS)]
    app.close()
    return Stock(pages, settlements, movements, whole, restock)


def _filled(home: Path, clock: ManualClock) -> App:
    settings = Settings(home=home, samples=False, reporting_currency="USD")
    (home / "contracts").mkdir(parents=True)
    (home / "contracts" / "UK.yaml").write_text(CONTRACT)
    build(settings, clock).close()
    with duckdb.connect(str(home / WAREHOUSE_FILE)) as connection:
        _insert(connection, "sale_versions", _SALES, f"range({LINES}) AS lines(i)")
        _insert(connection, "stock_movements", _MOVEMENT | _COUNT, _PAIRS)
        _insert(connection, "stock_movements", _MOVEMENT | _RECEIPT, _PAIRS)
        _insert(connection, "catalogue_products", _PRODUCT, f"range({PRODUCTS}) AS products(p)")
        _insert(connection, "dim_product_cost", _COST, f"range({PRODUCTS}) AS products(p)")
        _insert(connection, "catalogue_suppliers", _SUPPLIER, "range(50) AS suppliers(v)")
        connection.execute(
            f"INSERT INTO settlement_days SELECT 1, DATE '{FIRST}' + i::INT FROM range({DAYS}) AS days(i)"
        )
        connection.execute(
            "INSERT INTO settlements (settlement_no, settled_at, request_id, added, corrected, removed, only_adds) "
            f"VALUES (1, TIMESTAMPTZ '{TODAY} 00:00:00+00', 'bench', {LINES}, 0, 0, TRUE)"
        )
    return build(settings, clock)


def _insert(connection: duckdb.DuckDBPyConnection, table: str, values: dict[str, str], source: str) -> None:
    columns = [field.name for field in TABLES[table]]
    select = ", ".join(f"{values.get(name, 'NULL')} AS {name}" for name in columns)
    connection.execute(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {select} FROM {source}")


def _settled(app: App, home: Path, number: int) -> Callable[[], object]:
    """Settle lines of the last day; return the refresh that follows."""
    rows = [f"N{number}-{i},1,S{i % STORES},{TODAY},P{i * 7 % PRODUCTS},1,2.50" for i in range(SETTLED)]
    path = home / f"{number}.csv"
    path.write_text("\n".join(["No,Line,Store,Day,Product,Qty,Price", *rows]))
    assert COMMANDS["ingest"](app, quiet, files=[str(path)], contract="UK").data["status"] == "settled"
    return lambda: stored_levels.refresh_levels(app.ports)


def _moved(app: App, clock: ManualClock, number: int) -> Callable[[], object]:
    """Record a receipt; return the refresh that follows."""
    line = MovementLine(f"P{number}", Decimal(1))
    stored_movements.record_movements(
        app.ports, [Movement(f"m{number}", MovementKind.RECEIPT, REGION, "S1", TODAY, (line,))], by="ana"
    )
    clock.advance(1)
    return lambda: stored_levels.refresh_levels(app.ports)


def _page(app: App, scope: Scope, filters: Filters, params: dict[str, Any]) -> None:
    assert run_query(app.ports.warehouse, "stock-levels", scope, filters, **params).num_rows


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def section(stock: Stock) -> str:
    """The section of docs/benchmarks.md."""
    settled, moved = statistics.median(stock.settlements), statistics.median(stock.movements)
    floors = [
        report.floor("a page of levels, p95, at most 300 ms", stock.page_95 * 1000, most=300, unit="ms"),
        report.floor("levels after a settlement of 1,000 lines, at most 1 s", settled, most=1, unit="s"),
        report.floor("levels after a receipt of one line, at most 1 s", moved, most=1, unit="s"),
        report.floor("restock of all, at most 30 s", stock.restock, most=30, unit="s"),
        ["all levels", f"{stock.whole:.1f} s", ""],
    ]
    return (
        "## Stock\n\n"
        f"{PRODUCTS:,} products in {STORES} stores, each counted once and received once; {LINES:,} sale lines. "
        f"Medians of {ROUNDS}; pages are queries through the row scope of their reader, without cache, with different "
        "filters, searches and orders. Measured by `python -m bench.stock`.\n\n" + report.table(report.FLOOR, floors)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="for temporary files")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        stock = measure(Path(folder) / "home")
    for name, times in stock.pages.items():
        print(f"{statistics.median(times) * 1000:6.0f} ms  {name}")
    print(f"settlements {stock.settlements}, movements {stock.movements}, all {stock.whole}, restock {stock.restock}")
    report.replace_section(PAGE, section(stock))


if __name__ == "__main__":
    main()
