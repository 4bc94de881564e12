"""Old Excel workbooks (.xls): no value is lost in silence, and no few bytes fill the memory."""

import io
import struct
from dataclasses import replace
from datetime import date

import pytest
from sheet_files import compound, record, xls

from tillstream.model.contract_sections import FileStyle
from tillstream.model.limits import LIMITS, Limits
from tillstream.pipeline.reading.open_reader import read_blocks
from tillstream.pipeline.reading.read_options import ReadOptions, UnreadableFile
from tillstream.pipeline.rows.row_batch import Block

TABLE = [["No", "Sum"], ["1", 5], ["2", 7]]
NAMES = ("Sales", [["No", "Sum"]])
BLANK, TEXT = b"\x03\0\0\0\0\0\xff\xff", b"\0\0\0\0\0\0\xff\xff"
RECALCULATED = record(0x1C1, bytes(8))


def read(data: bytes, limits: Limits = LIMITS, sheet: str = "") -> Block:
    options = ReadOptions(limits=limits, style=FileStyle(sheet=sheet))
    (block,) = read_blocks(lambda: io.BytesIO(data), options)
    return block


def refusal(data: bytes, limits: Limits = LIMITS) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read(data, limits)
    return str(caught.value)


def cell(kind: int, row: int, column: int, value: bytes) -> bytes:
    return record(kind, struct.pack("<HHH", row, column, 0) + value)


def formula(row: int, value: bytes | float, flags: int = 0, column: int = 1) -> bytes:
    return cell(
        6, row, column, (value if isinstance(value, bytes) else struct.pack("<d", value)) + struct.pack("<HI", flags, 0)
    )


def text(value: str) -> bytes:
    return struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")


def columns(block: Block) -> list[list[str]]:
    return [list(row.values()) for row in block.cells.to_pylist()]


def test_every_kind_of_number_and_text_is_read() -> None:
    cells = [
        cell(0x27E, 1, 0, struct.pack("<I", (1234 << 2) | 3)),
        cell(0x27E, 1, 1, struct.pack("<d", 1.5)[4:]),
        record(0xBD, struct.pack("<HHHIHIH", 2, 0, 0, 7 << 2 | 2, 0, 8 << 2 | 2, 1)),
        cell(0x204, 3, 0, struct.pack("<HB", 2, 0) + "é1".encode("latin-1")),
        cell(0xD6, 3, 1, text("日本") + b"\1\0\0\0\0\0"),
    ]
    assert columns(read(xls(NAMES, cells=cells))) == [["12.34", "1.5"], ["7", "8"], ["é1", "日本"]]


def test_formulas_have_their_values_and_errors_their_names() -> None:
    cells = [
        formula(1, 2.0, column=0),
        formula(1, TEXT),
        record(0x4BC, b"shared"),
        record(0x207, text("two")),
        formula(2, b"\1\0\1\0\0\0\xff\xff", column=0),
        formula(2, b"\2\0\x07\0\0\0\xff\xff"),
        cell(0x205, 3, 0, b"\x2a\1"),
        formula(3, BLANK),
        cell(0x205, 4, 0, b"\x99\1"),
    ]
    block = read(xls(NAMES, cells=cells))
    assert columns(block) == [["2", "two"], ["TRUE", "#DIV/0!"], ["#N/A", ""], ["#ERROR", ""]]
    assert block.unreadable == []


@pytest.mark.parametrize("value", [BLANK, 0.0])
def test_results_that_no_program_calculated_are_not_taken_for_values(value: bytes | float) -> None:
    cells = [cell(0x203, 1, 0, struct.pack("<d", 1)), formula(1, value, flags=3)]
    block = read(xls(NAMES, cells=cells))
    assert [(row.line_number, row.code, row.detail) for row in block.unreadable] == [
        (2, "formula-without-value", "Sum")
    ]
    calculated = [*cells, formula(2, 4.0)]
    assert [row[1] for row in columns(read(xls(NAMES, cells=calculated)))] == ["" if value == BLANK else "0", "4"]
    assert read(xls(NAMES, cells=cells, more=[RECALCULATED])).unreadable == []


def test_results_are_in_their_column_if_the_first_columns_are_empty() -> None:
    cells = [formula(1, BLANK, column=3), cell(0x203, 2, 3, struct.pack("<d", 5)), formula(3, BLANK, column=0)]
    block = read(xls(("Sales", [[None, None, "No", "Sum"]]), cells=cells))
    assert columns(block) == [["", "5"]]
    assert [(row.line_number, row.detail) for row in block.unreadable] == [(2, "Sum")]


def test_a_text_of_a_formula_that_does_not_follow_refuses_its_row() -> None:
    for following in ([], [formula(2, 3.0)]):
        block = read(xls(NAMES, cells=[formula(1, TEXT), *following]))
        assert [row.line_number for row in block.unreadable] == [2]


