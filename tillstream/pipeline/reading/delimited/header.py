"""The header of a text file, found behind titles and blank lines, and the shape of the rows below.

The header is the first record that has every wanted name; where none of the first has them, the first with any text.
Rows may end with more delimiters than the header or with fewer, as spreadsheets write them: the first row with text
tells how many cells are usual. A row of another number is not taken for one of them, for an unquoted delimiter inside
a cell would look the same.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tillstream.domain.contract.sections import FileStyle
from tillstream.pipeline.reading.delimited.tokenizer import NOWHERE, Rules, Scan, cells, scan, unwrapped
from tillstream.pipeline.reading.errors import UnreadableFile
from tillstream.pipeline.reading.skipped_rows import is_ignored
from tillstream.pipeline.reading.streams.decode import Text


class Head:
    """`data` are the bytes so far; `start` is where the next record begins."""

    def __init__(self, text: Text, rules: Rules, size: int) -> None:
        self.rules = rules
        self.data, self.start = b"", 0
        self._line_ends_known = False
        self._text, self._size, self._final = text, size, False

    @property
    def line(self) -> int:
        """Physical line of the next record, from 1."""
        return self.data.count(b"\n", 0, self.start) + 1

    def next(self) -> tuple[int, bytes | None] | None:
        """The next record's line, and its bytes or None where a quote is never closed; None at the end of the file.

        Raises `UnreadableFile` for a line that is too long.
        """
        while True:
            self._end_lines_by_returns()
            found = scan(self.data, self.start, self.rules, final=self._final)
            if self._final and self.start == len(self.data):
                return None
            self._line_ends_known = found is not Scan.MORE
            line, start, longest = self.line, self.start, self.rules.longest
            if isinstance(found, tuple):
                if found[0] - start > longest:
                    raise too_long(line, longest)
                self.start = found[1]
                return line, self.data[start : found[0]]
            stop = self.data.find(b"\n", start)
            if found is Scan.UNCLOSED and (stop >= 0 or self._final):
                self.start = stop + 1 if stop >= 0 else len(self.data)
                return line, None
            if found is Scan.UNCLOSED and len(self.data) - start > longest + 1:
                raise too_long(line, longest)
            more = self._text.read(max(self._size, len(self.data)))
            self.data, self._final = self.data + more, not more

    def _end_lines_by_returns(self) -> None:
        """Where the first record ends with a carriage return alone, as in files of old Macs, so does every line."""
        found = None if self._line_ends_known else self.rules.returned.match(self.data)
        if (
            found
            and found.end() - 1 <= self.rules.longest
            and found.end() < len(self.data)
            and self.data[found.end() : found.end() + 1] != b"\n"
        ):
            self.data = self._text.end_lines_by_returns(self.data, final=self._final)


def too_long(line: int, longest: int) -> UnreadableFile:
    return UnreadableFile(
        "unreadable-file", f"Line {line:,} is longer than {longest:,} bytes; no row is, so its line ends are missing."
    )


SEARCHED = 100
"""Records among which the header is looked for, and then the first row."""
_DATA = re.compile(r"[\s(\-+]*[^\w\s]?\s?\d[\d\s.,:/\-]*[%)]?")


@dataclass(frozen=True)
class Header:
    names: list[str]
    """Of the columns; one without a name is called by its place, such as `column 7`."""
    told: list[str]
    """As the header line has them, so that it is known again; empty where the contract names the columns."""
    width: int
    """Cells of a usual row; those beyond the names are empty."""

    @property
    def named(self) -> int:
        """Cells up to the last column that has a name."""
        return next((place for place in range(len(self.told), 0, -1) if self.told[place - 1]), len(self.names))


def find_header(
    text: Text, style: FileStyle, wanted: Collection[str], size: int, longest: int
) -> tuple[Header, bytes, int]:
    """The header, the bytes after it, and the physical lines up to its end. Raises `UnreadableFile`."""
    head = Head(text, Rules(style.delimiter.encode(), NOWHERE, longest, style.quote.encode()), size)
    told, line = ([], 1) if style.header else _told(head, frozenset(wanted), text.encoding)
    names = list(style.header) or _called(told)
    if len(set(names)) < len(names):
        if frozenset(wanted) <= set(names):
            raise _repeated(names, line)
        names = [name if name not in names[:place] else f"{name} ({place + 1})" for place, name in enumerate(names)]
    if len(names) > style.max_columns:
        raise UnreadableFile(
            "unreadable-file",
            f"The header has {len(names):,} columns, and the contract allows {style.max_columns:,} (file.max_columns). "
            "Remove the columns that are not needed, or raise the limit.",
        )
    header = Header(names, told, len(names))
    begin, lines = head.start, head.line - 1
    usual = _usual(head, header, style)
    if usual == header.named:
        names = names[:usual]
    return Header(names, told, usual), head.data[begin:], lines


def looks_like_data(names: Sequence[str]) -> bool:
    """Whether numbers or dates are among the names, so that the line is probably a row."""
    return any(_DATA.fullmatch(name) for name in names)


def _told(head: Head, wanted: frozenset[str], encoding: str) -> tuple[list[str], int]:
    """The names as the header line has them, and that line; the head stands behind it then."""
    first: tuple[int, int, bytes | None] | None = None
    for _ in range(SEARCHED if wanted else NOWHERE):
        found = head.next()
        if found is None:
            break
        line, record = found
        if record is not None and not _names(record, head.rules):
            continue
        first = first or (line, head.start, record)
        names = _with_all(record, head.rules, wanted) if record is not None else []
        if names or not wanted:
            return names or _decoded(record, head.rules, encoding, line), line
    if first is None:
        raise UnreadableFile("empty-file", "There is nothing in the file. Export it again.")
    line, head.start, record = first
    return _decoded(record, head.rules, encoding, line), line


def _names(record: bytes, rules: Rules) -> list[str]:
    """The cells as text; nothing for a record without any."""
    names = [cell.decode("utf-8", "replace").strip() for cell in cells(record, rules)]
    return names if any(names) else []


def _with_all(record: bytes, rules: Rules, wanted: frozenset[str]) -> list[str]:
    """The names of a record, also of one that is quoted whole, if all wanted ones are among them."""
    for found in (cells(record, rules), unwrapped(record, rules)):
        names = [cell.decode("utf-8", "replace").strip() for cell in found]
        if wanted and wanted <= set(names):
            return names
    return []


def _decoded(record: bytes | None, rules: Rules, encoding: str, line: int) -> list[str]:
    if record is None:
        raise UnreadableFile("unreadable-file", f"A quote opens in the header (line {line}) and is never closed.")
    try:
        return [cell.decode().strip() for cell in cells(record, rules)]
    except UnicodeDecodeError as error:
        raise UnreadableFile(
            "unreadable-file",
            f"The header (line {line}) holds bytes that are not {encoding}. "
            "Save the file in that encoding, or choose the contract that fits.",
        ) from error


def _called(told: list[str]) -> list[str]:
    return [name or f"column {place}" for place, name in enumerate(told, 1)]


def _repeated(names: list[str], line: int) -> UnreadableFile:
    repeated = sorted({name for name in names if names.count(name) > 1})
    return UnreadableFile(
        "repeated-header",
        f"The header (line {line}) names {', '.join(repeated)} more than once. Give each its own name.",
    )


def _usual(head: Head, header: Header, style: FileStyle) -> int:
    """Cells of the first row with any text, if those that the header does not name are empty."""
    usual = len(header.names)
    for _ in range(SEARCHED):
        try:
            found = head.next()
        except UnreadableFile:  # told with its place when the rows are read
            return usual
        if found is None:
            return usual
        row = _names(found[1], head.rules) if found[1] is not None else []
        if row and row[: len(header.told) or None] != header.told and not is_ignored(row, style.ignore):
            trailing = usual < len(row) <= style.max_columns and not any(row[usual:])
            return len(row) if trailing or len(row) == header.named else usual
    return usual
