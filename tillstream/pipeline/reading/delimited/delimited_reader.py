"""Read delimited text into blocks of text cells, with row numbers and physical lines; detect truncated files."""

import re
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pyarrow as pa

from tillstream.model.contract_sections import FileStyle
from tillstream.model.limits import LIMITS
from tillstream.pipeline.reading.archives import ByteSource
from tillstream.pipeline.reading.delimited.header_search import Header, find_header
from tillstream.pipeline.reading.delimited.record_parser import ParsedRecords, parse_records
from tillstream.pipeline.reading.delimited.text_records import (
    LF,
    RecordLayout,
    RecordSyntax,
    plain_layout,
    quoted_layout,
    whole_lines,
)
from tillstream.pipeline.reading.read_options import line_too_long
from tillstream.pipeline.reading.utf8_stream import Utf8Stream
from tillstream.pipeline.rows.row_batch import Block, UnreadableRow
from tillstream.pipeline.rows.text_columns import decode_texts

_COMPARED_ROWS, _MIN_ROWS = 1_000, 10
"""Maximum and minimum number of rows with which the last cell is compared."""
_MAX_WORD_SHARE = 0.2
_DECIMALS = re.compile(r"\d[.,](\d{1,4})\D*$")
_ROW_WORDS = (
    "rows?|records?|lines?|transactions?|entries|count|zeilen|datensätze|positionen|anzahl|lignes?|enregistrements?|"
    "filas?|registros?|líneas|linhas?|righe|record|regels|rader|wierszy|件数|行数|レコード数"
)
_TRAILER_LINE = re.compile(
    rf"(?:\b(?:{_ROW_WORDS})\b\W{{0,5}}(?P<after>\d{{1,10}})\b)|(?:\b(?P<before>\d{{1,10}})\s+(?:{_ROW_WORDS})\b)",
    re.IGNORECASE,
)

_THREADS = 2
_MAX_PENDING = 5
"""Pieces parsed in advance, so that the threads stay busy while the caller works or imports libraries."""
_HEAD_BYTES = 1 << 16
_MAX_MARKS, _ROW_MARKS = 1 << 21, 16
"""Quotation marks that are laid out at a time, and the number of them that a row counts as: each takes memory, however
short the cells are."""


