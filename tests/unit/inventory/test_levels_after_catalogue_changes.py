"""Which changes of the catalogue make stock levels be computed as a whole: those of codes of products alone."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import shop_of_two_stores

from tillstream.catalogue import entry_saving, warehouse_mirror
from tillstream.model.product_catalogue import Alias, DatedAmount, EntryKind, Product, Store
from tillstream.ports import Ports
from tillstream.stock import stored_levels

COST = DatedAmount("*", "GBP", Decimal(3), date(2026, 1, 1))
PRODUCT = Product("TO-1", "Kettle")


class Observed:
    """A warehouse that notes whether all levels were written."""

    def __init__(self, ports: Ports) -> None:
        self.ports, self.replaced = ports, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ports.warehouse, name)

    def replace_table(self, table: str, rows: Any) -> None:
        self.replaced |= table == "stock_levels"
        self.ports.warehouse.replace_table(table, rows)


def save(ports: Ports, entry: Product | Store, version: int) -> None:
    kind = EntryKind.PRODUCT if isinstance(entry, Product) else EntryKind.STORE
    entry_saving.save_entry(ports, kind, entry, if_version=version, by="ada", regions=("UK",))
    warehouse_mirror.sync_mirror(ports)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (replace(PRODUCT, name="Kettle 2 l", category="Kitchen"), False),
        (replace(PRODUCT, costs=(COST,), prices=(COST,)), False),
        (Store("UK", "LDS1", "Leeds"), False),
        (replace(PRODUCT, barcodes=("5012345678900",)), True),
        (replace(PRODUCT, aliases=(Alias("*", "TO-2"),)), True),
    ],
)
def test_only_codes_are_followed(tmp_path: Path, entry: Product | Store, expected: bool) -> None:
    app = shop_of_two_stores.app(tmp_path)
    ports = app.ports
    save(ports, PRODUCT, version=0)
    stored_levels.refresh_levels(ports)
    save(ports, entry, version=1 if isinstance(entry, Product) else 0)
    observed: Any = Observed(ports)
    stored_levels.refresh_levels(replace(ports, warehouse=observed))
    assert observed.replaced is expected
    app.close()
