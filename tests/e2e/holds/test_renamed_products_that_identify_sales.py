"""Sales that a source identifies by day and product: a renamed product is no further sale."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.conftest import Run

CONTRACT = {
    "name": "shop",
    "region": "North",
    "currency": "EUR",
    "identity": {"store": "S1", "made_of": ["Day", "Item"]},
    "columns": {"date": "Day", "product_name": "Item", "quantity": "Units", "net_amount": "Total"},
}
ITEMS = ("Kettle", "Teapot", "Tray")
ROWS = [f"2026-02-0{day},{item},1,{day}{place}.50" for day in range(2, 6) for place, item in enumerate(ITEMS)]
TOTAL = sum(Decimal(row.rpartition(",")[2]) for row in ROWS)
Ingest = Callable[[Sequence[str]], tuple[int, dict[str, Any]]]


@pytest.fixture
def ingest(home: Path, tmp_path: Path, run: Run) -> Ingest:
    (home / "contracts").mkdir(parents=True)
    (home / "contracts" / "shop.yaml").write_text(yaml.safe_dump(CONTRACT))
    count = iter(range(99))

    def give(rows: Sequence[str]) -> tuple[int, dict[str, Any]]:
        path = tmp_path / f"{next(count)}.csv"
        path.write_text("\n".join(["Day,Item,Units,Total", *rows, ""]))
        code, receipt = run("ingest", str(path), "--region", "shop")
        return code, dict(receipt)

    return give


def test_a_renamed_product_holds_the_file(ingest: Ingest, run: Run) -> None:
    ingest(ROWS)
    code, receipt = ingest([row.replace("Tray", "Tray blue") for row in ROWS])
    assert (code, [hold["code"] for hold in receipt["holds"]]) == (4, ["known-sales-under-another-spelling"])
    assert sum(Decimal(row["net_amount"]) for row in run("query", "sale-lines")[1]["rows"]) == TOTAL


def test_other_products_with_all_known_sales_or_with_other_amounts_are_other_sales(ingest: Ingest) -> None:
    ingest(ROWS)
    trays = [row for row in ROWS if "Tray" in row]
    code, receipt = ingest([*ROWS, *(row.replace("Tray", "Tray blue") for row in trays)])
    assert (code, receipt["rows"]["new"]) == (0, len(trays))
    fewer = [row for row in ROWS if row not in trays]
    assert ingest([*fewer, *(row.replace("Tray,1,", "Tray red,1,1") for row in trays)])[0] == 0
