"""Read a CSV file or workbook of the catalogue as rows of text cells."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tillstream.domain.catalogue.columns import EntryColumn, map_headers
from tillstream.domain.contract.sections import FileStyle
from tillstream.domain.errors import Rejected
from tillstream.domain.limits import Limits
from tillstream.domain.text.formula_guard import unguard
from tillstream.pipeline.reading.open_reader import ReadOptions, read_blocks
from tillstream.pipeline.reading.streams.zip_archive import is_zip
from tillstream.pipeline.rows.block import Block

MAX_BYTES = 64 << 20
"""Maximum size of a file of the catalogue."""
MAX_ROWS = 500_000
_DELIMITERS = (",", ";", "\t", "|")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class FileRow:
    """A row with its physical line. `unreadable`: why its cells cannot be read."""

    line: int
    cells: dict[str, str]
    unreadable: str = ""


@dataclass(frozen=True)
class FileRows:
    """The rows of a file, by column name, and its headers that no column has."""

    rows: list[FileRow]
    ignored_headers: list[str]


def read(content: bytes, columns: Sequence[EntryColumn], limits: Limits) -> FileRows:
    """Read the file. Raises `Rejected` if it cannot be read, or lacks a required column of every row."""
    if len(content) > MAX_BYTES:
        raise Rejected(f"The file is larger than {MAX_BYTES >> 20} megabytes. Split it into several files.")
    workbook = is_zip(content[:4])
    delimiter = "," if workbook else _delimiter(content)
    options = ReadOptions(FileStyle(delimiter=delimiter), limits=limits)
    rows: list[FileRow] = []
    headers: list[str] = []
    mapped: dict[str, int] = {}
    for block in read_blocks(lambda: io.BytesIO(content), options):
        if not headers:
            headers = block.cells.column_names
            mapped = _mapped(headers, columns)
        rows += _rows(block, mapped, guarded=not workbook)
        if len(rows) > MAX_ROWS:
            raise Rejected(f"The file has more than {MAX_ROWS:,} rows. Split it into several files.")
    rows.sort(key=lambda row: row.line)
    used = set(mapped.values())
    return FileRows(rows, [name for index, name in enumerate(headers) if index not in used and name.strip()])


def _mapped(headers: Sequence[str], columns: Sequence[EntryColumn]) -> dict[str, int]:
    mapped = map_headers(headers, columns)
    keys = [column.name for column in columns if column.required and column.name != "name"]
    missing = [name for name in keys if name not in mapped]
    if missing:
        raise Rejected(
            f"The file has no column {', '.join(missing)}. Its columns are {', '.join(headers)}; a file of this kind "
            f"has {', '.join(column.name for column in columns)}."
        )
    return mapped


def _rows(block: Block, mapped: dict[str, int], *, guarded: bool) -> Iterator[FileRow]:
    for row in block.unreadable:
        yield FileRow(row.line_number, {}, row.raw)
    names = list(mapped)
    texts = [block.cells.column(mapped[name]).to_pylist() for name in names]
    for line, *cells in zip(block.line_number.tolist(), *texts, strict=True):
        values = map(unguard, cells) if guarded else cells
        yield FileRow(line, dict(zip(names, values, strict=True)))


def _delimiter(content: bytes) -> str:
    """The sign that occurs most often in the first line with text."""
    head = content.removeprefix(_BOM)[:65_536].replace(b"\x00", b"").lstrip()
    first = head.splitlines()[0].decode("latin-1") if head else ""
    counts = {sign: first.count(sign) for sign in _DELIMITERS}
    best = max(counts, key=lambda sign: counts[sign])
    return best if counts[best] else ","
