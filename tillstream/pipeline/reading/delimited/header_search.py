"""Header detection for delimited text, below titles and blank lines, and the width of the rows.

The header is the first record with every required name, or else the first record with any text. Rows may have more or
fewer trailing delimiters than the header, as spreadsheets write them; the first non-empty row sets the expected width.
Rows of another width stay ragged, because an unquoted delimiter inside a cell would look the same.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from tillstream.model.contract_sections import FileStyle
from tillstream.model.text import number_repeated, repeated_names
from tillstream.pipeline.reading.delimited.text_records import (
    UNLIMITED,
    RecordSyntax,
    ScanStop,
    scan_record,
    split_record,
    unwrap_record,
)
from tillstream.pipeline.reading.read_options import UnreadableFile, line_too_long
from tillstream.pipeline.reading.skipped_rows import is_ignored
from tillstream.pipeline.reading.utf8_stream import Utf8Stream

MAX_SEARCHED_RECORDS = 100
"""Number of records searched for the header, and then for the first row."""
_DATA_CELL = re.compile(r"[\s(\-+]*[^\w\s]?\s?\d[\d\s.,:/\-]*[%)]?")


class RecordCursor:
    """Reads one record after the other. `data`: bytes read so far; `start`: offset of the next record in `data`."""

    def __init__(self, text: Utf8Stream, syntax: RecordSyntax, size: int) -> None:
        self.syntax = syntax
        self.data, self.start = b"", 0
        self._line_ends_detected = False
        self._text, self._size, self._final = text, size, False

    @property
    def line(self) -> int:
        """1-based physical line of the next record."""
        return self.data.count(b"\n", 0, self.start) + 1

    def next(self) -> tuple[int, bytes | None] | None:
        """Line and bytes of the next record; bytes are None for an unclosed quote. None at the end of the file.

        Raises `UnreadableFile` for a line that is too long.
        """
        while True:
            self._convert_cr_line_endings()
            outcome = scan_record(self.data, self.start, self.syntax, final=self._final)
            if self._final and self.start == len(self.data):
                return None
            self._line_ends_detected = outcome is not ScanStop.MORE
            line, start, limit = self.line, self.start, self.syntax.max_record_bytes
            if isinstance(outcome, tuple):
                if outcome[0] - start > limit:
                    raise line_too_long(line, limit)
                self.start = outcome[1]
                return line, self.data[start : outcome[0]]
            line_end = self.data.find(b"\n", start)
            if outcome is ScanStop.UNCLOSED and (line_end >= 0 or self._final):
                self.start = line_end + 1 if line_end >= 0 else len(self.data)
                return line, None
            if outcome is ScanStop.UNCLOSED and len(self.data) - start > limit + 1:
                raise line_too_long(line, limit)
            chunk = self._text.read(max(self._size, len(self.data)))
            self.data, self._final = self.data + chunk, not chunk

    def _convert_cr_line_endings(self) -> None:
        """Convert CR line endings, as in classic Mac OS files, if the first record ends with a bare CR."""
        match = None if self._line_ends_detected else self.syntax.cr_record.match(self.data)
        if (
            match
            and match.end() - 1 <= self.syntax.max_record_bytes
            and match.end() < len(self.data)
            and self.data[match.end() : match.end() + 1] != b"\n"
        ):
            self.data = self._text.convert_cr_line_endings(self.data, final=self._final)


@dataclass(frozen=True)
class Header:
    names: list[str]
    """Column names; unnamed columns are called by position, such as `column 7`."""
    source_names: list[str]
    """Names as in the header line, to recognise repeated headers; empty if the contract names the columns."""
    width: int
    """Expected number of cells per row; cells beyond the names are empty."""

    @cached_property
    def named_width(self) -> int:
        """Number of cells up to the last named column."""
        return next(
            (count for count in range(len(self.source_names), 0, -1) if self.source_names[count - 1]), len(self.names)
        )


def find_header(
    text: Utf8Stream, style: FileStyle, required: Collection[str], size: int, max_record_bytes: int
) -> tuple[Header, bytes, int]:
    """Find the header. Returns it, the bytes after it, and its last physical line. Raises `UnreadableFile`."""
    cursor = RecordCursor(
        text, RecordSyntax(style.delimiter.encode(), UNLIMITED, max_record_bytes, style.quote.encode()), size
    )
    source_names, line = ([], 1) if style.header else _source_names(cursor, frozenset(required), text.encoding)
    names = list(style.header) or _column_names(source_names)
    if len(set(names)) < len(names):
        if frozenset(required) <= set(names) and style.repeated_names == "refuse":
            raise _repeated_header(names, line)
        names = number_repeated(names)
    if len(names) > style.max_columns:
        raise UnreadableFile(
            "unreadable-file",
            f"The header has {len(names):,} columns, but the data source allows {style.max_columns:,} "
            "(file.max_columns). Remove unneeded columns, or raise the limit.",
        )
    header = Header(names, source_names, len(names))
    begin, lines = cursor.start, cursor.line - 1
    width = _row_width(cursor, header, style)
    if width == header.named_width:
        names = names[:width]
    return Header(names, source_names, width), cursor.data[begin:], lines


def looks_like_data(names: Sequence[str]) -> bool:
    """Whether any name is a number or date, so the line is probably a data row."""
    return any(_DATA_CELL.fullmatch(name) for name in names)


def _source_names(cursor: RecordCursor, required: frozenset[str], encoding: str) -> tuple[list[str], int]:
    """Names in the header line, and its line number; leaves the cursor after the header."""
    first: tuple[int, int, bytes | None] | None = None
    for _ in range(MAX_SEARCHED_RECORDS if required else UNLIMITED):
        entry = cursor.next()
        if entry is None:
            break
        line, record = entry
        if record is not None and not _names(record, cursor.syntax):
            continue
        first = first or (line, cursor.start, record)
        names = _names_if_complete(record, cursor.syntax, required) if record is not None else []
        if names or not required:
            return names or _decoded(record, cursor.syntax, encoding, line), line
    if first is None:
        raise UnreadableFile("empty-file", "The file is empty. Export it again.")
    line, cursor.start, record = first
    return _decoded(record, cursor.syntax, encoding, line), line


def _names(record: bytes, syntax: RecordSyntax) -> list[str]:
    """The record's cells as text; empty if all cells are empty."""
    names = [cell.decode("utf-8", "replace").strip() for cell in split_record(record, syntax)]
    return names if any(names) else []


