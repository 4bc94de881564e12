"""Records of delimited text: the tokenizer of one, and the boundaries of all in a block.

A quote opens a quoted cell only at the start of a cell; elsewhere it is a literal (`5" disk`). A closing quote must be
followed by a delimiter or a line ending, possibly after blanks. A record over several lines must not exceed
`RecordSyntax.max_record_bytes` or have more cells than the header; otherwise only the line with the opening quote is
rejected, and the next line starts a new record. The result depends only on the bytes, not on block boundaries.
"""

import re
from bisect import bisect_left
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

UNLIMITED = 1 << 62
"""No limit on the number of columns."""

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
LF, CR = 10, 13
_STRIP = 1 << 18


@dataclass(frozen=True)
class RecordSyntax:
    delimiter: bytes
    columns: int
    """Maximum number of cells of a record that spans several lines."""
    max_record_bytes: int
    """Maximum size of a record, without its line ending."""
    quote: bytes = b'"'
    """If empty, nothing is quoted and each line is a record."""

    @cached_property
    def cell_end(self) -> re.Pattern[bytes]:
        """What ends an unquoted cell: a delimiter or a line feed."""
        return re.compile(b"[" + re.escape(self.delimiter) + b"\n]")

    @cached_property
    def record(self) -> re.Pattern[bytes]:
        """A complete record with its line ending and at most as many cells as the header."""
        cell = self._cell(b"\n")
        return re.compile(b"%b(?:%b%b){0,%d}+\r?\n" % (cell, re.escape(self.delimiter), cell, self.columns - 1))

    @cached_property
    def cr_record(self) -> re.Pattern[bytes]:
        """A record that ends with a carriage return."""
        cell = self._cell(b"\r\n")
        return re.compile(b"%b(?:%b%b)*+\r" % (cell, re.escape(self.delimiter), cell))

    def _cell(self, terminators: bytes) -> bytes:
        """terminators: bytes that end an unquoted cell, besides the delimiter."""
        unquoted = b"[^" + re.escape(self.delimiter) + terminators + b"]*+"
        if not self.quote:
            return unquoted
        blanks = b"[" + self.blanks + b"]*+"
        # Nothing in a repeated group can be tried in another way: before 3.11.5, Python matches a possessive quantifier
        # of such a group wrongly, https://github.com/python/cpython/issues/106052
        return b"(?>%b[^%b]*+(?:%b%b[^%b]*+)*+%b%b|(?!%b)%b)" % (*[self.quote] * 6, blanks, self.quote, unquoted)

    @property
    def blanks(self) -> bytes:
        """What some programs write between a closing quote and the delimiter."""
        return b" \t".replace(self.delimiter, b"")


class ScanStop(Enum):
    UNCLOSED = auto()
    MORE = auto()
    """More bytes are needed."""


def scan_record(data: bytes, start: int, syntax: RecordSyntax, *, final: bool) -> tuple[int, int] | ScanStop:
    """Scan the record at `start` cell by cell. Returns its end without the line ending, and the start of the next."""
    limit = start + syntax.max_record_bytes + 2
    available = min(len(data), limit)
    at_end = final and len(data) <= limit
    incomplete = ScanStop.MORE if len(data) < limit and not final else ScanStop.UNCLOSED
    first_line = data.find(b"\n", start, available)
    position, count = start, 0
    while True:
        count += 1
        if count > syntax.columns and 0 <= first_line < position:
            return ScanStop.UNCLOSED
        end = _cell_end(data, position, available, syntax, at_end=at_end)
        if end is None:
            return incomplete
        if data[end : end + 1] == syntax.delimiter:
            position = end + 1
            continue
        line_end = data[end : end + 2]
        if line_end in (b"", b"\r"):
            following = len(data)
        elif line_end.startswith((b"\n", b"\r\n")):
            following = data.index(b"\n", end) + 1
        else:
            return ScanStop.UNCLOSED
        if following == len(data) and data[-1:] != b"\n" and not at_end:
            return incomplete
        multiline = 0 <= first_line < end
        return (
            ScanStop.UNCLOSED
            if multiline and (count > syntax.columns or end - start > syntax.max_record_bytes)
            else (end, following)
        )


