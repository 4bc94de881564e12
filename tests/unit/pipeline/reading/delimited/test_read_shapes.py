"""Files as clerks' programs write them: titles, trailing delimiters, totals, quoting, ends that are missing."""

import io

import pytest
from delimited_text import read_all
from pydantic import ValidationError

from tillstream.model.contract_sections import FileStyle
from tillstream.pipeline.reading.delimited.delimited_reader import read_delimited_header
from tillstream.pipeline.reading.read_options import UnreadableFile

SIZES = (1, 7, 1 << 20)


def test_the_header_is_the_first_record_with_every_wanted_name() -> None:
    data = 'Sales,,\n"of ""March""\nand April",,\n\nNo,Qty\nNo,Qty,Price\n1,2,3\n'
    for size in SIZES:
        result = read_all(data, wanted={"No", "Price"}, block_bytes=size)
        assert (result.names, result.rows, result.line_numbers) == (["No", "Qty", "Price"], [("1", "2", "3")], [7])
    assert read_delimited_header(io.BytesIO(data.encode()), FileStyle(), ["Price"]) == ["No", "Qty", "Price"]


def test_without_such_a_record_the_first_with_text_names_the_columns() -> None:
    assert read_all("\n,\nA,A\n1,2\n", wanted={"No"}).names == ["A", "A (2)"]
    far = "x\n" * 100 + "No\n1\n"
    assert read_all(far, wanted={"No"}).names == ["x"]
    assert read_all(far[2:], wanted={"No"}).names == ["No"]


def test_a_title_with_an_unclosed_quote_does_not_hide_the_header() -> None:
    assert read_all('"Sales of March\nNo,Qty\n1,2\n', wanted={"No", "Qty"}).rows == [("1", "2")]
    with pytest.raises(UnreadableFile, match="A quotation mark opens in the header"):
        read_all('"Sales of March\nNo,Qty\n1,2\n', wanted={"Price"})


def test_a_header_quoted_whole_is_known_by_its_names_only() -> None:
    data = '"No,Qty"\n"1,2"\n'
    assert read_all(data, wanted={"No"}).flagged == [(1, "whole-row-quoted")]
    assert read_all(data).names == ["No,Qty"]


def test_rows_that_end_with_a_delimiter_more_are_read_in_blocks_of_any_size() -> None:
    data = "a,b\n" + "1,2,\n" * 50 + "3,4\n5,\n6,7,8\n,,\n" + '"9,9",0,\n'
    for size in SIZES:
        result = read_all(data, block_bytes=size)
        assert result.rows == [("1", "2")] * 50 + [("3", "4"), ("9,9", "0")]
        assert result.why == [(53, "ragged-row", "5,"), (54, "ragged-row", "6,7,8")]
        assert result.blank == 1


def test_a_surplus_that_is_not_usual_is_refused() -> None:
    result = read_all("a,b\n1,2\n3,4,\n")
    assert (result.rows, result.why) == ([("1", "2")], [(3, "ragged-row", "3,4,")])


def test_rows_may_lack_the_delimiters_of_nameless_columns() -> None:
    for size in SIZES:
        result = read_all("a,b,,\n1,2,,\n3,4\n5,\n", block_bytes=size)
        assert result.rows == [("1", "2", "", ""), ("3", "4", "", "")]
        assert result.why == [(4, "ragged-row", "5,")]
        assert read_all("a,b,,\n1,2\n3,4\n", block_bytes=size).names == ["a", "b"]


def test_headers_and_totals_between_the_rows_are_ignored_and_counted() -> None:
    data = 'a,b\n1,2\n a ,"b"\nTOTAL,3\n,Total: 4\nTotal\n"Total: 5",4,5\nTotally,6\na,c\n'
    for size in SIZES:
        result = read_all(data, style={"ignore": ["total"]}, block_bytes=size)
        assert result.rows == [("1", "2"), ("Totally", "6"), ("a", "c")]
        assert (result.ignored, result.row_numbers, result.refused) == (5, [1, 7, 8], [])