class TruncationCheck:
    """Receives each block in order; `reason` describes why the file looks truncated and is empty if it does not.

    A last line without a line ending is complete if it has all its cells and its last cell is like those above. If rows
    follow an unclosed quote, only the line of the quote is wrong. If none follow and the file ends without a line
    ending, the rest of the cell is missing.
    """

    def __init__(self) -> None:
        self.reason = ""
        self._open_quote_line = 0
        """Line of an unclosed quote with no readable row after it; 0 if none."""
        self._rows = 0
        """Rows so far that are neither blank nor ignored."""
        self._above: list[str] = []
        """The last cells of the rows before the block."""

    def add(self, data: bytes, layout: RecordLayout, parsed: ParsedRecords, lines: int, syntax: RecordSyntax) -> bool:
        """Check a block; returns whether the file may end inside the block's last row, without any evidence for it."""
        if not len(layout.starts):
            return False
        self._rows += len(layout.starts) - parsed.blank - parsed.ignored
        self._track_open_quote(layout, parsed, lines)
        last, line = len(layout.starts) - 1, lines + 1 + int(layout.lines[-1])
        self.reason, state = "", "whole"
        if not data.endswith((b"\n", b"\r")):
            self.reason = self._unfinished(data, layout, parsed, line, syntax)
            if not self.reason and len(parsed.accepted) and int(parsed.accepted[-1]) == last:
                state, self.reason = self._compare_last_row(parsed.table, line)
        self._above = [*self._above, *_last_cells(parsed.table)][-_COMPARED_ROWS:]
        self.reason = self.reason or self._missing_rows(parsed.trailer)
        return state == "unknown"

    def _compare_last_row(self, table: pa.Table, line: int) -> tuple[str, str]:
        """Compare the last cell of the last row with those above it; also return why it looks truncated."""
        *above, cell = _last_cells(table)
        above = [*self._above, *above][-_COMPARED_ROWS:]
        state = compare_last_cell(cell, above)
        if state != "cut":
            return state, ""
        example = next(value for value in reversed(above) if value)
        return state, f"line {line:,} ends with “{cell}” without a line break, where other rows end like “{example}”"

    def _unfinished(
        self, data: bytes, layout: RecordLayout, parsed: ParsedRecords, line: int, syntax: RecordSyntax
    ) -> str:
        """Why a last record without a line ending is incomplete; empty if it has all its cells."""
        last = len(layout.starts) - 1
        if self._open_quote_line:
            return f"a quotation mark opens on line {self._open_quote_line:,} and the file ends before it is closed"
        if parsed.ragged.get(last, syntax.columns) < syntax.columns:
            return f"line {line:,} ends after {parsed.ragged[last]} of {syntax.columns} cells, without a line break"
        if last in parsed.undecodable:
            return f"line {line:,} ends inside a character"
        if last in parsed.nuls and not data[layout.starts[last] : layout.ends[last]].strip(b"\0"):
            return f"the file contains only NUL bytes from line {line:,}"
        return ""

    def _missing_rows(self, trailer: str) -> str:
        match = _TRAILER_LINE.search(trailer)
        count = int(match["after"] or match["before"]) if match else 0
        if count <= self._rows:
            return ""
        return f"its last line, “{trailer.strip()[:80]}”, counts {count:,} rows, and the file has {self._rows:,}"

    def _track_open_quote(self, layout: RecordLayout, parsed: ParsedRecords, lines: int) -> None:
        last_accepted = int(parsed.accepted[-1]) if len(parsed.accepted) else -1
        if last_accepted >= 0:
            self._open_quote_line = 0
        unclosed = layout.unclosed[layout.unclosed > last_accepted]
        if len(unclosed) and not self._open_quote_line:
            self._open_quote_line = lines + 1 + int(layout.lines[unclosed[0]])


def _last_cells(table: pa.Table) -> list[str]:
    """The last cells of the last rows."""
    column = table.column(table.num_columns - 1)
    return [text.strip() for text in decode_texts(column.slice(max(0, len(column) - _COMPARED_ROWS))).to_pylist()]


def compare_last_cell(cell: str, above: Sequence[str]) -> Literal["whole", "cut", "unknown"]:
    """Compare the last cell of a file without a final line break with the cells above it.

    The cell is whole if it repeats one of few words, or if no other cell is longer or has more decimals. It is cut if
    it has less of what all others have.
    """
    filled = [value for value in above if value]
    if len(filled) < _MIN_ROWS or len(filled) < len(above):
        return "whole" if not cell and len(filled) < len(above) else "unknown"
    if _is_whole(cell, filled):
        return "whole"
    return "cut" if not cell or _lacks_a_part(cell, filled) else "unknown"


def _is_whole(cell: str, others: Sequence[str]) -> bool:
    is_repeated = _are_few_words(others) and cell in others
    is_longest = len(cell) >= max(map(len, others)) and not cell.isdigit()
    return is_repeated or is_longest or 0 < max(map(_decimals, others)) <= _decimals(cell)


def _lacks_a_part(cell: str, others: Sequence[str]) -> bool:
    """Whether a cell that is not whole is the beginning of a word, or has fewer decimals or characters than others."""
    is_part_of_word = _are_few_words(others) and any(other.startswith(cell) for other in others)
    lacks_decimals = len({_decimals(other) for other in others}) == 1 and _decimals(others[0]) > 0
    is_too_short = len({len(other) for other in others}) == 1 and not all(map(str.isdigit, others))
    return is_part_of_word or lacks_decimals or is_too_short


def _are_few_words(cells: Sequence[str]) -> bool:
    return len(set(cells)) <= _MAX_WORD_SHARE * len(cells)


def _decimals(value: str) -> int:
    match = _DECIMALS.search(value)
    return len(match[1]) if match else 0


