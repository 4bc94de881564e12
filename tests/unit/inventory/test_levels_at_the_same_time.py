"""Stock levels that two processes compute at the same time: no older row stays."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import shop_of_two_stores

import sql
from tillstream.analytics import queries
from tillstream.app import App
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.model.people import UNRESTRICTED
from tillstream.ports import Ports
from tillstream.stock import published_levels, stored_levels, stored_movements
from tillstream.stock.movements import Movement, MovementKind, MovementLine


class Overtaken:
    """A warehouse before whose first write of levels another process does something, and computes the levels."""

    def __init__(self, ports: Ports, other: Callable[[], object]) -> None:
        self.ports, self.other, self.is_first = ports, other, True

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ports.warehouse, name)

    def upsert(self, table: str, rows: Any, keys: Any) -> None:
        if table == "stock_levels" and self.is_first:
            self.is_first = False
            self.other()
            stored_levels.refresh_levels(self.ports)
        self.ports.warehouse.upsert(table, rows, keys)


class Settling:
    """A warehouse in which sales of both stores settle after the products to compute are read."""

    def __init__(self, app: App, folder: Path) -> None:
        self.app, self.folder, self.is_first = app, folder, True

    def __getattr__(self, name: str) -> Any:
        return getattr(self.app.ports.warehouse, name)

    def query(self, text: str, params: Any = None) -> Any:
        rows = self.app.ports.warehouse.query(text, params)
        if self.is_first and text == sql.text("stock/touched_pairs"):
            self.is_first = False
            sell(self.app, self.folder, "MAN1", 5)
        return rows


def sell(app: App, folder: Path, store: str, units: int) -> None:
    """Ingest a sale of TO-1, and one of HK-1 in the other store, on a Sunday."""
    rows = [(store, "TO-1", units), ("MAN1" if store == "LDS1" else "LDS1", "HK-1", 1)]
    lines = [
        f"more {where} {sku},28/06/2026,{where},T1,1,A,{sku},A thing,Things,store,,United Kingdom,{count},10.00,5.00,"
        f"0.00,{count * 10}.00,0.00,,{count * 10}.00"
        for where, sku, count in rows
    ]
    path = folder / f"UK-more-{store}.csv"
    path.write_bytes("\n".join([shop_of_two_stores.HEADER, *lines]).encode("cp1252"))
    receipt = COMMANDS["ingest"](app, quiet, files=[str(path)], contract="UK").data
    assert receipt["status"] == "settled", receipt["holds"]


def count(ports: Ports, name: str, units: int, day: date = date(2026, 6, 30)) -> None:
    line = MovementLine("TO-1", Decimal(units))
    stored_movements.record_movements(ports, [Movement(name, MovementKind.COUNT, "UK", "LDS1", day, (line,))], by="ana")


def test_a_page_has_the_levels_that_another_thread_computed_without_a_settlement(tmp_path: Path) -> None:
    app = shop_of_two_stores.app(tmp_path)

    def on_hand() -> list[object]:
        rows = queries.run_query(
            app.ports.warehouse, published_levels.NOW_QUERY, UNRESTRICTED, cache=app.queries
        ).to_pylist()
        return [row["on_hand"] for row in rows if (row["store_id"], row["product"]) == ("LDS1", "TO-1")]

    stored_levels.refresh_levels(app.ports)
    before = on_hand()
    count(app.ports, "counted", 7)
    assert on_hand() == before
    assert stored_levels.follow_movement(app.ports)
    assert before != on_hand() == [Decimal(7)]
    app.close()


def test_a_movement_from_before_the_last_count_is_in_the_history_at_once(tmp_path: Path) -> None:
    app = shop_of_two_stores.app(tmp_path)

    def history() -> list[object]:
        params = {"region": "UK", "store": "LDS1", "product": "TO-1"}
        rows = queries.run_query(
            app.ports.warehouse, "stock-events", UNRESTRICTED, cache=app.queries, **params
        ).to_pylist()
        return [row["movement_id"] for row in rows if row["movement_id"]]

    count(app.ports, "counted", 7)
    stored_levels.refresh_levels(app.ports)
    assert history() == ["counted"]
    line = MovementLine("TO-1", Decimal(4))
    movement = Movement("earlier", MovementKind.RECEIPT, "UK", "LDS1", date(2026, 6, 20), (line,))
    stored_movements.record_movements(app.ports, [movement], by="ana")
    assert stored_levels.refresh_levels(app.ports) == 0, "no level is another one"
    assert sorted(map(str, history())) == ["counted", "earlier"]
    app.close()


def test_rows_that_replaced_newer_ones_are_computed_again(tmp_path: Path) -> None:
    app = shop_of_two_stores.app(tmp_path)
    ports = app.ports
    stored_levels.refresh_levels(ports)
    count(ports, "earlier", 3)
    overtaken: Any = Overtaken(ports, lambda: count(ports, "later", 7))
    stored_levels.refresh_levels(replace(ports, warehouse=overtaken))
    assert not overtaken.is_first
    stored = "SELECT on_hand FROM stock_levels WHERE store_id = 'LDS1' AND product = 'TO-1'"
    assert ports.warehouse.query(stored).column("on_hand").to_pylist() == [Decimal(7)]
    app.close()


def test_units_that_rows_of_an_overtaken_call_keep_are_not_used(tmp_path: Path) -> None:
    app = shop_of_two_stores.app(tmp_path)
    ports = app.ports
    count(ports, "winter", 800, date(2026, 1, 20))
    count(ports, "spring", 900, date(2026, 3, 20))
    stored_levels.refresh_levels(ports)
    sell(app, tmp_path, "LDS1", 3)
    overtaken: Any = Overtaken(ports, lambda: stored_movements.cancel_movement(ports, "spring", by="ana"))
    stored_levels.refresh_levels(replace(ports, warehouse=overtaken))
    assert not overtaken.is_first
    assert stored_levels.differences_now(ports, 10) == []
    app.close()


def test_sales_of_other_stores_that_settle_meanwhile_are_left_to_the_next_call(tmp_path: Path) -> None:
    app = shop_of_two_stores.app(tmp_path)
    ports = app.ports
    stored = "SELECT * FROM stock_levels WHERE store_id = 'MAN1' AND product = 'TO-1'"
    for store in ("LDS1", "MAN1"):
        line = MovementLine("TO-1", Decimal(900))
        movement = Movement(f"c{store}", MovementKind.COUNT, "UK", store, date(2026, 3, 20), (line,))
        stored_movements.record_movements(ports, [movement], by="ana")
    stored_levels.refresh_levels(ports)
    before = ports.warehouse.query(stored).to_pylist()
    sell(app, tmp_path, "LDS1", 3)
    settling: Any = Settling(app, tmp_path)
    stored_levels.refresh_levels(replace(ports, warehouse=settling))
    assert not settling.is_first
    assert ports.warehouse.query(stored).to_pylist() == before
    stored_levels.refresh_levels(ports)
    assert ports.warehouse.query(stored).to_pylist() != before
    assert stored_levels.differences_now(ports, 10) == []
    app.close()