def _cell_end(data: bytes, position: int, available: int, syntax: RecordSyntax, *, at_end: bool) -> int | None:
    """End of the cell at `position`: the delimiter, line ending, end of data, or invalid byte after a quote."""
    quote = syntax.quote
    if quote and data[position : position + 1] == quote:
        closing = data.find(quote, position + 1, available)
        while closing >= 0 and data[closing + 1 : closing + 2] == quote:
            closing = data.find(quote, closing + 2, available)
        return _after_blanks(data, closing + 1, available, syntax) if closing >= 0 else None
    stop = syntax.cell_end.search(data, position, available)
    if stop is None and not at_end:
        return None
    end = stop.start() if stop else len(data)
    at_line_end = stop is None or stop[0] == b"\n"
    return end - 1 if at_line_end and end > position and data[end - 1 : end] == b"\r" else end


def _after_blanks(data: bytes, closed: int, available: int, syntax: RecordSyntax) -> int:
    """End of a quoted cell that closes before `closed`, with blanks up to the delimiter or line ending."""
    end = closed
    while end < available and data[end : end + 1] in syntax.blanks:
        end += 1
    return end if data[end : end + 1] in (b"", b"\r", b"\n", syntax.delimiter) else closed


def split_record(record: bytes, syntax: RecordSyntax) -> list[bytes]:
    """Split a well-formed record, without its line ending, into cells."""
    result, position, quote = [], 0, syntax.quote
    if not quote or quote not in record:
        return record.split(syntax.delimiter)
    while True:
        if record[position : position + 1] == quote:
            closing = record.index(quote, position + 1)
            while record[closing + 1 : closing + 2] == quote:
                closing = record.index(quote, closing + 2)
            stop = _after_blanks(record, closing + 1, len(record), syntax)
            # Blanks after the quote belong to the cell, as Arrow reads it.
            result.append(record[position + 1 : closing].replace(quote * 2, quote) + record[closing + 1 : stop])
        else:
            stop = record.find(syntax.delimiter, position)
            stop = len(record) if stop < 0 else stop
            result.append(record[position:stop])
        if stop >= len(record):
            return result
        position = stop + 1


def unwrap_record(record: bytes, syntax: RecordSyntax) -> list[bytes]:
    """Cells inside a record that is quoted as a whole; empty if the record is not quoted as a whole."""
    if not syntax.quote or record[:1] != syntax.quote:
        return []
    outer = split_record(record, syntax)
    if len(outer) > 1 or b"\n" in outer[0]:
        return []
    outcome = scan_record(outer[0], 0, syntax, final=True)
    return (
        split_record(outer[0], syntax)
        if isinstance(outcome, tuple) and outcome == (len(outer[0]), len(outer[0]))
        else []
    )


@dataclass(frozen=True)
class RecordLayout:
    """The records of a block, in order. Offsets are bytes in the block; `ends` exclude the line ending."""

    starts: Ints
    ends: Ints
    lines: Ints
    """0-based line of the block where each record starts."""
    unclosed: Ints
    """Indices of single-line records with an unclosed quote."""
    line_count: int
    size: int
    """Bytes of the block that these records cover; the rest belongs to the next block."""

    def too_long(self, limit: int) -> int | None:
        """0-based line of the first record longer than `limit` bytes, or None."""
        records = np.flatnonzero(self.ends - self.starts > limit)
        return int(self.lines[records[0]]) if len(records) else None


def whole_lines(data: bytes, *, final: bool) -> int:
    """Bytes up to the last line ending; at the end of the file, all bytes."""
    return len(data) if final else data.rfind(b"\n") + 1


