"""One record of a text file, cell after cell, and the signs that it is made of."""

import re
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property

NOWHERE = 1 << 62
"""More columns than any record has."""


@dataclass(frozen=True)
class Rules:
    delimiter: bytes
    columns: int
    longest: int
    """Bytes of one record, without its line end."""
    quote: bytes = b'"'
    """Empty: no sign quotes, and every line is a record."""

    @cached_property
    def stops(self) -> re.Pattern[bytes]:
        """What ends a cell without quotes."""
        return re.compile(b"[" + re.escape(self.delimiter) + b"\n]")

    @cached_property
    def record(self) -> re.Pattern[bytes]:
        """A record that ends with a line end and has no more cells than the header."""
        cell = self._cell(b"\n")
        return re.compile(b"%b(?:%b%b){0,%d}+\r?\n" % (cell, re.escape(self.delimiter), cell, self.columns - 1))

    @cached_property
    def returned(self) -> re.Pattern[bytes]:
        """A record that ends with a carriage return."""
        cell = self._cell(b"\r\n")
        return re.compile(b"%b(?:%b%b)*+\r" % (cell, re.escape(self.delimiter), cell))

    def _cell(self, ends: bytes) -> bytes:
        """ends: what ends a cell without quotes, besides the delimiter."""
        plain = b"[^" + re.escape(self.delimiter) + ends + b"]*+"
        return b"(?:%b(?:[^%b]++|%b%b)*+%b|(?!%b)%b)" % (*[self.quote] * 6, plain) if self.quote else plain


class Scan(Enum):
    UNCLOSED = auto()
    MORE = auto()
    """The bytes at hand do not decide it."""


def scan(data: bytes, start: int, rules: Rules, *, final: bool) -> tuple[int, int] | Scan:
    """End (before the line end) and next start of the record at `start`, one cell after the other."""
    limit = start + rules.longest + 2
    available = min(len(data), limit)
    at_end = final and len(data) <= limit
    off = Scan.MORE if len(data) < limit and not final else Scan.UNCLOSED
    first_line = data.find(b"\n", start, available)
    position, count = start, 0
    while True:
        count += 1
        if count > rules.columns and 0 <= first_line < position:
            return Scan.UNCLOSED
        end = _cell_end(data, position, available, rules, at_end=at_end)
        if end is None:
            return off
        if data[end : end + 1] == rules.delimiter:
            position = end + 1
            continue
        line_end = data[end : end + 2]
        if line_end in (b"", b"\r"):
            following = len(data)
        elif line_end.startswith((b"\n", b"\r\n")):
            following = data.index(b"\n", end) + 1
        else:
            return Scan.UNCLOSED
        if following == len(data) and data[-1:] != b"\n" and not at_end:
            return off
        several = 0 <= first_line < end
        return Scan.UNCLOSED if several and (count > rules.columns or end - start > rules.longest) else (end, following)


def _cell_end(data: bytes, position: int, available: int, rules: Rules, *, at_end: bool) -> int | None:
    """Where the cell at `position` ends: before a delimiter, a line end, the end, or what must not follow a quote."""
    quote = rules.quote
    if quote and data[position : position + 1] == quote:
        closing = data.find(quote, position + 1, available)
        while closing >= 0 and data[closing + 1 : closing + 2] == quote:
            closing = data.find(quote, closing + 2, available)
        return closing + 1 if closing >= 0 else None
    stop = rules.stops.search(data, position, available)
    if stop is None and not at_end:
        return None
    end = stop.start() if stop else len(data)
    at_line_end = stop is None or stop[0] == b"\n"
    return end - 1 if at_line_end and end > position and data[end - 1 : end] == b"\r" else end


def cells(record: bytes, rules: Rules) -> list[bytes]:
    """The cells of one well-formed record, without its line end."""
    found, position, quote = [], 0, rules.quote
    if not quote or quote not in record:
        return record.split(rules.delimiter)
    while True:
        if record[position : position + 1] == quote:
            closing = record.index(quote, position + 1)
            while record[closing + 1 : closing + 2] == quote:
                closing = record.index(quote, closing + 2)
            found.append(record[position + 1 : closing].replace(quote * 2, quote))
            stop = closing + 1
        else:
            stop = record.find(rules.delimiter, position)
            stop = len(record) if stop < 0 else stop
            found.append(record[position:stop])
        if stop >= len(record):
            return found
        position = stop + 1


def unwrapped(record: bytes, rules: Rules) -> list[bytes]:
    """The cells inside a record that is quoted whole, as one cell; empty where it is none."""
    if not rules.quote or record[:1] != rules.quote:
        return []
    outer = cells(record, rules)
    if len(outer) > 1 or b"\n" in outer[0]:
        return []
    found = scan(outer[0], 0, rules, final=True)
    return cells(outer[0], rules) if isinstance(found, tuple) and found == (len(outer[0]), len(outer[0])) else []