def test_quotes_are_characters_if_the_contract_disables_quoting() -> None:
    data = 'a,b\n"1,2\n"3","4"\n5\r6,"\n'
    for size in SIZES:
        assert read_all(data, style={"quote": ""}, block_bytes=size).rows == [
            ('"1', "2"),
            ('"3"', '"4"'),
            ("5\r6", '"'),
        ]


def test_apostrophes_quote_if_the_contract_sets_it() -> None:
    for size in SIZES:
        result = read_all("a,b\n'1,\n''2',\"3\n'4,5\n6,7\n", style={"quote": "'"}, block_bytes=size)
        assert result.rows == [("1,\n'2", '"3'), ("6", "7")]
        assert result.why == [(4, "unclosed-quote", "'4,5")]


def test_names_in_the_contract_replace_the_header_line() -> None:
    result = read_all("\n1,2\n3,4\n", style={"header": ["a", "b"]})
    assert (result.names, result.rows, result.line_numbers, result.blank) == (
        ["a", "b"],
        [("1", "2"), ("3", "4")],
        [2, 3],
        1,
    )
    assert read_all("", style={"header": ["a"]}).rows == []
    assert read_all("1,2\r3,4\r", style={"header": ["a", "b"]}).rows == [("1", "2"), ("3", "4")]


@pytest.mark.parametrize("wrong", [{"header": ["a", " a "]}, {"header": ["a", ""]}, {"ignore": [" "]}])
def test_names_and_words_that_could_not_work_are_refused_with_the_contract(wrong: dict[str, list[str]]) -> None:
    with pytest.raises(ValidationError):
        FileStyle.model_validate(wrong)


def test_the_number_of_columns_has_a_limit() -> None:
    with pytest.raises(UnreadableFile, match=r"3 columns, but the data source allows 2 \(file.max_columns\)"):
        read_all("a,b,c\n", style={"max_columns": 2})


@pytest.mark.parametrize(
    ("end", "cut"),
    [
        ("3", "line 4 ends after 1 of 2 cells"),
        ('3,"x', "a quotation mark opens on line 4"),
        ('3,"x\ny\n\nz', "a quotation mark opens on line 4"),
        ("\0\0\0", "the file contains only NUL bytes from line 4"),
        ("3,4", ""),
        ("3\n", ""),
        ('3,"x\n', ""),
        ("3,4,5", ""),
        ("\n", ""),
        ("", ""),
    ],
)
def test_a_file_that_ends_too_early_is_reported_as_truncated(end: str, cut: str) -> None:
    for size in SIZES:
        truncation = read_all("a,b\n1,2\n1,2\n" + end, block_bytes=size).cut
        assert truncation.startswith(cut)
        assert bool(truncation) == bool(cut)


def test_a_file_that_ends_inside_a_character_is_truncated() -> None:
    assert read_all("a,b\n1,é".encode()[:-1]).cut == "line 2 ends inside a character"
    assert read_all("a,b\n1,2".encode("utf-16-le")[:-1], "utf-16-le").cut == "line 2 ends inside a character"


def test_an_unclosed_quote_before_good_rows_is_no_cut() -> None:
    assert read_all('a,b\n1,"x\n2,3').cut == ""


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark_is_known_by_its_nul_bytes(encoding: str) -> None:
    data = "a,b\n1,漢ਊ\n".encode(encoding)
    assert read_all(data, "utf-16").rows == [("1", "漢ਊ")]
    assert read_all(data, encoding).rows == [("1", "漢ਊ")]
    with pytest.raises(UnreadableFile, match=f"without a byte order mark \\({encoding}\\)"):
        read_all(data)


def test_a_file_of_nul_bytes_is_refused_as_such() -> None:
    with pytest.raises(UnreadableFile, match="NUL bytes only"):
        read_all(b"\0" * 1000)
