"""Sale numbers that start again: the file would replace other sales, so a person decides."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

Run = Callable[..., tuple[int, Any]]
CODE = "known-numbers-of-other-sales"
CONTRACT = {
    "name": "till",
    "region": "North",
    "currency": "EUR",
    "identity": {"ids": "region-wide"},
    "columns": {"sale_id": "No", "date": "Day", "net_amount": "Amount", "product_id": "Item"},
}
PRODUCTS = ("Tea", "Mug", "Cup", "Pot", "Jug")
Sale = tuple[int, str, str, str]


def sales(day: str, numbers: Sequence[int] = range(1, 9), first: int = 0) -> list[Sale]:
    return [(number, day, PRODUCTS[(number + first) % 5], f"{number + first}.50") for number in numbers]


@pytest.fixture
def ingest(home: Path, tmp_path: Path, run: Run) -> Callable[[list[Sale]], dict[str, Any]]:
    (home / "contracts").mkdir(parents=True)
    (home / "contracts" / "till.yaml").write_text(yaml.safe_dump(CONTRACT))
    count = iter(range(99))

    def give(rows: list[Sale]) -> dict[str, Any]:
        path = tmp_path / f"{next(count)}.csv"
        path.write_text("\n".join(["No,Day,Item,Amount", *(",".join(map(str, row[:4])) for row in rows), ""]))
        return dict(run("ingest", str(path), "--region", "till")[1])

    return give


def codes(receipt: dict[str, Any]) -> list[str]:
    return [hold["code"] for hold in receipt["holds"]]


def test_numbers_of_another_day_hold_the_file_until_it_is_confirmed(ingest: Any, run: Run) -> None:
    ingest(sales("2026-03-02"))
    held = ingest(sales("2026-03-03"))
    assert (held["status"], codes(held)) == ("held", [CODE])
    assert re.fullmatch(
        r"8 of the 8 sale numbers that the ledger has already belong to other sales in this file: "
        r"\d is a sale of 2026-03-02 in the ledger, and of 2026-03-03 in this file\.",
        held["holds"][0]["message"],
    )
    settled = run("confirm", held["batch_id"])[1]
    assert (settled["status"], settled["rows"]["corrected"]) == ("settled", 8)
    for way in ("--check", "--from-originals"):
        assert run("rebuild", way)[1]["differences"] == []


def test_numbers_of_the_same_day_with_other_products_hold_the_file(ingest: Any) -> None:
    ingest(sales("2026-03-02"))
    other = [*sales("2026-03-02", range(1, 8), first=2), (8, "2026-03-02", PRODUCTS[8 % 5], "99.00")]
    held = ingest(other)
    assert codes(held) == [CODE]
    assert held["holds"][0]["message"].endswith("of 2026-03-02 has other products in the ledger.")


def test_further_lines_of_known_sales_are_no_other_sales(ingest: Any) -> None:
    ingest(sales("2026-03-02"))
    assert ingest(sales("2026-03-02", first=2))["rows"]["new"] == 8


def test_a_few_sales_with_another_day_are_corrected(ingest: Any) -> None:
    ingest(sales("2026-03-02", range(1, 20)))
    receipt = ingest([*sales("2026-03-03", range(1, 9)), *sales("2026-03-02", range(9, 20))])
    assert (receipt["status"], receipt["rows"]["corrected"]) == ("settled", 8)
    assert ingest(sales("2026-03-04", range(1, 5)))["rows"]["corrected"] == 4


def test_corrected_amounts_and_the_same_rows_again_raise_no_question(ingest: Any) -> None:
    ingest(sales("2026-03-02"))
    dearer = [(number, day, item, f"1{amount}") for number, day, item, amount in sales("2026-03-02")]
    assert ingest(dearer)["rows"]["corrected"] == 8
    assert codes(ingest([*sales("2026-03-02"), *sales("2026-03-03", range(20, 30))])) == []
