"""Where records begin and end in a block of UTF-8, on arrays of line ends and quotes.

A quote opens a cell only where a cell begins; elsewhere it is a letter (`5" disk`). An opened quote must be closed
before a delimiter or a line end, and a record over several lines must be no longer than `Rules.longest` and have no
more cells than the header: else the quote was never meant to span lines, its line alone is refused, and the next line
starts afresh. All of this depends on the bytes only, never on where a block ends.
"""

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tillstream.pipeline.reading.delimited.tokenizer import Rules, Scan, scan

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
LF, CR = 10, 13
_STRIP = 1 << 18


@dataclass(frozen=True)
class Layout:
    """The records of a block, in order. Offsets are bytes of the block; `ends` come before the line end."""

    starts: Ints
    ends: Ints
    lines: Ints
    """0-based line of the block where each record starts."""
    unclosed: Ints
    """Indices of the records that are one line with a quote that is never closed."""
    line_count: int
    size: int
    """Bytes of the block that these records cover; what follows belongs to the next block."""

    def too_long(self, longest: int) -> int | None:
        """0-based line of the first record longer than `longest`, if there is one."""
        found = np.flatnonzero(self.ends - self.starts > longest)
        return int(self.lines[found[0]]) if len(found) else None


def whole_lines(data: bytes, *, final: bool) -> int:
    """Bytes of the block up to its last line end, all of them at the end of the file."""
    return len(data) if final else data.rfind(b"\n") + 1


def plain_layout(data: bytes, size: int) -> Layout:
    """Records of a block without any quote: its lines."""
    buffer = np.frombuffer(data, np.uint8, size)
    starts, ends = _line_spans(buffer, _positions(buffer, LF))
    none = np.empty(0, np.int64)
    return Layout(starts, ends, np.arange(len(starts)), none, len(starts), size)


def quoted_layout(data: bytes, rules: Rules, *, final: bool) -> Layout:
    """Records of a block with quotes; `size` may be 0 when its first record is not complete."""
    buffer = np.frombuffer(data, np.uint8)
    newlines = _positions(buffer, LF)
    quotes = _positions(buffer, ord(rules.quote))
    layout = _paired(data, buffer, newlines, quotes, rules, final=final)
    return layout or _walked(data, buffer, newlines, quotes, rules, final=final)


def _positions(buffer: NDArray[np.uint8], byte: int) -> Ints:
    """Where the byte stands, found strip by strip, so that what is compared stays in the processor's cache."""
    strips = range(0, max(len(buffer), 1), _STRIP)
    return np.concatenate([np.flatnonzero(buffer[at : at + _STRIP] == byte) + at for at in strips])


def _line_spans(buffer: NDArray[np.uint8], newlines: Ints) -> tuple[Ints, Ints]:
    """Starts and ends of all lines, with the last one where the buffer does not end with a line end."""
    size = len(buffer)
    starts = np.concatenate(([0], newlines + 1))
    if starts[-1] == size:
        starts, ends = starts[:-1], newlines.copy()
    else:
        ends = np.concatenate((newlines, [size]))
    ends -= buffer[np.maximum(ends - 1, 0)] == CR  # before an empty line stands the line end of the line before
    return starts, ends


def _opens(buffer: NDArray[np.uint8], quotes: Ints, rules: Rules) -> Bools:
    """Which quotes stand where a cell begins."""
    found: Bools = _separates(rules)[buffer[quotes - 1]]
    found[: len(quotes[:1])] |= quotes[:1] == 0
    return found


def _closes(buffer: NDArray[np.uint8], quotes: Ints, rules: Rules) -> Bools:
    """Which quotes stand where a cell may end; CR counts before LF or at the end only."""
    last = len(buffer) - 1
    after = buffer[1:].take(quotes, mode="clip") if last else buffer[quotes]
    found: Bools = _separates(rules)[after]
    returns = np.flatnonzero(after == CR)
    beyond = quotes[returns] + 2
    found[returns] = (beyond > last) | (buffer.take(beyond, mode="clip") == LF)
    found[len(quotes) - 1 :] |= quotes[-1:] == last
    return found


def _separates(rules: Rules) -> Bools:
    """By byte: whether it is the delimiter or LF."""
    table = np.zeros(256, np.bool_)
    table[[ord(rules.delimiter), LF]] = True
    return table


