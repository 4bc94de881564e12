"""Binary workbooks (.xlsb): what calamine drops is taken from their records, and damage is an error."""

import io
import struct
import zipfile
from collections import Counter
from typing import Any

import pytest
from sheet_files import cell12, record12, xlsb

from tillstream.model.contract_sections import FileStyle
from tillstream.model.limits import LIMITS
from tillstream.pipeline.reading.open_reader import read_blocks
from tillstream.pipeline.reading.read_options import ReadOptions, UnreadableFile
from tillstream.pipeline.reading.workbooks.xlsb import XlsbRows, copy_sheet
from tillstream.pipeline.rows.row_batch import Block

HEAD = [["No", "Value"]]
EMPTY_TEXT, ZERO = struct.pack("<IH", 0, 0), struct.pack("<dH", 0, 0)
CALCULATED = record12(157, struct.pack("<I", 191029))


def read(data: bytes, **style: Any) -> list[Block]:
    return list(read_blocks(lambda: io.BytesIO(data), ReadOptions(FileStyle.model_validate(style))))


def rows(data: bytes, **style: Any) -> list[dict[str, str]]:
    return [row for block in read(data, **style) for row in block.cells.to_pylist()]


def number(value: float) -> bytes:
    return cell12(5, 0, struct.pack("<d", value))


@pytest.mark.parametrize("kind", [3, 11], ids=["a cell", "a formula"])
@pytest.mark.parametrize(("code", "text"), [(7, "#DIV/0!"), (42, "#N/A"), (99, "#ERROR")])
def test_an_error_is_not_an_empty_cell(kind: int, code: int, text: str) -> None:
    data = xlsb(("Sales", HEAD), cells=[number(1), cell12(kind, 1, bytes((code, 0, 0)))])
    assert rows(data) == [{"No": "1", "Value": text}]


def test_a_text_with_formats_within_it_is_not_an_empty_cell() -> None:
    text = "Tasse".encode("utf-16-le")
    rich = cell12(62, 1, b"\x01" + struct.pack("<I", 5) + text + struct.pack("<IHH", 1, 0, 0))
    assert rows(xlsb(("Sales", HEAD), cells=[number(1), rich])) == [{"No": "1", "Value": "Tasse"}]


@pytest.mark.parametrize("value", [EMPTY_TEXT, ZERO], ids=["empty", "zero"])
def test_a_formula_that_was_never_calculated_has_no_value(value: bytes) -> None:
    formula = cell12(8 if value == EMPTY_TEXT else 9, 1, value)
    (block,) = read(xlsb(("Sales", HEAD), cells=[number(1), formula]))
    assert [(row.code, row.detail) for row in block.unreadable] == [("formula-without-value", "Value")]
    assert len(rows(xlsb(("Sales", HEAD), cells=[number(1), formula], more=CALCULATED))) == 1
    result = cell12(9, 2, struct.pack("<dH", 2.5, 0))
    calculated = xlsb(("Sales", [["No", "Value", "Sum"]]), cells=[number(1), formula, result])
    assert rows(calculated)[0]["Sum"] == "2.5"


@pytest.mark.parametrize(
    ("bits", "text"),
    [(46027 << 2 | 2, "2026-01-05"), (4602750 << 2 | 3, "2026-01-05T12:00:00")],
    ids=["a whole day", "a hundredth"],
)
def test_a_date_stored_as_a_compact_number_is_a_date(bits: int, text: str) -> None:
    style = 1 if "T" in text else 2
    compact = cell12(2, 1, struct.pack("<i", bits), style)
    assert rows(xlsb(("Sales", HEAD), cells=[number(1), compact])) == [{"No": "1", "Value": text}]


@pytest.mark.parametrize(
    ("bits", "text"), [(7 << 2 | 2, "7"), (-7 << 2 | 2, "-7"), (1250 << 2 | 3, "12.5"), (0x40290000, "12.5")]
)
def test_a_compact_number_has_its_value(bits: int, text: str) -> None:
    compact = cell12(2, 1, struct.pack("<i", bits))
    assert rows(xlsb(("Sales", HEAD), cells=[number(1), compact])) == [{"No": "1", "Value": text}]


def test_the_value_of_a_formula_is_read() -> None:
    formula = cell12(8, 1, struct.pack("<I", 2) + "ok".encode("utf-16-le") + b"\0\0")
    assert rows(xlsb(("Sales", HEAD), cells=[number(1), formula])) == [{"No": "1", "Value": "ok"}]


def test_the_first_visible_sheet_or_the_named_one_is_read() -> None:
    data = xlsb(("Hidden", [["A"], [1]]), ("Cover", [["B"], [2]]), ("Sales", [["C"], [3]]), hidden=["Hidden"])
    assert (rows(data), rows(data, sheet="Sales")) == ([{"B": "2"}], [{"C": "3"}])
    with pytest.raises(UnreadableFile, match="Its sheets are “Cover”, “Sales”, “Hidden”"):
        rows(data, sheet="June")


def test_the_case_of_the_names_of_parts_does_not_matter() -> None:
    data = xlsb(("Sales", [["No", "Product"], [1, "Cup"]]))
    data = data.replace(b"xl/sharedStrings.bin", b"xl/SharedStrings.bin")
    assert rows(data) == [{"No": "1", "Product": "Cup"}]


class _Counting(zipfile.ZipFile):
    """Counts how often each part is unpacked."""

    def open(self, name: str | zipfile.ZipInfo, *args: Any, **options: Any) -> Any:
        self.__dict__.setdefault("opened", Counter())[getattr(name, "filename", name)] += 1
        return super().open(name, *args, **options)


def test_each_part_is_unpacked_once() -> None:
    with _Counting(io.BytesIO(xlsb(("Sales", [["No", "Product"], [1, "Cup"]])))) as archive:
        assert len(list(XlsbRows(archive, "", LIMITS))) == 2
        parts = {name for name in archive.namelist() if name.endswith((".bin", ".rels"))}
        assert archive.__dict__["opened"] == Counter(parts)


def test_distant_cells_are_rejected_before_they_take_memory() -> None:
    far = record12(0, struct.pack("<I", 1_000_000)) + cell12(5, 16_000, struct.pack("<d", 1))
    with pytest.raises(UnreadableFile, match="too far apart"):
        rows(xlsb(("Sales", HEAD), cells=[far]))


@pytest.mark.parametrize(
    "part",
    [
        b"\x05",
        b"\x05\xff\xff\xff\x7f",
        record12(5, b"\0" * 16),
        record12(0, b"\0"),
        record12(0, struct.pack("<I", 1 << 21)) + number(1),
        record12(0, bytes(4)) + cell12(5, 1 << 15, bytes(8)),
        record12(0, bytes(4)) + record12(7, bytes(6)),
        record12(0, bytes(4)) + cell12(62, 0, b"\0\xff\xff\0\0"),
        record12(0, bytes(4)) + record12(13, bytes(8)),
    ],
)
def test_damaged_records_are_errors(part: bytes) -> None:
    with pytest.raises(UnreadableFile):
        copy_sheet(part, is_calculated=True)


def test_a_text_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(UnreadableFile):
        rows(xlsb(("Sales", [["No"], ["x"]]), cells=[cell12(7, 0, struct.pack("<I", 99))]))
