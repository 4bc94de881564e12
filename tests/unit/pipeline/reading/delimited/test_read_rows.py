"""Every row of a file is read, refused or counted as blank, under its row and line number."""

import io
import tracemalloc
from dataclasses import replace
from itertools import pairwise

import pytest
from delimited_text import read_all

from tillstream.model.contract_sections import FileStyle
from tillstream.pipeline.reading.delimited.delimited_reader import read_delimited
from tillstream.pipeline.reading.delimited.header_search import Header
from tillstream.pipeline.reading.delimited.record_parser import parse_records
from tillstream.pipeline.reading.delimited.text_records import RecordSyntax, plain_layout
from tillstream.pipeline.reading.read_options import UnreadableFile
from tillstream.pipeline.rows.row_batch import UnreadableRow
from tillstream.pipeline.rows.text_columns import TEXT


def test_cells_are_exactly_the_text_of_the_file() -> None:
    result = read_all("a,b,c\n 1 ,,NA\nnull,0012,é\n")
    assert result.rows == [(" 1 ", "", "NA"), ("null", "0012", "é")]
    assert result.raw == [" 1 ,,NA", "null,0012,é"]


def test_every_column_is_text_and_none_is_null() -> None:
    block = next(read_delimited(io.BytesIO(b"a,b\n1,\n,2\n"), FileStyle()))
    assert block.cells.schema.types == [TEXT, TEXT]
    assert [column.null_count for column in block.cells.columns] == [0, 0]


def test_a_header_alone_gives_one_block_without_rows() -> None:
    for data in (b"a,b", b"a,b\n", b"a,b\r\n"):
        (block,) = read_delimited(io.BytesIO(data), FileStyle())
        assert block.cells.column_names == ["a", "b"]
        assert (block.cells.num_rows, block.unreadable, block.blank) == (0, [], 0)


def test_rows_with_other_numbers_of_cells_are_refused_and_the_others_survive() -> None:
    result = read_all("a,b,c\n1,2,3\n1,2\n4,5,6\n7,8,9,10\n11,12,13\n")
    assert result.rows == [("1", "2", "3"), ("4", "5", "6"), ("11", "12", "13")]
    assert result.refused == [
        UnreadableRow(2, 3, "1,2", "ragged-row", "2", "3"),
        UnreadableRow(
            4,
            5,
            "7,8,9,10",
            "ragged-row",
            "4",
            "3: quotes are possibly missing around a cell that contains a delimiter",
        ),
    ]
    assert result.row_numbers == [1, 3, 5]
    assert result.line_numbers == [2, 4, 6]


def test_blank_lines_and_rows_of_nothing_are_counted_and_keep_the_numbers() -> None:
    result = read_all('a,b\n\n1,2\r\n\r\n  \n , \n,\n,,\n"",""\n"\n",\u00a0\n3,4\n\n')
    assert result.rows == [("1", "2"), ("3", "4")]
    assert result.row_numbers == [2, 10]
    assert result.line_numbers == [3, 12]
    assert result.blank == 9
    assert not result.refused


def test_an_empty_first_cell_is_no_blank_row() -> None:
    assert read_all("a,b\n,2\n ,3\n").rows == [("", "2"), (" ", "3")]


def test_line_ends_may_be_mixed_and_the_last_may_be_missing() -> None:
    result = read_all("a,b\r\n1,2\n3,4\r\n5,6")
    assert result.rows == [("1", "2"), ("3", "4"), ("5", "6")]
    assert result.raw == ["1,2", "3,4", "5,6"]
    assert read_all("a,b\n1,2\r").rows == [("1", "2")]


def test_one_column_is_a_table_too() -> None:
    result = read_all('a\n1\n""\n2,3\n\n4')
    assert result.rows == [("1",), ("4",)]
    assert result.why == [(4, "ragged-row", "2,3")]
    assert result.blank == 2


def test_a_row_with_nul_bytes_is_refused_and_the_others_survive() -> None:
    result = read_all("a,b\n1\0,2\n3,4\n\0,\0\n")
    assert result.rows == [("3", "4")]
    assert result.why == [(2, "nul-bytes", "1\0,2"), (4, "nul-bytes", "\0,\0")]


def test_a_carriage_return_inside_a_row_is_a_letter() -> None:
    result = read_all('a,b\n1\rx,2\n3\r4\n5,"6\r7"\r\r\n8,9\r\r\n')
    assert result.rows == [("1\rx", "2"), ("8", "9\r")]
    assert result.why == [(3, "ragged-row", "3\r4"), (4, "unclosed-quote", '5,"6\r7"\r')]


