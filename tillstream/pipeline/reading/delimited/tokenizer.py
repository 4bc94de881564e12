"""Tokenizer for a single record of delimited text."""

import re
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property

UNLIMITED = 1 << 62
"""No limit on the number of columns."""


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


class Scan(Enum):
    UNCLOSED = auto()
    MORE = auto()
    """More bytes are needed."""


def scan(data: bytes, start: int, syntax: RecordSyntax, *, final: bool) -> tuple[int, int] | Scan:
    """Scan the record at `start` cell by cell. Returns its end without the line ending, and the start of the next."""
    limit = start + syntax.max_record_bytes + 2
    available = min(len(data), limit)
    at_end = final and len(data) <= limit
    incomplete = Scan.MORE if len(data) < limit and not final else Scan.UNCLOSED
    first_line = data.find(b"\n", start, available)
    position, count = start, 0
    while True:
        count += 1
        if count > syntax.columns and 0 <= first_line < position:
            return Scan.UNCLOSED
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
            return Scan.UNCLOSED
        if following == len(data) and data[-1:] != b"\n" and not at_end:
            return incomplete
        multiline = 0 <= first_line < end
        return (
            Scan.UNCLOSED
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


def cells(record: bytes, syntax: RecordSyntax) -> list[bytes]:
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


def unwrap(record: bytes, syntax: RecordSyntax) -> list[bytes]:
    """Cells inside a record that is quoted as a whole; empty if the record is not quoted as a whole."""
    if not syntax.quote or record[:1] != syntax.quote:
        return []
    outer = cells(record, syntax)
    if len(outer) > 1 or b"\n" in outer[0]:
        return []
    outcome = scan(outer[0], 0, syntax, final=True)
    return cells(outer[0], syntax) if isinstance(outcome, tuple) and outcome == (len(outer[0]), len(outer[0])) else []