def plain_layout(data: bytes, size: int) -> RecordLayout:
    """Layout of a block without quotes: each line is a record."""
    buffer = np.frombuffer(data, np.uint8, size)
    starts, ends = _line_spans(buffer, _positions(buffer, LF))
    none = np.empty(0, np.int64)
    return RecordLayout(starts, ends, np.arange(len(starts)), none, len(starts), size)


def quoted_layout(data: bytes, syntax: RecordSyntax, *, final: bool) -> RecordLayout:
    """Layout of a block with quotes; `size` may be 0 if the first record is incomplete."""
    buffer = np.frombuffer(data, np.uint8)
    newlines = _positions(buffer, LF)
    quotes = _positions(buffer, ord(syntax.quote))
    layout = _well_formed_layout(data, buffer, newlines, quotes, syntax, final=final)
    return layout or _scanned_layout(data, buffer, newlines, quotes, syntax, final=final)


def _positions(buffer: NDArray[np.uint8], byte: int) -> Ints:
    """Offsets of the byte, searched in strips that fit in the CPU cache."""
    strips = range(0, max(len(buffer), 1), _STRIP)
    return np.concatenate([np.flatnonzero(buffer[offset : offset + _STRIP] == byte) + offset for offset in strips])


def _line_spans(buffer: NDArray[np.uint8], newlines: Ints) -> tuple[Ints, Ints]:
    """Starts and ends of all lines, including a last line without a line ending."""
    size = len(buffer)
    starts = np.concatenate(([0], newlines + 1))
    if starts[-1] == size:
        starts, ends = starts[:-1], newlines.copy()
    else:
        ends = np.concatenate((newlines, [size]))
    ends -= buffer[np.maximum(ends - 1, 0)] == CR  # an empty line is preceded by an LF, never by a CR
    return starts, ends


def _is_opening(buffer: NDArray[np.uint8], quotes: Ints, syntax: RecordSyntax) -> Bools:
    """Mask of quotes at the start of a cell."""
    mask: Bools = _separator_table(syntax)[buffer[quotes - 1]]
    mask[: len(quotes[:1])] |= quotes[:1] == 0
    return mask


def _is_closing(buffer: NDArray[np.uint8], quotes: Ints, syntax: RecordSyntax) -> Bools:
    """Mask of quotes at the end of a cell; CR counts only before LF or at the end."""
    last = len(buffer) - 1
    after = buffer[1:].take(quotes, mode="clip") if last else buffer[quotes]
    mask: Bools = _separator_table(syntax)[after]
    cr_positions = np.flatnonzero(after == CR)
    after_cr = quotes[cr_positions] + 2
    mask[cr_positions] = (after_cr > last) | (buffer.take(after_cr, mode="clip") == LF)
    mask[len(quotes) - 1 :] |= quotes[-1:] == last
    return mask


def _separator_table(syntax: RecordSyntax) -> Bools:
    """bool (256,): whether the byte is the delimiter or LF."""
    table = np.zeros(256, np.bool_)
    table[[ord(syntax.delimiter), LF]] = True
    return table


def _well_formed_layout(
    data: bytes, buffer: NDArray[np.uint8], newlines: Ints, quotes: Ints, syntax: RecordSyntax, *, final: bool
) -> RecordLayout | None:
    """Layout of a block in which every quote conforms to RFC 4180; None if one does not."""
    outside = np.flatnonzero(np.searchsorted(quotes, newlines) & 1 == 0)
    size = len(data) if final else (int(newlines[outside[-1]]) + 1 if len(outside) else 0)
    inside = int(np.searchsorted(quotes, size))
    if size == 0 or inside & 1:
        return None
    opening, closing = quotes[:inside:2], quotes[1:inside:2]
    doubled = np.zeros(len(opening) + 1, np.bool_)
    doubled[1:-1] = opening[1:] == closing[:-1] + 1
    covered = buffer[:size]
    if not (_is_opening(covered, opening, syntax) | doubled[:-1]).all():
        return None
    if not (_is_closing(covered, closing, syntax) | doubled[1:]).all():
        return None
    starts, ends = _line_spans(covered, newlines[outside])
    lines = np.concatenate(([0], outside + 1))[: len(starts)]
    line_count = int(np.searchsorted(newlines, size)) + (buffer[size - 1] != LF)
    if (ends - starts > syntax.max_record_bytes).any():
        return None
    layout = RecordLayout(starts, ends, lines, np.empty(0, np.int64), line_count, size)
    return None if _any_wider(data, buffer, quotes, layout, syntax) else layout