def test_cells_in_any_order_and_beside_charts_are_read() -> None:
    chart = record(0x809, struct.pack("<HH12x", 0x600, 0x20)) + cell(0x203, 1, 0, struct.pack("<d", 9)) + record(0x0A)
    cells = [cell(0x203, 5, 1, struct.pack("<d", 7)), chart, cell(0x203, 3, 1, struct.pack("<d", 5))]
    block = read(xls(("Sales", []), cells=[*cells, cell(0x204, 1, 1, text("Sum"))]))
    assert (columns(block), block.line_number.tolist(), block.blank) == ([["5"], ["7"]], [4, 6], 2)


def test_a_hidden_sheet_is_not_the_first_one_and_is_read_by_its_name() -> None:
    data = xls(("Lists", [["A"], ["1"]]), ("Shown", TABLE), hidden=["Lists"])
    assert columns(read(data)) == [["1", "5"], ["2", "7"]]
    assert columns(read(data, sheet="Lists")) == [["1"]]


def test_days_count_from_1904_if_the_workbook_sets_it() -> None:
    data = xls(("Sales", [["Day"], [date(2026, 1, 5)]]), more=[record(0x22, b"\1\0")])
    assert columns(read(data)) == [["2030-01-06"]]


def shared(*parts: bytes) -> bytes:
    """A workbook whose four texts are in `parts`, of which all but the first continue it."""
    records = [record(0xFC, struct.pack("<II", 4, 4) + parts[0]), *(record(0x3C, one) for one in parts[1:])]
    return xls(("Sales", [["a"], ["b"], ["c"], ["d"]]), texts_as=b"".join(records))


def test_shared_texts_go_on_in_the_next_record() -> None:
    narrow, wide = struct.pack("<HB", 4, 0), struct.pack("<HB", 3, 1)
    parts = (
        struct.pack("<HBH", 2, 8, 1) + b"No" + b"\0" * 4 + narrow + b"ab",
        b"\1" + "日本".encode("utf-16-le") + wide + "é😀".encode("utf-16-le")[:4],
        b"\1" + "😀".encode("utf-16-le")[2:] + struct.pack("<HBI", 1, 4, 6) + b"z" + b"\0" * 2,
        b"\0" * 4,
    )
    assert columns(read(shared(*parts))) == [["ab日本"], ["é😀"], ["z"]]
    assert "texts are cut off" in refusal(shared(*parts[:-1]))
    assert columns(read(shared(*parts, b"\0"))) == [["ab日本"], ["é😀"], ["z"]]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (compound(("EncryptedPackage", b"")), "locked with a password"),
        (xls(("Sales", TABLE), more=[record(0x2F, b"\0\0")]), "locked with a password"),
        (compound(("Book", b"")), "Excel 95"),
        (xls(("Sales", TABLE)).replace(b"\x09\x08\x10\0\0\x06", b"\x09\x08\x10\0\0\x05"), "Excel 95"),
        (compound(("WordDocument", b"")), "Word document"),
        (compound(("Other", b"")), "no workbook"),
        (xls(NAMES, cells=[cell(0xFD, 1, 0, b"\x09\0\0\0")]), "cannot be read"),
        (xls(NAMES, cells=[cell(0x203, 1, 0, b"\0")]), "cut off"),
        (xls(NAMES, cells=[record(0xBD, struct.pack("<HHHIH", 1, 0, 0, 0, 9))]), "cut off"),
        (xls(NAMES, cells=[cell(0x203, 1, 256, bytes(8))]), "more than 256 cells"),
        (xls(NAMES, cells=[record(0x0A)])[:700], "cut off"),
    ],
)  # fmt: skip
def test_an_unreadable_file_states_the_reason(data: bytes, words: str) -> None:
    assert words in refusal(data)


def test_no_few_bytes_fill_the_memory() -> None:
    small = replace(LIMITS, sheet_bytes=1 << 16)
    assert "sheet_limit_mb" in refusal(xls(("Sales", [["x" * 500] * 200])), small)
    assert "too far apart" in refusal(xls(NAMES, cells=[cell(0x203, 60_000, 200, bytes(8))]), small)
    assert "sheet_limit_mb" in refusal(xls(("Sales", [["No"], *([n] for n in range(4_000))])), small)
    huge = record(0x200, struct.pack("<IIHHH", 0, 0xFFFFFFFF, 0, 0xFFFF, 0))
    assert columns(read(xls(("Sales", TABLE), cells=[huge]))) == [["1", "5"], ["2", "7"]]


def test_sectors_that_follow_each_other_in_a_circle_are_refused() -> None:
    data = bytearray(xls(("Sales", TABLE)))
    table = struct.unpack_from("<I", data, 76)[0]
    struct.pack_into("<I", data, (table + 1) * 512 + 4 * 3, 1)
    assert "do not end" in refusal(bytes(data))


def test_every_truncation_is_reported() -> None:
    data = xls(("Sales", TABLE))
    for end in range(8, len(data) - 512, 97):
        assert refusal(data[:end])


def test_a_number_that_is_none_and_a_day_that_does_not_exist_stop_nothing_else() -> None:
    data = xls(NAMES, cells=[cell(0x203, 1, 0, struct.pack("<d", float("inf")))])
    assert columns(read(data)) == [["inf", ""]]
    far = record(0x203, struct.pack("<HHHd", 1, 0, 4, 1e300))
    assert "cannot be read" in refusal(xls(NAMES, cells=[far]))
