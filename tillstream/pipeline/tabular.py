"""Files of a table, such as products or goals: read as rows or columns of text, and stored for a preview."""

import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from tillstream.model.catalogue_columns import EntryColumn, map_headers
from tillstream.model.contract_sections import FileStyle
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.events import STAGING
from tillstream.model.limits import Limits
from tillstream.pipeline.reading.archives import is_zip
from tillstream.pipeline.reading.open_reader import read_blocks
from tillstream.pipeline.reading.read_options import ReadOptions
from tillstream.pipeline.rows.row_batch import Block
from tillstream.pipeline.rows.text_columns import Ints, decode_texts, unguard_column
from tillstream.ports import Ports

MAX_FILE_BYTES = 64 << 20
"""Maximum size of a file of the catalogue."""
MAX_FILE_ROWS = 500_000
_DELIMITERS = (",", ";", "\t", "|")
_BOM = b"\xef\xbb\xbf"

PREVIEW_RETENTION = timedelta(days=7)
_PREVIEW_PREFIX = "catalogue/previews/"
_PREVIEW_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class TableRow:
    """A row with its physical line. `unreadable`: why its cells cannot be read."""

    line: int
    cells: dict[str, str]
    unreadable: str = ""


@dataclass(frozen=True)
class TableRows:
    """The rows of a file, by column name, and its headers that no column has."""

    rows: list[TableRow]
    ignored_headers: list[str]


@dataclass(frozen=True)
class TableColumns:
    """The columns of a file: texts (n,) by column name, the lines (n,), and its headers that no column has.

    unreadable: line → its text.
    """

    cells: pa.Table
    line: Ints
    unreadable: dict[int, str]
    ignored_headers: list[str]


def read_rows(content: bytes, columns: Sequence[EntryColumn], limits: Limits) -> TableRows:
    """Read the file as rows, sorted by line. Raises as `read_columns`."""
    file = read_columns(content, columns, limits)
    names, texts = file.cells.column_names, [column.to_pylist() for column in file.cells.columns]
    rows = [TableRow(line, {}, raw) for line, raw in file.unreadable.items()]
    rows += [
        TableRow(line, dict(zip(names, cells, strict=True)))
        for line, *cells in zip(file.line.tolist(), *texts, strict=True)
    ]
    return TableRows(sorted(rows, key=lambda row: row.line), file.ignored_headers)


def read_columns(
    content: bytes, columns: Sequence[EntryColumn], limits: Limits, max_rows: int = MAX_FILE_ROWS
) -> TableColumns:
    """Read the file as columns. Raises `Rejected` if it cannot be read, or lacks a required column of every row."""
    if len(content) > MAX_FILE_BYTES:
        raise Rejected(f"The file is larger than {MAX_FILE_BYTES >> 20} megabytes. Split it into several files.")
    workbook = is_zip(content[:4])
    delimiter = "," if workbook else _delimiter(content)
    options = ReadOptions(FileStyle(delimiter=delimiter), limits=limits)
    tables: list[pa.Table] = []
    lines: list[Ints] = []
    unreadable: dict[int, str] = {}
    headers: list[str] = []
    mapped: dict[str, int] = {}
    for block in read_blocks(lambda: io.BytesIO(content), options):
        if not headers:
            headers = block.cells.column_names
            mapped = _mapped(headers, columns)
        tables.append(_block_table(block, mapped, guarded=not workbook))
        lines.append(block.line_number)
        unreadable |= {row.line_number: row.raw for row in block.unreadable}
        if sum(map(len, lines)) + len(unreadable) > max_rows:
            raise Rejected(f"The file has more than {max_rows:,} rows. Split it into several files.")
    used = set(mapped.values())
    ignored = [name for index, name in enumerate(headers) if index not in used and name.strip()]
    return TableColumns(pa.concat_tables(tables), np.concatenate(lines), unreadable, ignored)


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


def _block_table(block: Block, mapped: dict[str, int], *, guarded: bool) -> pa.Table:
    in_order = sorted(mapped.items(), key=lambda one: one[1])
    columns = {name: decode_texts(block.cells.column(index)) for name, index in in_order}
    if guarded:
        columns = {name: unguard_column(column) for name, column in columns.items()}
    return pa.table(columns)


def _delimiter(content: bytes) -> str:
    """The sign that occurs most often in the first line with text."""
    head = content.removeprefix(_BOM)[:65_536].replace(b"\x00", b"").lstrip()
    first = head.splitlines()[0].decode("latin-1") if head else ""
    counts = {sign: first.count(sign) for sign in _DELIMITERS}
    best = max(counts, key=lambda sign: counts[sign])
    return best if counts[best] else ","


def write_preview(ports: Ports, login: str, preview_id: str, content: bytes) -> None:
    """Keep the file of a user's preview."""
    with ports.objects.writer(STAGING, _preview_object(login, preview_id)) as out:
        out.write(content)


def read_preview(ports: Ports, login: str, preview_id: str) -> bytes:
    """The file of a preview of this user. Raises `NotFound`."""
    with ports.objects.open(STAGING, _preview_object(login, preview_id)) as stream:
        return stream.read()


def delete_preview(ports: Ports, login: str, preview_id: str) -> None:
    """Delete the file after its import. Idempotent. Raises `NotFound` for another text than an ID."""
    ports.objects.delete(STAGING, _preview_object(login, preview_id))


def delete_old_previews(ports: Ports) -> int:
    """Delete the files that were never imported and are older than a week; return their number. Idempotent."""
    cutoff, count = ports.clock.now() - PREVIEW_RETENTION, 0
    for stored in list(ports.objects.list(STAGING, _PREVIEW_PREFIX)):
        if datetime.fromtimestamp(stored.generation / 1_000_000, UTC) < cutoff:
            ports.objects.delete(STAGING, stored.name)
            count += 1
    return count


def _preview_object(login: str, preview_id: str) -> str:
    if not _PREVIEW_ID.fullmatch(preview_id):
        raise NotFound("There is no preview at this address.")
    owner = hashlib.sha256(login.encode()).hexdigest()[:16]
    return f"{_PREVIEW_PREFIX}{owner}/{preview_id}"
