"""The header names the columns, or the file is refused with words for a person."""

import io

import pytest
from delimited_text import read_all

from tillstream.model.contract_sections import FileStyle
from tillstream.model.errors import Rejected
from tillstream.pipeline.reading.delimited.delimited_reader import read_delimited, read_delimited_header
from tillstream.pipeline.reading.read_options import UnreadableFile


def refusal(data: bytes, encoding: str = "utf-8") -> UnreadableFile:
    with pytest.raises(UnreadableFile) as caught:
        list(read_delimited(io.BytesIO(data), FileStyle(encoding=encoding), max_record_bytes=200))
    assert isinstance(caught.value, Rejected)
    return caught.value


def test_names_are_stripped_and_unquoted() -> None:
    assert read_delimited_header(io.BytesIO(b'\xef\xbb\xbf a ,"b, c","d\ne"\r\n1,2,3\n'), FileStyle()) == [
        "a",
        "b, c",
        "d\ne",
    ]


def test_a_header_over_two_lines_moves_the_lines_of_the_rows() -> None:
    assert read_all('a,"b\nc"\n1,2\n').line_numbers == [3]


def test_blank_lines_before_the_header_are_passed_over_and_counted_as_lines() -> None:
    result = read_all("\n ,\r\n\na,b\n1,2\n")
    assert (result.names, result.line_numbers, result.row_numbers, result.blank) == (["a", "b"], [5], [1], 0)


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\n\n", b" , \r\n", b"\r\n"])
def test_a_file_of_nothing_is_empty(data: bytes) -> None:
    assert refusal(data).code == "empty-file"


def test_a_repeated_name_is_refused_by_name() -> None:
    error = refusal(b"sale, store,store,sale,x\n1,2,3,4,5\n")
    assert (error.code, str(error)) == (
        "repeated-header",
        "The header (line 1) contains sale, store more than once. Give each column a unique name.",
    )
    assert "column 2" in str(refusal(b"column 2,,\n1,2,3\n"))


def test_a_contract_can_number_columns_of_the_same_name() -> None:
    style = FileStyle(repeated_names="number")
    assert read_delimited_header(io.BytesIO(b"sale,total,total\n1,2,3\n"), style, ("sale", "total")) == [
        "sale",
        "total",
        "total (3)",
    ]


def test_columns_without_a_name_are_called_by_their_place() -> None:
    assert read_all("a,,c,\n1,2,3,4\n").names == ["a", "column 2", "c", "column 4"]


def test_a_quote_that_the_header_never_closes_is_unreadable() -> None:
    error = refusal(b'a,"b\n1,2\n' * 2)
    assert (error.code, str(error)) == (
        "unreadable-file",
        "A quotation mark opens in the header (line 1) and is never closed.",
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04" + b"\x00" * 40, "archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "old Excel workbook (.xls) inside an archive"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "PDF"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
        (b"\xfe\xff" + "a,b\n1,2\n".encode("utf-16-be"), "UTF-16"),
    ],
)
def test_what_is_no_csv_file_at_all_is_named_with_the_way_out(data: bytes, words: str) -> None:
    for encoding in ("utf-8", "cp1252"):
        error = refusal(data, encoding)
        assert error.code == "unreadable-file"
        assert words in str(error)
        assert "CSV" in str(error) or encoding in str(error)


def test_a_contract_of_utf_16_reads_it() -> None:
    rows = list(read_delimited(io.BytesIO("a,b\n1,2\n".encode("utf-16")), FileStyle(encoding="utf-16")))
    assert rows[0].cells.to_pylist() == [{"a": "1", "b": "2"}]


def test_an_undecodable_header_is_unreadable() -> None:
    assert "not valid utf-8" in str(refusal(b"a,\xff\n1,2\n"))


def test_carriage_returns_alone_end_lines_if_they_end_the_first() -> None:
    for size in (1, 7, 1 << 20):
        result = read_all(b'a,b\r1,"x\ry"\r\r3,4\r\n5,6\n7,8\r', block_bytes=size)
        assert result.rows == [("1", "x\ny"), ("3", "4"), ("5", "6"), ("7", "8")]
        assert (result.line_numbers, result.blank) == ([2, 5, 6, 7], 1)
    assert read_all(b"a,b\r" + b"1,2\r" * 100_000, block_bytes=1 << 12, max_record_bytes=200).row_numbers[-1] == 100_000


def test_binary_data_is_refused() -> None:
    assert refusal(bytes(range(256)) * 10).code == "unreadable-file"