def _paired(
    data: bytes, buffer: NDArray[np.uint8], newlines: Ints, quotes: Ints, rules: Rules, *, final: bool
) -> Layout | None:
    """The records of a block whose every quote is as RFC 4180 has it; None when one is not."""
    outside = np.flatnonzero(np.searchsorted(quotes, newlines) & 1 == 0)
    size = len(data) if final else (int(newlines[outside[-1]]) + 1 if len(outside) else 0)
    inside = int(np.searchsorted(quotes, size))
    if size == 0 or inside & 1:
        return None
    opening, closing = quotes[:inside:2], quotes[1:inside:2]
    doubled = np.zeros(len(opening) + 1, np.bool_)
    doubled[1:-1] = opening[1:] == closing[:-1] + 1
    whole = buffer[:size]
    if not (_opens(whole, opening, rules) | doubled[:-1]).all():
        return None
    if not (_closes(whole, closing, rules) | doubled[1:]).all():
        return None
    starts, ends = _line_spans(whole, newlines[outside])
    lines = np.concatenate(([0], outside + 1))[: len(starts)]
    line_count = int(np.searchsorted(newlines, size)) + (buffer[size - 1] != LF)
    if (ends - starts > rules.longest).any():
        return None
    layout = Layout(starts, ends, lines, np.empty(0, np.int64), line_count, size)
    return None if _any_wider(data, buffer, quotes, layout, rules) else layout


def _any_wider(data: bytes, buffer: NDArray[np.uint8], quotes: Ints, layout: Layout, rules: Rules) -> bool:
    """Whether a record over several lines has more cells than the header."""
    several = np.flatnonzero(np.diff(layout.lines, append=layout.line_count) > 1)
    starts, ends = layout.starts[several], layout.ends[several]
    spans = zip(starts.tolist(), ends.tolist(), strict=True)
    if all(data.count(rules.delimiter, start, end) < rules.columns for start, end in spans):
        return False  # delimiters inside quotes counted too, which is cheap and settles most blocks
    delimiters = _positions(buffer, ord(rules.delimiter))
    delimiters = delimiters[np.searchsorted(quotes, delimiters) & 1 == 0]
    counts = np.searchsorted(delimiters, ends) - np.searchsorted(delimiters, starts)
    return bool((counts >= rules.columns).any())


def _walked(
    data: bytes, buffer: NDArray[np.uint8], newlines: Ints, quotes: Ints, rules: Rules, *, final: bool
) -> Layout:
    """Lines complete in themselves are records at once; only the others are scanned, one by one."""
    starts, ends = _line_spans(buffer, newlines)
    complete = len(starts) if final else len(newlines)
    dirty = _dirty_lines(buffer, newlines, quotes, rules)
    dirty = dirty[: bisect_left(dirty, complete)]
    begins = np.ones(complete, np.bool_)
    unclosed: list[int] = []
    line, stop = 0, complete
    while (index := bisect_left(dirty, line)) < len(dirty):
        line = dirty[index]
        start = int(starts[line])
        good = rules.record.match(data, start, start + rules.longest)
        outcome = (good.end(), good.end()) if good else scan(data, start, rules, final=final)
        if outcome is Scan.MORE:
            stop = line
            break
        if isinstance(outcome, Scan):
            unclosed.append(line)
            line += 1
        else:
            after = int(np.searchsorted(starts, outcome[1]))
            begins[line + 1 : after] = False
            line = after
    lines = np.flatnonzero(begins[:stop])
    last_lines = np.append(lines[1:], stop)[: len(lines)] - 1
    size = int(starts[stop]) if stop < len(starts) else len(data)
    at = np.searchsorted(lines, np.array(unclosed, np.int64))
    return Layout(starts[lines], ends[last_lines], lines, at, stop, size)


def _dirty_lines(buffer: NDArray[np.uint8], newlines: Ints, quotes: Ints, rules: Rules) -> list[int]:
    """Lines whose quotes are neither all letters nor all pairs as RFC 4180 has them, when read from their start."""
    if not len(quotes):
        return []
    line = np.searchsorted(newlines, quotes)
    group = np.flatnonzero(np.diff(line, prepend=-1))
    counts = np.diff(group, append=len(line))
    rank = np.arange(len(line)) - np.repeat(group, counts)
    adjacent = np.zeros(len(line) + 1, np.bool_)
    adjacent[1:-1] = np.diff(quotes) == 1
    opens = _opens(buffer, quotes, rules)
    right = np.where(rank & 1, _closes(buffer, quotes, rules) | adjacent[1:], opens | adjacent[:-1])
    paired = np.logical_and.reduceat(right, group) & (counts & 1 == 0)
    letters = ~np.logical_or.reduceat(opens, group)
    found: list[int] = line[group[~(paired | letters)]].tolist()
    return found
