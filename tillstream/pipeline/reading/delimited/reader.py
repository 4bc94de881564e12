"""Read delimited text into blocks of text cells, with row numbers and physical lines."""

from collections import deque
from collections.abc import Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from tillstream.domain.contract.sections import FileStyle
from tillstream.domain.limits import LIMITS
from tillstream.pipeline.reading.delimited.header import Header, find_header
from tillstream.pipeline.reading.delimited.parse import Parsed, parse
from tillstream.pipeline.reading.delimited.records import LF, Layout, plain_layout, quoted_layout, whole_lines
from tillstream.pipeline.reading.delimited.tokenizer import RecordSyntax
from tillstream.pipeline.reading.delimited.truncation import TruncationCheck
from tillstream.pipeline.reading.errors import UnreadableFile
from tillstream.pipeline.reading.limits import line_too_long
from tillstream.pipeline.reading.streams.decode import Utf8Stream
from tillstream.pipeline.reading.streams.gzip import Bytes
from tillstream.pipeline.rows.block import Block, UnreadableRow

__all__ = ["Block", "UnreadableFile", "UnreadableRow", "header", "read_delimited"]

_THREADS = 2
_MAX_PENDING = 5
"""Pieces parsed in advance, so that the threads stay busy while the caller works or imports libraries."""
_HEAD = 1 << 16
_MAX_MARKS, _ROW_MARKS = 1 << 21, 16
"""Quotation marks that are laid out at a time, and the number of them that a row counts as: each takes memory, however
short the cells are."""


@dataclass(frozen=True)
class _Piece:
    """Consecutive complete records of the file. Without quotes, `layout` is None, and the worker thread computes it."""

    data: bytes
    size: int
    layout: Layout | None


def read_delimited(
    stream: Bytes,
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
    header, rest, lines = find_header(text, style, required, min(block_bytes, _HEAD), max_record_bytes)
    syntax = RecordSyntax(style.delimiter.encode(), header.width, max_record_bytes, style.quote.encode())
    builder = _BlockBuilder(text, header, syntax, lines)
    pending: deque[Future[tuple[_Piece, Layout, Parsed | None]]] = deque()
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


def header(stream: Bytes, style: FileStyle, required: Collection[str] = ()) -> list[str]:
    """Column names. Raises `UnreadableFile`."""
    return find_header(Utf8Stream(stream, style.encoding), style, required, _HEAD, LIMITS.record_bytes)[0].names


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
) -> tuple[_Piece, Layout, Parsed | None]:
    """Parse a piece; the result is None if a record is too long."""
    layout = piece.layout or plain_layout(piece.data, piece.size)
    if layout.too_long(syntax.max_record_bytes) is not None:
        return piece, layout, None
    return piece, layout, parse(piece.data, layout, header, syntax, ignore)


class _BlockBuilder:
    """Builds blocks with consecutive row and line numbers."""

    def __init__(self, text: Utf8Stream, header: Header, syntax: RecordSyntax, lines: int) -> None:
        self._text = text
        self._header = header
        self._syntax = syntax
        self._rows = 0
        self._lines = lines
        self.truncation = TruncationCheck()

    def block(self, piece: _Piece, layout: Layout, parsed: Parsed | None) -> Block:
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

    def _refused(self, data: bytes, layout: Layout, parsed: Parsed) -> list[UnreadableRow]:
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
