"""Stock levels that two processes compute at the same time: no older row stays."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import shop_of_two_stores

from tillstream.analytics import queries
from tillstream.domain.inventory.movements import Movement, MovementKind, MovementLine
from tillstream.domain.people import UNRESTRICTED
from tillstream.inventory import levels, past, records
from tillstream.ports import Ports


class Overtaken:
    """A warehouse before whose first write of levels another process counts, and computes the levels."""

    def __init__(self, ports: Ports) -> None:
        self.ports, self.is_first = ports, True

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ports.warehouse, name)

    def upsert(self, table: str, rows: Any, keys: Any) -> None:
        if table == "stock_levels" and self.is_first:
            self.is_first = False
            count(self.ports, "later", 7)
            levels.refresh(self.ports)
        self.ports.warehouse.upsert(table, rows, keys)


def count(ports: Ports, name: str, units: int) -> None:
    day, line = date(2026, 6, 30), MovementLine("TO-1", Decimal(units))
    records.record(ports, [Movement(name, MovementKind.COUNT, "UK", "LDS1", day, (line,))], by="ana")


def test_a_page_has_the_levels_that_another_thread_computed_without_a_settlement(tmp_path: Path) -> None:
    app = shop_of_two_stores.app(tmp_path)

    def on_hand() -> list[object]:
        rows = queries.run(app.ports.warehouse, past.NOW, UNRESTRICTED, cache=app.queries).to_pylist()
        return [row["on_hand"] for row in rows if (row["store_id"], row["product"]) == ("LDS1", "TO-1")]

    levels.refresh(app.ports)
    before = on_hand()
    count(app.ports, "counted", 7)
    assert on_hand() == before
    assert levels.follow(app.ports)
    assert before != on_hand() == [Decimal(7)]
    app.close()


def test_a_movement_from_before_the_last_count_is_in_the_history_at_once(tmp_path: Path) -> None:
    app = shop_of_two_stores.app(tmp_path)

    def history() -> list[object]:
        params = {"region": "UK", "store": "LDS1", "product": "TO-1"}
        rows = queries.run(app.ports.warehouse, "stock-events", UNRESTRICTED, cache=app.queries, **params).to_pylist()
        return [row["movement_id"] for row in rows if row["movement_id"]]

    count(app.ports, "counted", 7)
    levels.refresh(app.ports)
    assert history() == ["counted"]
    line = MovementLine("TO-1", Decimal(4))
    movement = Movement("earlier", MovementKind.RECEIPT, "UK", "LDS1", date(2026, 6, 20), (line,))
    records.record(app.ports, [movement], by="ana")
    assert levels.refresh(app.ports) == 0, "no level is another one"
    assert sorted(map(str, history())) == ["counted", "earlier"]
    app.close()


def test_rows_that_replaced_newer_ones_are_computed_again(tmp_path: Path) -> None:
    app = shop_of_two_stores.app(tmp_path)
    ports = app.ports
    levels.refresh(ports)
    count(ports, "earlier", 3)
    overtaken: Any = Overtaken(ports)
    levels.refresh(replace(ports, warehouse=overtaken))
    assert not overtaken.is_first
    stored = "SELECT on_hand FROM stock_levels WHERE store_id = 'LDS1' AND product = 'TO-1'"
    assert ports.warehouse.query(stored).column("on_hand").to_pylist() == [Decimal(7)]
    app.close()
