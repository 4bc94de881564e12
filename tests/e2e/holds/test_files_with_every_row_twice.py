"""A file whose rows are in it twice is never counted twice without a question."""

from pathlib import Path
from typing import Any

import pytest
from north_file import CONTRACT, ingest

from tests.e2e.conftest import Run

SALES = [f"{number // 2},2026-03-01,Item {number},1,{number}.50" for number in range(2, 14)]
TWO_COFFEES = [line for line in SALES for _ in range(2 if line.startswith("3,") else 1)]
BY_CONTENT = CONTRACT | {
    "identity": {"ids": "region-wide", "by_content": True},
    "columns": {role: name for role, name in CONTRACT["columns"].items() if role != "sale_id"},
}


REPEATED = [(SALES * 2, 14), ([line for line in SALES for _ in range(2)], 3), (SALES * 3, 14), (SALES * 5, 14)]


@pytest.mark.parametrize(
    ("rows", "line", "contract"),
    [
        pytest.param(*one, contract, marks=() if number < 2 and number == at else pytest.mark.long)
        for number, one in enumerate(REPEATED)
        for at, contract in enumerate((CONTRACT, BY_CONTENT))
    ],
)
def test_a_file_that_was_appended_to_itself_is_held(
    run: Run, tmp_path: Path, contract: dict[str, Any], rows: list[str], line: int
) -> None:
    receipt = ingest(run, tmp_path, rows, contract)
    (hold,) = receipt["holds"]
    assert hold["code"] == "repeated-rows"
    assert hold["message"].startswith("All 12 different rows occur two or more times")
    assert hold["message"].endswith(f"the row of line 2 is that of line {line} again.")
    assert run("confirm", receipt["batch_id"])[1]["rows"]["new"] == len(rows)
    assert run("replay", receipt["batch_id"])[1]["status"] == "settled", "confirmed once"


def test_an_export_after_a_shorter_one_of_the_same_days_is_held(run: Run, tmp_path: Path) -> None:
    (hold,) = ingest(run, tmp_path, [*SALES[:8], *SALES], CONTRACT)["holds"]
    assert hold["message"].startswith("8 of 12 different rows occur two or more times")


@pytest.mark.parametrize(
    ("rows", "contract"),
    [
        (TWO_COFFEES, CONTRACT),
        ([SALES[0]] * 40, BY_CONTENT),
        ([line for number, line in enumerate(SALES) for _ in range(number % 5 + 1)], BY_CONTENT),
        ([line for number, line in enumerate(SALES) for _ in range(2 - (number % 6 == 5))], CONTRACT),
        ([line for number, line in enumerate(SALES) for _ in range((2, 3, 1, 2, 4, 2)[number % 6])], BY_CONTENT),
        (SALES[:6] * 2, BY_CONTENT),
    ],
    ids=["two of one item", "one product", "without numbers", "items scanned twice", "a busy day", "few products"],
)
def test_equal_lines_of_some_sales_are_kept(
    run: Run, tmp_path: Path, rows: list[str], contract: dict[str, Any]
) -> None:
    receipt = ingest(run, tmp_path, rows, contract)
    assert (receipt["status"], receipt["holds"], receipt["rows"]["new"]) == ("settled", [], len(rows))


def test_equal_lines_with_a_number_count_once(run: Run, tmp_path: Path) -> None:
    numbered = CONTRACT | {"columns": CONTRACT["columns"] | {"line_key": "Item"}}
    receipt = ingest(run, tmp_path, [*SALES, *SALES], numbered)
    assert (receipt["status"], receipt["rows"]["new"], receipt["rows"]["duplicate"]) == ("settled", 12, 12)
