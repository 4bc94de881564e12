"""Whatever the bytes, every row is accounted for, and a reader written letter by letter agrees."""

import csv
import gzip
import io
import random
from collections.abc import Callable
from functools import cache
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from reference_reader import Row, read_table

from examples import examples
from tillstream.model.contract_sections import FileStyle
from tillstream.pipeline.reading.delimited.delimited_reader import read_delimited
from tillstream.pipeline.reading.read_options import UnreadableFile

COMMA = FileStyle()


def as_read(data: bytes, style: FileStyle = COMMA, **sizes: int) -> tuple[list[str], list[Row], int]:
    """Header, rows in order, number of blank and ignored rows; all must balance and `raw` must be of the right row."""
    rows: list[Row] = []
    names: list[str] = []
    blank = 0
    for block in read_delimited(io.BytesIO(data), style, **sizes):
        names = block.cells.column_names
        blank += block.blank + block.ignored
        columns = [column.to_pylist() for column in block.cells.columns]
        numbers = list(zip(block.row_number.tolist(), block.line_number.tolist(), strict=True))
        assert len(numbers) == block.cells.num_rows
        for index, (row, line) in enumerate(numbers):
            rows.append(("read", row, line, (block.raw(index), [column[index] for column in columns])))
        rows += [(refused.code, refused.row_number, refused.line_number, refused.raw) for refused in block.unreadable]
    rows.sort(key=lambda row: row[1])
    taken = {row[1] for row in rows}
    assert len(taken) == len(rows)
    assert taken <= set(range(1, len(rows) + blank + 1))
    assert [row[2] for row in rows] == sorted(row[2] for row in rows)
    return names, rows, blank