def _names_if_complete(record: bytes, syntax: RecordSyntax, required: frozenset[str]) -> list[str]:
    """The record's names if they include all required ones, also for a record quoted as a whole; else empty."""
    for row in (split_record(record, syntax), unwrap_record(record, syntax)):
        names = [cell.decode("utf-8", "replace").strip() for cell in row]
        if required and required <= set(names):
            return names
    return []


def _decoded(record: bytes | None, syntax: RecordSyntax, encoding: str, line: int) -> list[str]:
    if record is None:
        raise UnreadableFile(
            "unreadable-file", f"A quotation mark opens in the header (line {line}) and is never closed."
        )
    try:
        return [cell.decode().strip() for cell in split_record(record, syntax)]
    except UnicodeDecodeError as error:
        raise UnreadableFile(
            "unreadable-file",
            f"The header (line {line}) contains bytes that are not valid {encoding}. "
            "Save the file in that encoding, or choose the data source that fits.",
        ) from error


def _column_names(source_names: list[str]) -> list[str]:
    return [name or f"column {position}" for position, name in enumerate(source_names, 1)]


def _repeated_header(names: list[str], line: int) -> UnreadableFile:
    repeated = ", ".join(repeated_names(names))
    return UnreadableFile(
        "repeated-header",
        f"The header (line {line}) contains {repeated} more than once. Give each column a unique name.",
    )


def _row_width(cursor: RecordCursor, header: Header, style: FileStyle) -> int:
    """Expected number of cells: that of the first non-empty row if its unnamed cells are empty, else the header's."""
    width = len(header.names)
    for _ in range(MAX_SEARCHED_RECORDS):
        try:
            entry = cursor.next()
        except UnreadableFile:  # reported with its line number when the rows are read
            return width
        if entry is None:
            return width
        row = _names(entry[1], cursor.syntax) if entry[1] is not None else []
        if (
            row
            and row[: len(header.source_names) or None] != header.source_names
            and not is_ignored(row, style.ignore, width)
        ):
            trailing = width < len(row) <= style.max_columns and not any(row[width:])
            return len(row) if trailing or len(row) == header.named_width else width
    return width
