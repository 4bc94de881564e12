"""A workbook with several sheets of sales is never loaded as if it had one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from sheet_files import xlsx

Run = Callable[..., tuple[int, Any]]
HEADER = ["No", "Day", "Item", "Qty", "Price"]
CONTRACT = {
    "name": "north",
    "region": "North",
    "currency": "EUR",
    "identity": {"ids": "region-wide"},
    "columns": {"sale_id": "No", "date": "Day", "product_id": "Item", "quantity": "Qty", "unit_price": "Price"},
}


def sales(first: int) -> list[list[str]]:
    return [HEADER, *([str(number), "2026-03-01", "A", "2", "19.99"] for number in range(first, first + 3))]


def ingest(run: Run, folder: Path, *others: tuple[str, list[list[str]]], **style: str) -> dict[str, Any]:
    """Load a workbook whose first sheet is February, with other sheets after it."""
    home = folder / "home"
    (home / "contracts").mkdir(parents=True)
    (home / "contracts" / "north.yaml").write_text(yaml.safe_dump(CONTRACT | {"file": style}))

    def add(workbook: Any, _: Any) -> None:
        for name, rows in others:
            sheet = workbook.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
        if others[2:]:
            sheet.hide()

    (folder / "months.xlsx").write_bytes(xlsx(sales(1), add, "February"))
    return dict(run("ingest", str(folder / "months.xlsx"), "--region", "north")[1])


def test_other_sheets_with_the_same_columns_hold_the_file(run: Run, tmp_path: Path) -> None:
    receipt = ingest(run, tmp_path, ("March", sales(4)), ("Notes", [["Checked by Asha"]]), ("April", sales(7)))
    (hold,) = receipt["holds"]
    assert hold["code"] == "other-sheets"
    assert "Only the sheet “February” is read" in hold["message"]
    assert "“March”, “April” (hidden)" in hold["message"]
    assert run("confirm", receipt["batch_id"])[1]["status"] == "settled"


def test_sheets_without_sales_do_not_hold_the_file(run: Run, tmp_path: Path) -> None:
    pivot = [["Item", "Sum of Qty"], ["A", "6"]]
    receipt = ingest(run, tmp_path, ("Pivot", pivot), ("Empty", []), ("Template", [HEADER]))
    assert (receipt["status"], receipt["holds"]) == ("settled", [])


def test_a_contract_that_names_its_sheet_reads_it_without_a_question(run: Run, tmp_path: Path) -> None:
    receipt = ingest(run, tmp_path, ("March", sales(4)), sheet="March")
    assert (receipt["status"], receipt["rows"]["new"]) == ("settled", 3)