def outcome(reader: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """The result of the reader, or the code of its error."""
    try:
        return reader(*args, **kwargs)
    except UnreadableFile as error:
        return error.code


pieces = st.sampled_from(
    [
        *[b'"', b'""', b",", b',"', b'",', b"\n", b"\r\n", b'"\n', b'\n"', b"\r", b"a", b"bc", b" ", b"\0"],
        *[b"\xc3\xa9", b"\xff", b"\xef\xbb\xbf", b"\xc2\xa0", b"\\x"],
    ]
)
hostile = st.lists(pieces, max_size=80).map(b"".join)
block_sizes = st.integers(1, 200)


@settings(max_examples=examples(600))
@given(head=st.sampled_from([b"x,y,z\n", b"x,y\r\n", b"x\n", b""]), body=hostile, block_bytes=block_sizes)
@example(head=b"x,y,z\n", body=b'1,"2,3\n4,",",6\n7,8,9', block_bytes=3)
@example(head=b"x,y\r\n", body=b'"\xc3\xa9," ', block_bytes=1)
@example(head=b"x,y\n", body=b'"a\rb" ,c\n', block_bytes=99)
@example(head=b"x\n", body=b'\xef\xbb\xbf1\r\r\n"a\rb"\r', block_bytes=1)
def test_hostile_bytes_are_read_as_letter_by_letter(head: bytes, body: bytes, block_bytes: int) -> None:
    assert outcome(as_read, head + body, block_bytes=block_bytes) == outcome(read_table, head + body)


@settings(max_examples=examples(300))
@given(body=hostile, block_bytes=block_sizes, longest=st.integers(8, 40))
def test_a_short_limit_of_records_is_kept_wherever_blocks_end(body: bytes, block_bytes: int, longest: int) -> None:
    data = b"x,y\n" + body
    got = outcome(as_read, data, block_bytes=block_bytes, max_record_bytes=longest)
    assert got == outcome(read_table, data, longest=longest)


@settings(max_examples=examples(300))
@given(data=st.binary(max_size=300), gzipped=st.booleans(), encoding=st.sampled_from(["utf-8", "cp1252", "utf-16"]))
def test_random_bytes_never_crash_the_reader_and_always_balance(data: bytes, gzipped: bool, encoding: str) -> None:
    style = FileStyle(encoding=encoding)
    data = gzip.compress(data) if gzipped else data
    small = outcome(as_read, data, style, block_bytes=7)
    assert small == outcome(as_read, data, style)


@cache
def words(encoding: str) -> st.SearchStrategy[str]:
    """Of the letters of an encoding, which take a tenth of a second to collect."""
    # cp932 gives these back as others; a carriage return alone is no line end here, but one for the csv module.
    letters = st.characters(codec=encoding, exclude_categories=["Cs"], exclude_characters="\0\r\ufeff¢£¬‖−〜")
    return st.text(letters | st.sampled_from("\",;|\t\n' "), max_size=6)


@st.composite
def tables(draw: st.DrawFn) -> tuple[FileStyle, list[list[str]], str, int]:
    """A style, the rows with their header, the line end and csv's quoting."""
    encoding = draw(st.sampled_from(["utf-8", "cp1252", "latin-1", "cp850", "cp932", "utf-16"]))
    quote = draw(st.sampled_from(['"', "'", ""]))
    style = FileStyle(encoding=encoding, delimiter=draw(st.sampled_from([",", ";", "\t", "|"])), quote=quote)
    word = words(encoding)
    word = word if quote else word.map(lambda text: text.replace(style.delimiter, "").replace("\n", ""))
    line_end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    if line_end == "\r":  # the csv module does not quote line ends of others
        word = word.map(lambda text: text.replace("\n", ""))
    width = draw(st.integers(1 if quote else 2, 4))
    header = [f"column {number}" for number in range(width)]
    rows = draw(st.lists(st.lists(word, min_size=width, max_size=width), max_size=12))
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    return style, [header, *rows], line_end, quoting if quote else csv.QUOTE_NONE


def written(table: tuple[FileStyle, list[list[str]], str, int]) -> str:
    style, rows, line_end, quoting = table
    text = io.StringIO(newline="")
    form: dict[str, Any] = {"delimiter": style.delimiter, "quotechar": style.quote or None, "quoting": quoting}
    csv.writer(text, lineterminator=line_end, **form).writerows(rows)
    return text.getvalue()


@settings(max_examples=examples(300))
@given(table=tables(), block_bytes=st.integers(16, 4096), gzipped=st.booleans(), cut=st.booleans())
def test_a_table_written_in_any_style_reads_back_equal(
    table: tuple[FileStyle, list[list[str]], str, int], block_bytes: int, gzipped: bool, cut: bool
) -> None:
    style, (header, *rows), line_end, _ = table
    text = written(table)
    text = text.removesuffix(line_end) if cut and rows and "".join(rows[-1]).strip() else text
    data = text.encode(style.encoding)
    names, results, blank = as_read(gzip.compress(data) if gzipped else data, style, block_bytes=block_bytes)
    # The header is line 1; what csv.reader counts is the line on which a row ends.
    form: dict[str, Any] = {"quotechar": style.quote} if style.quote else {"quoting": csv.QUOTE_NONE}
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=style.delimiter, **form)
    begins, last = [], 0
    for _ in reader:
        begins.append(last + 1)
        last = reader.line_num
    wanted = [
        (number, line, cells)
        for number, (line, cells) in enumerate(zip(begins[1:], rows, strict=True), start=1)
        if "".join(cells).strip()
    ]
    assert names == header
    assert [(row, line, content[1]) for kind, row, line, content in results if kind == "read"] == wanted
    assert len(results) == len(wanted)
    assert blank == len(rows) - len(wanted)


@settings(max_examples=examples(200))
@given(table=tables(), seed=st.integers(), block_bytes=st.integers(1, 300))
def test_a_mutated_file_reads_the_same_in_blocks_of_any_size(
    table: tuple[FileStyle, list[list[str]], str, int], seed: int, block_bytes: int
) -> None:
    style = table[0]
    data = bytearray(written(table).encode(style.encoding))
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data))
        data[at : at + chance.randint(0, 2)] = chance.choice([b'"', b"\n", b"\r", b",", b"\xff", b"\0", b""])
    assert outcome(as_read, bytes(data), style, block_bytes=block_bytes) == outcome(as_read, bytes(data), style)
    assert outcome(cut_of, bytes(data), style, block_bytes=block_bytes) == outcome(cut_of, bytes(data), style)
    assert outcome(cut_of, written(table).encode(style.encoding), style) == ""


def cut_of(data: bytes, style: FileStyle, **sizes: int) -> str:
    *before, last = (block.truncation for block in read_delimited(io.BytesIO(data), style, **sizes))
    assert not any(before)
    return last
