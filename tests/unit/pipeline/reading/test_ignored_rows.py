"""Rows that are not sales are ignored, and no complete sale is."""

import io
from typing import Any

import pyarrow as pa
import pytest
from sheet_files import xlsx

from tillstream.model.contract_sections import FileStyle
from tillstream.pipeline.reading.open_reader import read_blocks
from tillstream.pipeline.reading.read_options import ReadOptions
from tillstream.pipeline.reading.skipped_rows import other_header

HEADER = "Product,Order,Date,Qty,Amount"
SALES = [
    "Shell Helix,1001,2026-03-02,1,7.95",
    "Total Quartz 9000,1002,2026-03-02,3,37.50",
    "Total,1003,2026-03-03,1,9.75",
    "Castrol,1004,2026-03-03,1,9.75",
]
TOTALS = ["Total,,,6,64.95", "Total all stores,,,,64.95", "Total: 4", "Total,,,64.95"]


def read(lines: list[str], **style: Any) -> tuple[list[str], int, list[str]]:
    """First cells of the rows, the number of ignored rows, and the refused rows."""
    data = "\n".join([HEADER, *lines, ""]).encode()
    blocks = list(read_blocks(lambda: io.BytesIO(data), ReadOptions(style=FileStyle(**style))))
    rows = [cell for block in blocks for cell in block.cells.column(0).to_pylist()]
    return rows, sum(block.ignored for block in blocks), [row.raw for block in blocks for row in block.unreadable]


@pytest.mark.parametrize("total", TOTALS)
def test_total_rows_are_ignored_and_sales_of_a_brand_with_the_same_name_are_not(total: str) -> None:
    first_cells = ["Shell Helix", "Total Quartz 9000", "Total", "Castrol"]
    assert read([*SALES, total], ignore=["Total"]) == (first_cells, 1, [])


def test_a_sale_with_a_cell_too_many_is_refused_and_not_ignored() -> None:
    sale = "Total Quartz, 5 l,1005,2026-03-04,1,9.75"
    assert read([*SALES, sale], ignore=["Total"])[1:] == (0, [sale])


def test_a_file_of_total_rows_only_has_no_sales() -> None:
    assert read(["Total,,,0,0"], ignore=["Total"]) == ([], 1, [])


def test_a_file_with_one_customer_is_not_ignored() -> None:
    assert read([SALES[1]], ignore=["Total"]) == (["Total Quartz 9000"], 0, [])


def test_the_same_holds_for_a_workbook() -> None:
    data = xlsx([line.split(",") for line in [HEADER, *SALES, TOTALS[0]]])
    (block,) = read_blocks(lambda: io.BytesIO(data), ReadOptions(style=FileStyle(ignore=("Total",))))
    assert (block.cells.num_rows, block.ignored) == (4, 1)


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ({"Product": ["total"]}, ["Shell Helix", "Total Quartz 9000", "Castrol"]),
        ({"Product": ["Total*"]}, ["Shell Helix", "Castrol"]),
        ({"Qty": ["1"], "Amount": ["37.50"]}, []),
        ({"Product": [""]}, ["Shell Helix", "Total Quartz 9000", "Total", "Castrol"]),
        ({"Absent": ["x"]}, ["Shell Helix", "Total Quartz 9000", "Total", "Castrol"]),
    ],
)
def test_rows_with_a_cell_of_the_contract_are_ignored(words: dict[str, list[str]], kept: list[str]) -> None:
    assert read(SALES, ignore_where=words) == (kept, len(SALES) - len(kept), [])


def test_the_rows_that_remain_keep_their_numbers_and_texts() -> None:
    style = FileStyle(ignore_where={"Product": ("Total",)})
    data = "\n".join([HEADER, *SALES]).encode()
    (block,) = read_blocks(lambda: io.BytesIO(data), ReadOptions(style=style))
    assert block.line_number.tolist() == [2, 3, 5]
    assert [block.raw(index) for index in range(3)] == [SALES[0], SALES[1], SALES[3]]
    assert {code: rows.tolist() for code, rows in block.warnings.items()} == {"no-final-line-break": [2]}


def test_a_row_is_not_ignored_because_of_a_cell_that_is_filled_from_above() -> None:
    rows = ["A,1,2026-03-02,1,5", "Total,1,2026-03-02,1,5", ",2,2026-03-02,1,5"]
    style: dict[str, Any] = {"fill_down": ["Product"], "ignore_where": {"Product": ["Total"]}}
    assert read(rows, **style)[:2] == (["A", "Total"], 1)


@pytest.mark.parametrize(
    ("row", "is_header"),
    [
        (["No", "Day", "Qty", "Price"], False),
        (["No", "Day", "Price", "Qty"], True),
        ([" Day ", "No", "Qty", ""], True),
        (["No", "Day", "Cost", "Price"], True),
        (["No", "1", "2", "Price"], False),
        (["1", "2", "3", "4"], False),
    ],
)
def test_a_row_that_names_other_columns_is_another_header(row: list[str], is_header: bool) -> None:
    rows = [["1", "2026-03-02", "1", "5"], ["2", "2026-03-03", "1", "5"], row]
    table = pa.table(dict(zip(["No", "Day", "Qty", "Price"], map(list, zip(*rows, strict=True)), strict=True)))
    assert other_header(table) == (2 if is_header else None)