def test_a_byte_order_mark_inside_the_file_is_a_letter() -> None:
    assert read_all("a,b\n\ufeff1,2\n", block_bytes=8).rows == [("\ufeff1", "2")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_those_of_the_contract(delimiter: str) -> None:
    data = 'a,b\n1,";|\t"\n'.replace(",", delimiter)
    assert read_all(data, delimiter=delimiter).rows == [("1", ";|\t".replace(delimiter, delimiter))]


def test_blocks_of_any_size_give_the_same_rows() -> None:
    data = "a,b\n" + "".join(f'{n},"x\n{n}"\n' if n % 3 else f"{n},y\n" for n in range(200)) + "only\n"
    wanted = read_all(data)
    assert len(wanted.rows) == 200
    for size in (1, 7, 64, 1000):
        assert read_all(data, block_bytes=size) == wanted


def test_a_large_file_is_read_in_blocks_of_about_the_requested_size() -> None:
    data = b"a,b\n" + b"1234567,8901234\n" * 10_000
    blocks = list(read_delimited(io.BytesIO(data), FileStyle(), block_bytes=16_384))
    assert len(blocks) in (10, 11)
    assert all(before.row_number[-1] + 1 == after.row_number[0] for before, after in pairwise(blocks))
    assert sum(block.cells.num_rows for block in blocks) == 10_000


def test_a_line_longer_than_a_record_may_be_makes_the_file_unreadable() -> None:
    for end in (b"", b"\n", b"\n1,2\n"):
        with pytest.raises(UnreadableFile, match="Line 3 is longer than 100 bytes") as refusal:
            list(
                read_delimited(
                    io.BytesIO(b"a,b\n1,2\n" + b"x" * 101 + end), FileStyle(), max_record_bytes=100, block_bytes=16
                )
            )
        assert refusal.value.code == "unreadable-file"


def test_an_abandoned_reader_leaves_no_thread_behind() -> None:
    blocks = read_delimited(io.BytesIO(b"a,b\n" + b"1,2\n" * 1000), FileStyle(), block_bytes=64)
    assert next(blocks).cells.num_rows
    blocks.close()  # type: ignore[attr-defined]
    with pytest.raises(StopIteration):
        next(blocks)


def test_memory_does_not_grow_with_the_file() -> None:
    class Endless(io.RawIOBase):
        """A header and as many megabytes of rows as asked for, never held at once."""

        def __init__(self, megabytes: int) -> None:
            self._parts = iter([b"a,b\n", *[b"1234567,8901234\n" * 65_536] * megabytes])

        def read(self, size: int = -1, /) -> bytes:
            return next(self._parts, b"")

    peaks = []
    for megabytes in (8, 88):
        tracemalloc.start()
        rows = sum(
            block.cells.num_rows
            for block in read_delimited(Endless(megabytes), FileStyle(), block_bytes=1 << 20)  # type: ignore[arg-type]
        )
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert rows == megabytes * 65_536
    # The blocks in flight differ by a few megabytes from run to run; a reader that kept rows would keep most of 80.
    assert peaks[1] < peaks[0] + 8 * 2**20


def test_rows_that_do_not_pair_with_their_records_raise_and_are_never_numbered_wrongly() -> None:
    data = b"1,2\n3,4\n"
    layout = plain_layout(data, len(data))
    wrong = replace(layout, starts=layout.starts[:1], ends=layout.ends[:1], lines=layout.lines[:1])
    with pytest.raises(RuntimeError, match="1 records gave 2 rows"):
        parse_records(data, wrong, Header(["a", "b"], ["a", "b"], 2), RecordSyntax(b",", 2, 100))


def test_numbers_of_refused_rows_are_plain_integers_in_every_block() -> None:
    text = b"a,b\n" + b'1,"x\ny"\n' * 40 + b"1\n" * 3
    refused = [
        row for block in read_delimited(io.BytesIO(text), FileStyle(), block_bytes=64) for row in block.unreadable
    ]
    assert [type(number) for row in refused for number in (row.row_number, row.line_number)] == [int] * 6


@pytest.mark.parametrize(
    ("columns", "rows", "code", "blank"),
    [(3, ',"\n', "unclosed-quote", 0), (19, '"' + ',"' * 19 + '\n""\n', "ragged-row", 1)],
)
def test_a_stray_quote_refuses_its_row_only(columns: int, rows: str, code: str, blank: int) -> None:
    result = read_all(",".join(f"c{number}" for number in range(columns)) + f"\n{rows}")
    assert (result.rows, result.blank) == ([], blank)
    assert [(line, why) for line, why, _ in result.why] == [(2, code)]