def _any_wider(
    data: bytes, buffer: NDArray[np.uint8], quotes: Ints, layout: RecordLayout, syntax: RecordSyntax
) -> bool:
    """Whether a record over several lines has more cells than the header."""
    multiline = np.flatnonzero(np.diff(layout.lines, append=layout.line_count) > 1)
    starts, ends = layout.starts[multiline], layout.ends[multiline]
    spans = zip(starts.tolist(), ends.tolist(), strict=True)
    if all(data.count(syntax.delimiter, start, end) < syntax.columns for start, end in spans):
        return False  # a cheap upper bound that counts quoted delimiters too; enough for most blocks
    delimiters = _positions(buffer, ord(syntax.delimiter))
    delimiters = delimiters[np.searchsorted(quotes, delimiters) & 1 == 0]
    counts = np.searchsorted(delimiters, ends) - np.searchsorted(delimiters, starts)
    return bool((counts >= syntax.columns).any())


def _scanned_layout(
    data: bytes, buffer: NDArray[np.uint8], newlines: Ints, quotes: Ints, syntax: RecordSyntax, *, final: bool
) -> RecordLayout:
    """Layout of a block with irregular quotes: only lines that are not complete records are scanned one by one."""
    starts, ends = _line_spans(buffer, newlines)
    complete = len(starts) if final else len(newlines)
    dirty = _dirty_lines(buffer, newlines, quotes, syntax)
    dirty = dirty[: bisect_left(dirty, complete)]
    is_start = np.ones(complete, np.bool_)
    unclosed: list[int] = []
    line, stop = 0, complete
    while (index := bisect_left(dirty, line)) < len(dirty):
        line = dirty[index]
        start = int(starts[line])
        match = syntax.record.match(data, start, start + syntax.max_record_bytes)
        outcome = (match.end(), match.end()) if match else scan_record(data, start, syntax, final=final)
        if outcome is ScanStop.MORE:
            stop = line
            break
        if isinstance(outcome, ScanStop):
            unclosed.append(line)
            line += 1
        else:
            after = int(np.searchsorted(starts, outcome[1]))
            is_start[line + 1 : after] = False
            line = after
    lines = np.flatnonzero(is_start[:stop])
    last_lines = np.append(lines[1:], stop)[: len(lines)] - 1
    size = int(starts[stop]) if stop < len(starts) else len(data)
    unclosed_indices = np.searchsorted(lines, np.array(unclosed, np.int64))
    return RecordLayout(starts[lines], ends[last_lines], lines, unclosed_indices, stop, size)


def _dirty_lines(buffer: NDArray[np.uint8], newlines: Ints, quotes: Ints, syntax: RecordSyntax) -> list[int]:
    """Lines whose quotes are neither all literals nor all RFC 4180 pairs, read from the start of the line."""
    if not len(quotes):
        return []
    line = np.searchsorted(newlines, quotes)
    group = np.flatnonzero(np.diff(line, prepend=-1))
    counts = np.diff(group, append=len(line))
    rank = np.arange(len(line)) - np.repeat(group, counts)
    adjacent = np.zeros(len(line) + 1, np.bool_)
    adjacent[1:-1] = np.diff(quotes) == 1
    opens = _is_opening(buffer, quotes, syntax)
    valid = np.where(rank & 1, _is_closing(buffer, quotes, syntax) | adjacent[1:], opens | adjacent[:-1])
    paired = np.logical_and.reduceat(valid, group) & (counts & 1 == 0)
    letters = ~np.logical_or.reduceat(opens, group)
    dirty: list[int] = line[group[~(paired | letters)]].tolist()
    return dirty
