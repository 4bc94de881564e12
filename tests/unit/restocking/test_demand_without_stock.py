"""Days without stock are left out of the demand of the queue."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import shop_of_two_stores
from restock_steps import count, queue_of
from shop_of_two_stores import HEADER, LAST

from tillstream.app import App
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.stock import stored_movements
from tillstream.stock.movements import Movement, MovementKind, MovementLine

SOLD_OUT, IN_STOCK = "TO-8", "TO-9"
DAYS = 112
"""Of recent sales."""
SOLD_OUT_ON = LAST - timedelta(days=DAYS // 2)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """Both products sell the same, but one of them was sold out in the middle of the recent days."""
    opened = shop_of_two_stores.app(tmp_path)
    path = tmp_path / "more.csv"
    path.write_text("\n".join([HEADER, *_sales(IN_STOCK, LAST), *_sales(SOLD_OUT, SOLD_OUT_ON)]), encoding="cp1252")
    receipt = COMMANDS["ingest"](opened, quiet, files=[str(path)], contract="UK").data
    assert receipt["status"] == "settled", receipt
    yield opened
    opened.close()


def test_a_product_without_stock_for_half_of_the_days_gets_the_order_of_its_demand(app: App) -> None:
    lines = (MovementLine(SOLD_OUT, Decimal(0)),)
    empty = Movement("sold out", MovementKind.COUNT, "UK", "MAN1", SOLD_OUT_ON, lines)
    stored_movements.record_movements(app.ports, [empty], by="ana")
    count(app.ports, {("MAN1", IN_STOCK): 0})
    queue = queue_of(app.ports)
    sold_out, in_stock = queue["MAN1", SOLD_OUT, ""], queue["MAN1", IN_STOCK, ""]
    assert {sold_out["method"], in_stock["method"]} == {"recent sales"}
    assert float(sold_out["daily"]) == pytest.approx(float(in_stock["daily"]), rel=0.03)
    assert float(sold_out["units"]) == pytest.approx(float(in_stock["units"]), rel=0.05)


def _sales(product: str, last: date) -> list[str]:
    """Four to six units a day until `last`."""
    days = [LAST - timedelta(days=number) for number in range(DAYS)]
    return [
        f"S{day:%y%m%d}{product},{day:%d/%m/%Y},MAN1,T1,1,A,{product},Robot,Toys,store,,United Kingdom,"
        f"{units},10.00,5.00,0.00,{units * 10}.00,0.00,,{units * 10}.00"
        for day in days
        if day <= last
        for units in [4 + day.toordinal() % 3]
    ]
