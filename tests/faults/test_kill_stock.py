"""A process that is killed while it records a movement and computes levels loses nothing and counts nothing twice."""

import os
import signal
import subprocess
import sys
import threading
from decimal import Decimal
from pathlib import Path

import pytest
from faults import killed_stock
from stateful.stock.plain_stock import SoldLine
from stateful.stock.stock_shop import FIRST, StockShop

from tillstream.stock import stored_levels, stored_movements
from tillstream.stock.movements import Movement, MovementKind, MovementLine

TESTS = Path(__file__).resolve().parents[1]
RECORDED, NOTED = "documents.put stock_movements", "documents.put stock"
POINTS = (
    (RECORDED, "before", 1),
    (RECORDED, "after", 1),
    ("warehouse.upsert stock_movements", "after", 1),
    (RECORDED, "after", 2),  # as in the warehouse
    ("warehouse.upsert stock_levels", "after", 1),
    (NOTED, "after", 1),
    (RECORDED, "after", 3),  # as in the levels
)
EVERYDAY = (POINTS[1], POINTS[4])
"""Between the document and the warehouse, and between the levels and the note that they are computed."""


@pytest.fixture
def shop(tmp_path: Path) -> StockShop:
    """With a count of ten units, and two sold after it."""
    shop = StockShop(tmp_path / "home")
    count = MovementLine("A", Decimal(10))
    shop.record(Movement("count", MovementKind.COUNT, "Testland", "S1", FIRST.date(), (count,), FIRST))
    line = SoldLine("S1/1", "S1", "A", shop.clock.now().date(), shop.clock.now(), Decimal(2), cancelled=False)
    shop.upload({("S1/1", "1"): line}, timed=True)
    shop.check()
    return shop


@pytest.mark.system
@pytest.mark.parametrize(
    ("step", "when", "count"),
    [pytest.param(*point, marks=() if point in EVERYDAY else pytest.mark.long) for point in POINTS],
)
def test_a_killed_process_loses_nothing_and_the_next_refresh_completes_it(
    shop: StockShop, step: str, when: str, count: int
) -> None:
    shop.app.close()
    now = shop.clock.now()
    process = subprocess.run(
        [sys.executable, "-m", "faults.killed_stock", str(shop.home), now.isoformat(), step, when, str(count)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == -signal.SIGKILL, process.stderr
    shop.open()
    if (step, when) != (RECORDED, "before"):
        shop.movements.append(stored_movements.get_movement(shop.app.ports, "killed").movement)
    shop.check()
    shop.record(killed_stock.movement(now))
    shop.check()
    assert shop.stored()["S1", "A"].on_hand == 10 - 2 + 7


def test_two_refreshes_at_once_give_the_same_levels_as_one(shop: StockShop) -> None:
    def work(number: int) -> None:
        for round_number in range(4):
            line = MovementLine("A", Decimal(1))
            name = f"{number}-{round_number}"
            movement = Movement(name, MovementKind.RECEIPT, "Testland", "S1", shop.clock.now().date(), (line,))
            stored_movements.record_movements(shop.app.ports, [movement], by="ana")
            stored_levels.refresh_levels(shop.app.ports)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    stored_levels.refresh_levels(shop.app.ports)
    assert shop.stored()["S1", "A"].on_hand == 10 - 2 + 12
    assert stored_levels.level_differences(shop.app.ports) == []


def test_a_refresh_without_news_reads_only_documents(shop: StockShop) -> None:
    shop.refresh()
    shop.app.ports.warehouse.close()
    assert stored_levels.refresh_levels(shop.app.ports) == 0


def test_everything_is_written_again_from_documents_and_sales(shop: StockShop) -> None:
    before = shop.stored()
    for table in ("stock_levels", "stock_movements"):
        warehouse = shop.app.ports.warehouse
        warehouse.replace_table(table, warehouse.query(f"SELECT * FROM {table}").slice(0, 0))
    assert stored_levels.level_differences(shop.app.ports) or not shop.stored()
    assert stored_levels.rebuild_levels(shop.app.ports) == len(before)
    assert shop.stored() == before
