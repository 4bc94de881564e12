"""Stock levels that are computed in parts: each product is in one part."""

from contextlib import closing
from datetime import date

import pyarrow as pa
import pytest

from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.analytics import computed_stock
from tillstream.model.tables.stock_tables import STOCK_TABLES
from tillstream.pipeline.rows.text_columns import arrow_schema

PRODUCTS, DAY = 5_000, date(2026, 1, 5)


def test_a_product_is_computed_in_one_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computed_stock, "MAX_LEVEL_FACTS", 1)
    shared = {"movement_id": "c", "kind": "count", "region": "UK", "store_id": "S1", "quantity": 1, "recorded_seq": 1}
    shared |= {"stock_date": DAY, "day_part": "after closing"}
    counts = [shared | {"line_no": number, "product_id": f"P{number * 7919 % PRODUCTS}"} for number in range(PRODUCTS)]
    with closing(DuckDBWarehouse(":memory:", threads=2)) as warehouse:
        warehouse.replace_table(
            "stock_movements", pa.Table.from_pylist(counts, schema=arrow_schema(STOCK_TABLES["stock_movements"]))
        )
        parts = computed_stock.product_ranges(warehouse)
        firsts = [part["first_product"] for part in parts]
        assert len(parts) > 2
        assert firsts == sorted(firsts)
        products = computed_stock.compute_levels(warehouse, DAY).column("product").to_pylist()
    assert len(products) == len(set(products)) == PRODUCTS
