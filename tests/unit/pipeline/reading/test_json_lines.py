"""JSON lines keep the digits, the names and the nested parts of their source, and report lines that are not JSON."""

import gzip
import io
from typing import Any

import pytest

from tillstream.model.contract_sections import FileStyle
from tillstream.pipeline.reading.open_reader import read_blocks, read_header
from tillstream.pipeline.reading.read_options import ReadOptions, UnreadableFile
from tillstream.pipeline.rows.row_batch import Block


def read(data: bytes, *needed: str, **how: Any) -> list[Block]:
    return list(read_blocks(lambda: io.BytesIO(data), ReadOptions(required_headers=needed, **how)))


def rows(data: bytes, *needed: str, **how: Any) -> list[dict[str, str]]:
    return [row for block in read(data, *needed, **how) for row in block.cells.to_pylist()]


def names(data: bytes) -> list[str]:
    return read_header(lambda: io.BytesIO(data), ReadOptions()).names


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"1.10", "1.10"),
        (b"12345678901234567890", "12345678901234567890"),
        (b"123456789012345678901234567890.5", "123456789012345678901234567890.5"),
        (b"-5", "-5"),
        (b"1e5", "1e5"),
        (b'"007"', "007"),
        (b'"a\\"b\\": \\u00e9"', 'a"b": é'),
        (b"null", ""),
        (b"true", "true"),
        (b'{"a": [1.10, "x"]}', '{"a": [1.10, "x"]}'),
        (b"[1,  2]", "[1,  2]"),
    ],
)
def test_a_value_keeps_what_the_source_wrote(value: bytes, text: str) -> None:
    assert rows(b'{"No":1,"V":' + value + b"}\n") == [{"No": "1", "V": text}]
    mixed = b'{"No":1,"V":' + value + b'}\n{"V":"x","No":"2"}\n{"No":3,"V":false}'
    assert [row["V"] for row in rows(mixed)] == [text, "x", "false"]


def test_numbers_have_the_decimal_sign_of_the_contract_and_texts_stay() -> None:
    data = b'{"No":1,"V":1.10,"W":"1.10"}\n'
    assert rows(data, decimal=",") == [{"No": "1", "V": "1,10", "W": "1.10"}]
    assert read_header(lambda: io.BytesIO(data), ReadOptions(decimal=",")).cells('{"V":1.5,"No":1}') == ["1", "1,5", ""]


def test_lines_are_the_rows_and_blank_ones_count() -> None:
    (block,) = read(b'\xef\xbb\xbf{"No":1}\r\n\r\n{"No":2}\r\n{"No":null}\r\n{}\r\n')
    assert block.cells.to_pylist() == [{"No": "1"}, {"No": "2"}]
    assert (block.row_number.tolist(), block.line_number.tolist(), block.blank) == ([1, 3], [1, 3], 3)
    assert block.raw(1) == '{"No":2}'


WRONG = {
    b"[1]": ("unreadable-json", "instead of names and values"),
    b'{"No":1,"No":2}': ("unreadable-json", "“No” occurs more than once"),
    b'{"No":1': ("unreadable-json", "truncated"),
    b"No,1": ("unreadable-json", "malformed"),
    b'{"No":01}': ("unreadable-json", "malformed"),
    b'{"No":NaN}': ("unreadable-json", "malformed"),
    b'{"No":1}{"No":2}': ("unreadable-json", "malformed"),
    b'{"No":"\xff"}': ("undecodable-text", "utf-8"),
}


@pytest.mark.parametrize(("line", "why"), WRONG.items(), ids=[str(line) for line in WRONG])
def test_a_line_that_is_no_object_is_refused_by_itself(line: bytes, why: tuple[str, str]) -> None:
    (block,) = read(b'{"No":1}\n' + line + b'\n{"No":3}\n')
    assert [row["No"] for row in block.cells.to_pylist()] == ["1", "3"]
    assert [(row.line_number, row.code, row.raw) for row in block.unreadable] == [
        (2, why[0], line.decode("utf-8", "backslashreplace"))
    ]
    assert why[1] in block.unreadable[0].detail


@pytest.mark.parametrize("data", [b"{}", b"{}\n{}\n"])
def test_objects_without_names_are_blank_rows(data: bytes) -> None:
    (block,) = read(data)
    assert (block.cells.num_rows, block.blank, block.unreadable) == (0, data.count(b"{"), [])


def test_late_names_are_kept_and_required_ones_are_searched() -> None:
    data = b"".join(b'{"No":%d}\n' % n for n in range(200)) + b'{"No":200,"Late":1.50,"Qty":2}\n'
    blocks = read(data, "No", "Qty", block_bytes=1 << 10)
    assert len(blocks) > 1
    assert blocks[0].cells.column_names == ["No", "Qty"]
    assert blocks[-1].cells.to_pylist()[-1] == {"No": "200", "Qty": "2", "Late": "1.50"}
    assert [int(number) for block in blocks for number in block.line_number] == list(range(1, 202))
    assert names(data) == ["No", "Late", "Qty"]


@pytest.mark.parametrize("late", [b'"Menge/St\xc3\xbcck"', b'"Menge\\/St\xc3\xbcck"', b'"Menge/St\\u00fcck"'])
def test_a_required_name_is_read_in_each_way_of_writing_it(late: bytes) -> None:
    data = b"".join(b'{"No":%d}\n' % n for n in range(200)) + b'{"No":200,' + late + b":2}\n"
    blocks = read(data, "No", "Menge/Stück", block_bytes=1 << 10)
    assert blocks[0].cells.column_names == ["No", "Menge/Stück"]


def test_lines_with_many_names_are_read_in_smaller_blocks() -> None:
    wide = b"{" + b",".join(b'"k%d":1' % number for number in range(1_900)) + b"}\n"
    blocks = read(wide + b'{"k0":2}\n' * 7_000)
    assert max(block.rows for block in blocks) * 1_900 <= 4 << 20
    assert [int(number) for block in blocks for number in block.line_number] == list(range(1, 7_002))


def test_json_lines_may_be_packed_or_in_utf_16() -> None:
    data = '{"No":1,"Name":"é"}\n'
    for packed in (
        gzip.compress(data.encode()),
        data.encode("utf-16"),
        data.encode("cp1252").decode("cp1252").encode(),
    ):
        assert rows(packed, style=FileStyle(encoding="cp1252")) == [{"No": "1", "Name": "é"}]


@pytest.mark.parametrize("data", [b'[{"No":1}]', b'[\n {"No":1}]', b'{\n  "No": 1\n}\n'])
def test_json_that_is_not_json_lines_is_rejected_with_instructions(data: bytes) -> None:
    with pytest.raises(UnreadableFile, match="one object per line"):
        read(data)


def test_headers_of_text_that_look_like_json_stay_text() -> None:
    assert read(b"[Order ID],{Qty}\n1,2\n")[0].cells.to_pylist() == [{"[Order ID]": "1", "{Qty}": "2"}]


def test_a_file_with_ever_new_names_is_refused() -> None:
    data = b"".join(b'{"name %d":1}\n' % n for n in range(60))
    with pytest.raises(UnreadableFile, match=r"file\.max_columns"):
        read(data, style=FileStyle(max_columns=50))
