"""The stock of the demo: counts of all stores, receipts, a transfer in transit and a write-off."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

from shop_of_two_stores import LAST, app

from tillstream.commands.demo_shop import stock
from tillstream.stock import stock_counts, stored_movements
from tillstream.stock.stock_counts import CountState


def test_stores_are_counted_and_a_transfer_is_in_transit(tmp_path: Path) -> None:
    shop = app(tmp_path)
    stock.add_stock(shop, LAST, "samples")
    levels = shop.ports.warehouse.query("SELECT * FROM stock_levels").to_pylist()
    assert len(levels) == 6
    assert all(row["counted_on"] == LAST - timedelta(days=28) for row in levels)
    movements = Counter(
        stored_movements.to_stored_movement(one).movement.kind.value
        for one in stored_movements.all_movements(shop.ports)
    )
    assert movements["count"] == 2
    assert (movements["transfer-out"], movements["transfer-in"], movements["write-off"]) == (1, 1, 1)
    (sent,) = [row["in_transit"] for row in levels if row["in_transit"]]
    assert sent == stock.SENT_UNITS - stock.ARRIVED_UNITS
    stock.add_stock(shop, LAST, "samples")
    assert len(stored_movements.all_movements(shop.ports)) == movements.total()
    count, counted = (
        stock_counts.get_count(shop.ports, stock.COUNT_ID),
        stock_counts.lines_of_count(shop.ports, stock.COUNT_ID),
    )
    assert count.state is CountState.OPEN
    on_hand = {row["product"]: row["on_hand"] for row in levels if row["store_id"] == count.store_id}
    assert counted
    assert sum(on_hand[one.product_id] - one.quantity for one in counted) == 1
    shop.close()
