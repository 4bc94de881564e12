"""Find record boundaries in a block of UTF-8, vectorised over line endings and quotes.

A quote opens a quoted cell only at the start of a cell; elsewhere it is a literal (`5" disk`). A closing quote must be
followed by a delimiter or a line ending, possibly after blanks. A record over several lines must not exceed
`RecordSyntax.max_record_bytes` or have more cells than the header; otherwise only the line with the opening quote is
rejected, and the next line starts a new record. The result depends only on the bytes, not on block boundaries.
"""

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tillstream.pipeline.reading.delimited.tokenizer import RecordSyntax, Scan, scan

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
LF, CR = 10, 13
_STRIP = 1 << 18


@dataclass(frozen=True)
class Layout:
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


def plain_layout(data: bytes, size: int) -> Layout:
    """Layout of a block without quotes: each line is a record."""
    buffer = np.frombuffer(data, np.uint8, size)
    starts, ends = _line_spans(buffer, _positions(buffer, LF))
    none = np.empty(0, np.int64)
    return Layout(starts, ends, np.arange(len(starts)), none, len(starts), size)


def quoted_layout(data: bytes, syntax: RecordSyntax, *, final: bool) -> Layout:
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
) -> Layout | None:
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
    layout = Layout(starts, ends, lines, np.empty(0, np.int64), line_count, size)
    return None if _any_wider(data, buffer, quotes, layout, syntax) else layout


def _any_wider(data: bytes, buffer: NDArray[np.uint8], quotes: Ints, layout: Layout, syntax: RecordSyntax) -> bool:
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
) -> Layout:
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
        outcome = (match.end(), match.end()) if match else scan(data, start, syntax, final=final)
        if outcome is Scan.MORE:
            stop = line
            break
        if isinstance(outcome, Scan):
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
    return Layout(starts[lines], ends[last_lines], lines, unclosed_indices, stop, size)


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