@dataclass(frozen=True)
class _Piece:
    """Consecutive complete records of the file. Without quotes, `layout` is None, and the worker thread computes it."""

    data: bytes
    size: int
    layout: RecordLayout | None


def read_delimited(
    stream: ByteSource,
    style: FileStyle,
    required: Collection[str] = (),
    *,
    block_bytes: int = 16 << 20,
    max_record_bytes: int = LIMITS.record_bytes,
) -> Iterator[Block]:
    """Yield the file's rows in order, in at least one block, so that the columns are always known.

    required: names that identify the header below titles. Every row after the header appears exactly once: in
    `cells`, in `unreadable`, or counted in `blank` or `ignored`. If the file looks truncated, the last block has a
    `truncation`. Raises `UnreadableFile`, possibly after some blocks; discard those blocks in that case. A line longer
    than `max_record_bytes` makes the file unreadable; a quoted cell that makes a record longer is an unclosed quote.
    """
    text = Utf8Stream(stream, style.encoding)
    header, rest, lines = find_header(text, style, required, min(block_bytes, _HEAD_BYTES), max_record_bytes)
    syntax = RecordSyntax(style.delimiter.encode(), header.width, max_record_bytes, style.quote.encode())
    builder = _BlockBuilder(text, header, syntax, lines)
    pending: deque[Future[tuple[_Piece, RecordLayout, ParsedRecords | None]]] = deque()
    yielded = False
    with ThreadPoolExecutor(_THREADS, "read") as threads:
        try:
            for piece in _pieces(text, rest, syntax, block_bytes):
                pending.append(threads.submit(_parse_piece, piece, header, syntax, style.ignore))
                if len(pending) >= _MAX_PENDING:
                    yielded = True
                    yield builder.block(*pending.popleft().result())
            while pending:
                yielded = True
                yield builder.block(*pending.popleft().result())
        finally:
            for future in pending:
                future.cancel()
    if not yielded or builder.truncation.reason or text.letters:
        empty = _parse_piece(_Piece(b"", 0, None), header, syntax, ())
        yield replace(builder.block(*empty), truncation=builder.truncation.reason, letters=text.letters)


def read_delimited_header(stream: ByteSource, style: FileStyle, required: Collection[str] = ()) -> list[str]:
    """Column names. Raises `UnreadableFile`."""
    return find_header(Utf8Stream(stream, style.encoding), style, required, _HEAD_BYTES, LIMITS.record_bytes)[0].names


def _pieces(text: Utf8Stream, rest: bytes, syntax: RecordSyntax, block_bytes: int) -> Iterator[_Piece]:
    """Split the rest of the file between records; an incomplete record starts the next piece."""
    data, final = rest, False
    while not final:
        chunk = text.read(block_bytes - len(data) if len(data) < block_bytes else len(data))
        data, final = data + chunk, not chunk
        del chunk  # as large as the block; it would stay in memory while this generator is suspended
        if not data:
            return
        is_part = True
        while is_part:
            piece = _first_piece(data, syntax, final=final)
            is_part = len(piece.data) < len(data)
            if piece.size:
                yield piece
            data = data[piece.size :]
        if not final and _is_too_long(data, syntax):
            yield _Piece(data, len(data), None)
            return


def _first_piece(data: bytes, syntax: RecordSyntax, *, final: bool) -> _Piece:
    """The first records of the data, or as many of them as their rows and quotation marks allow."""
    size = len(data)
    while (marks := _count_marks(data, size, syntax)) > _MAX_MARKS:
        size = size * _MAX_MARKS // marks
    while True:
        part = data[:size]
        is_end = final and size == len(data)
        if not syntax.quote or part.find(syntax.quote) < 0:
            piece = _Piece(part, whole_lines(part, final=is_end), None)
        else:
            layout = quoted_layout(part, syntax, final=is_end)
            piece = _Piece(part, layout.size, layout)
        if piece.size or size == len(data):
            return piece
        if _is_too_long(part, syntax):
            return _Piece(part, size, None)
        size = min(2 * size, len(data))  # the first record is longer


