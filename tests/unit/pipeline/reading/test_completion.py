"""Values that a file writes once for several rows, and the day in its name."""

import io
from typing import Any

import pytest

from tillstream.model.contract_patterns import FILE_DATE
from tillstream.model.contract_sections import FileStyle
from tillstream.pipeline.reading.open_reader import read_blocks, read_header
from tillstream.pipeline.reading.read_options import ReadOptions, UnreadableFile

ORDERS = """No,Status,Item,Price
1,paid,Mug,5
1,,Tray,6
2,,Cup,1
3,"open, new",Mug,5
3,,"Cup, red",2
"""


def rows(text: str, file: str = "", block_bytes: int = 1 << 20, **style: Any) -> list[tuple[str, ...]]:
    options = ReadOptions(style=FileStyle(**style), file=file, block_bytes=block_bytes)
    blocks = read_blocks(lambda: io.BytesIO(text.encode()), options)
    return [tuple(row.values()) for block in blocks for row in block.cells.to_pylist()]


@pytest.mark.parametrize("block_bytes", [16, 40, 1 << 20])
def test_empty_cells_take_the_value_above_within_one_order(block_bytes: int) -> None:
    filled = rows(ORDERS, fill_down=["Status"], fill_down_within="No", block_bytes=block_bytes)
    assert [row[1] for row in filled] == ["paid", "paid", "", "open, new", "open, new"]


@pytest.mark.parametrize("block_bytes", [16, 40, 1 << 20])
def test_without_an_order_number_each_empty_cell_takes_the_value_above(block_bytes: int) -> None:
    filled = rows(ORDERS, fill_down=["Status"], block_bytes=block_bytes)
    assert [row[1] for row in filled] == ["paid", "paid", "paid", "open, new", "open, new"]


@pytest.mark.parametrize("block_bytes", [16, 40, 1 << 20])
def test_no_value_is_taken_across_an_unreadable_row(block_bytes: int) -> None:
    broken = ORDERS.replace('3,"open, new",Mug,5', "3,open,new,Mug,5")
    filled = rows(broken, fill_down=["Status"], block_bytes=block_bytes)
    assert [row[1] for row in filled] == ["paid", "paid", "paid", ""]


def test_the_text_of_a_filled_row_has_the_value() -> None:
    options = ReadOptions(style=FileStyle(fill_down=("Status",), fill_down_within="No"))
    (block,) = read_blocks(lambda: io.BytesIO(ORDERS.encode()), options)
    assert [block.raw(index) for index in (1, 3, 4)] == [
        "1,paid,Tray,6",
        '3,"open, new",Mug,5',
        '3,"open, new","Cup, red",2',
    ]


@pytest.mark.parametrize(
    ("name", "format_", "day"),
    [
        ("sales 2026-03-14.csv", "%Y-%m-%d", "2026-03-14"),
        ("14.3.2026_Linz.csv", "%d.%m.%Y", "2026-03-14"),
        ("Z20260314.csv", "%Y%m%d", "2026-03-14"),
        ("day-14-mar-26.csv", "%d-%b-%y", "2026-03-14"),
    ],
)
def test_the_day_in_the_name_is_a_column(name: str, format_: str, day: str) -> None:
    assert rows("No,Net\n1,5\n", name, date_in_name=format_) == [("1", "5", day)]
    header = read_header(
        lambda: io.BytesIO(b"No,Net\n1,5\n"), ReadOptions(style=FileStyle(date_in_name=format_), file=name)
    )
    assert (header.names, header.cells("1,5"), header.cells("1")) == (["No", "Net", FILE_DATE], ["1", "5", day], ["1"])


@pytest.mark.parametrize("name", ["sales.csv", "sales 2026-02-30.csv", "120260314.csv", ""])
def test_a_name_without_the_day_is_refused(name: str) -> None:
    with pytest.raises(UnreadableFile, match="contains no date such as 2026-12-31"):
        rows("No,Net\n1,5\n", name, date_in_name="%Y-%m-%d")


TOTALS = """No,Item,Total
1,Mug,11
1,Tray,11
2,Cup,11
,Bag,4
,Box,4
3,Mug,
3,Cup,7
3,Cup,8
1,Mug,11
"""


@pytest.mark.parametrize("block_bytes", [16, 40, 1 << 20])
def test_an_amount_of_an_order_counts_on_its_first_line(block_bytes: int) -> None:
    counted = rows(TOTALS, once=["Total"], once_within="No", block_bytes=block_bytes)
    assert [row[2] for row in counted] == ["11", "0", "11", "4", "4", "", "7", "8", "11"]


def test_the_text_of_a_row_with_a_repeated_amount_has_0() -> None:
    options = ReadOptions(style=FileStyle(once=("Total",), once_within="No"))
    (block,) = read_blocks(lambda: io.BytesIO(TOTALS.encode()), options)
    assert [block.raw(index) for index in (0, 1)] == ["1,Mug,11", "1,Tray,0"]


@pytest.mark.parametrize(
    "style",
    [
        {"date_in_name": "%d.%m"},
        {"date_in_name": "%H"},
        {"fill_down_within": "No"},
        {"once": ("Total",)},
        {"once": ("No",), "once_within": "No"},
    ],
)
def test_settings_that_cannot_work_are_refused(style: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"%|fill_down|once"):
        FileStyle(**style)
