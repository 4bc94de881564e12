"""A row that is the sum of all others is never counted as a sale without a question."""

from pathlib import Path

import pytest
from north_file import CONTRACT, ingest

from tests.e2e.conftest import Run

SALES = [f"{number},2026-03-01,Mug,{number},{number}.50" for number in range(1, 8)]
TOTAL = "8,2026-03-01,Summary,28,31.50"


@pytest.mark.parametrize("rows", [[*SALES, TOTAL], [TOTAL, *SALES]])
def test_a_first_or_last_row_that_is_the_sum_of_the_others_holds_the_file(
    run: Run, tmp_path: Path, rows: list[str]
) -> None:
    receipt = ingest(run, tmp_path, rows)
    (hold,) = receipt["holds"]
    assert hold["code"] == "total-row"
    assert f"line {rows.index(TOTAL) + 2}, 31.5, is the sum of all 7 other rows" in hold["message"]
    assert run("confirm", receipt["batch_id"])[1]["rows"]["new"] == 8


def test_the_cell_of_the_total_in_the_contract_ignores_it(run: Run, tmp_path: Path) -> None:
    receipt = ingest(run, tmp_path, [*SALES, TOTAL], CONTRACT | {"file": {"ignore_where": {"Item": ["summary"]}}})
    assert (receipt["holds"], receipt["rows"]["new"], receipt["rows"]["ignored"]) == ([], 7, 1)


@pytest.mark.parametrize("rows", [[*SALES, TOTAL.replace("31.50", "31.49")], [*SALES[:2], "3,2026-03-01,Mug,3,4.00"]])
def test_other_last_rows_and_few_rows_do_not_hold_the_file(run: Run, tmp_path: Path, rows: list[str]) -> None:
    receipt = ingest(run, tmp_path, rows)
    assert (receipt["status"], receipt["holds"]) == ("settled", [])