def _is_too_long(start: bytes, syntax: RecordSyntax) -> bool:
    """Whether a line that starts so is too long in any case; it is rejected later with its number."""
    return len(start) > syntax.max_record_bytes + 1 and start.find(b"\n") < 0


def _count_marks(data: bytes, size: int, syntax: RecordSyntax) -> int:
    buffer = np.frombuffer(data, np.uint8, size)
    rows, quotes = (np.count_nonzero(buffer == sign) if sign else 0 for sign in (LF, ord(syntax.quote or b"\0")))
    return int(_ROW_MARKS * rows + quotes)


def _parse_piece(
    piece: _Piece, header: Header, syntax: RecordSyntax, ignore: tuple[str, ...]
) -> tuple[_Piece, RecordLayout, ParsedRecords | None]:
    """Parse a piece; the result is None if a record is too long."""
    layout = piece.layout or plain_layout(piece.data, piece.size)
    if layout.too_long(syntax.max_record_bytes) is not None:
        return piece, layout, None
    return piece, layout, parse_records(piece.data, layout, header, syntax, ignore)


class _BlockBuilder:
    """Builds blocks with consecutive row and line numbers."""

    def __init__(self, text: Utf8Stream, header: Header, syntax: RecordSyntax, lines: int) -> None:
        self._text = text
        self._header = header
        self._syntax = syntax
        self._rows = 0
        self._lines = lines
        self.truncation = TruncationCheck()

    def block(self, piece: _Piece, layout: RecordLayout, parsed: ParsedRecords | None) -> Block:
        if parsed is None:
            line = layout.too_long(self._syntax.max_record_bytes) or 0
            raise line_too_long(self._lines + line + 1, self._syntax.max_record_bytes)
        data, starts, ends = piece.data, layout.starts[parsed.accepted], layout.ends[parsed.accepted]
        warnings = {"whole-row-quoted": parsed.unwrapped} if len(parsed.unwrapped) else {}
        if self.truncation.add(data[: piece.size], layout, parsed, self._lines, self._syntax):
            warnings["no-final-line-break"] = np.array([parsed.table.num_rows - 1])
        block = Block(
            parsed.table,
            self._rows + 1 + parsed.accepted,
            self._lines + 1 + layout.lines[parsed.accepted],
            self._refused(data, layout, parsed),
            parsed.blank,
            lambda index: self._text.display_text(data[starts[index] : ends[index]]),
            parsed.ignored,
            warnings=warnings,
            headers=self._rows + 1 + parsed.headers,
            irregular=parsed.irregular,
        )
        self._rows += len(layout.starts)
        self._lines += int(layout.line_count)
        return block

    def _refused(self, data: bytes, layout: RecordLayout, parsed: ParsedRecords) -> list[UnreadableRow]:
        encoding = self._text.encoding
        reasons = {int(index): ("unclosed-quote", "", "") for index in layout.unclosed}
        reasons |= dict.fromkeys(parsed.undecodable, ("undecodable-text", "", encoding))
        reasons |= dict.fromkeys(parsed.nuls, ("nul-bytes", "", ""))
        reasons |= {
            index: ("ragged-row", str(count), self._expected_cells(count)) for index, count in parsed.ragged.items()
        }
        return [
            UnreadableRow(
                self._rows + 1 + int(index),
                self._lines + 1 + int(layout.lines[index]),
                self._text.display_text(data[layout.starts[index] : layout.ends[index]]),
                *reasons[index],
            )
            for index in sorted(reasons)
        ]

    def _expected_cells(self, count: int) -> str:
        """Describe the expected number of cells. A longer row has an extra cell or an unquoted delimiter."""
        names, width = len(self._header.names), self._header.width
        if width > names:
            return f"{names}, and its rows end with {width - names} extra delimiters"
        return (
            str(names)
            if count < names
            else f"{names}: quotes are possibly missing around a cell that contains a delimiter"
        )
