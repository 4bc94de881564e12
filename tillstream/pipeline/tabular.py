"""The kit for files of a table, such as products, stock or goals: rows or columns of text, the problems of rows,
previews, and files to download or correct.

An import declares its columns, converts their cells, and plans what changes; all else is here. Files of some thousand
rows are converted row by row (`read_rows`), those of a million by their distinct values (`read_columns`).
"""

import hashlib
import io
import re
import secrets
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, TypeVar
from xml.sax.saxutils import escape

import numpy as np
import pyarrow as pa

from tillstream.model.catalogue_columns import EntryColumn, EntryProblem, map_headers
from tillstream.model.contract_sections import FileStyle
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.events import STAGING
from tillstream.model.limits import Limits
from tillstream.pipeline.reading.archives import is_zip
from tillstream.pipeline.reading.correction_file import BOM, format_guarded_line
from tillstream.pipeline.reading.open_reader import read_blocks
from tillstream.pipeline.reading.read_options import ReadOptions
from tillstream.pipeline.rows.row_batch import Block
from tillstream.pipeline.rows.text_columns import Ints, Mask, decode_texts, strip_and_mask, unguard_column
from tillstream.ports import Ports

Converted = TypeVar("Converted")

MAX_FILE_BYTES = 64 << 20
"""Maximum size of a file of the catalogue."""
MAX_FILE_ROWS = 500_000
_DELIMITERS = (",", ";", "\t", "|")
_BOM = b"\xef\xbb\xbf"

PREVIEW_RETENTION = timedelta(days=7)
_PREVIEW_PREFIX = "catalogue/previews/"
_PREVIEW_ID = re.compile(r"[0-9a-f]{32}")

_REPORT = {"_line": "line", "_column": "column", "_problem": "message", "_what_to_do": "remedy"}
"""Columns of a file of rejected rows, after its own → field of `RowProblem`."""
_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


@dataclass(frozen=True)
class RowProblem:
    """Why a row cannot be imported. column: empty if it concerns the whole row. remedy: what to do.

    code, detail: of a problem that has them. line: physical line of the file; 0 until the row is known. cells: of the
    row, as written.
    """

    column: str
    value: str
    message: str
    remedy: str
    code: str = ""
    detail: str = ""
    line: int = 0
    cells: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def from_entry(cls, problem: EntryProblem, line: int = 0) -> "RowProblem":
        return cls(problem.field, problem.value, problem.message, problem.remedy, problem.code, problem.detail, line)


class UnusableCell(Exception):
    """A cell, or its whole row, has a problem."""

    def __init__(self, column: str, value: str, message: str, remedy: str, code: str = "") -> None:
        super().__init__(message)
        self.problem = RowProblem(column, value, message, remedy, code)

    @classmethod
    def from_entry(cls, problem: EntryProblem) -> "UnusableCell":
        return cls(problem.field, problem.value, problem.message, problem.remedy, problem.code)


@dataclass(frozen=True)
class TableRow:
    """A row with its physical line."""

    line: int
    cells: dict[str, str]

    @property
    def is_blank(self) -> bool:
        return not any(map(str.strip, self.cells.values()))


@dataclass(frozen=True)
class TableRows:
    """The rows of a file, by column name, and its headers that no column has. unreadable: problems of further rows."""

    rows: list[TableRow]
    unreadable: list[RowProblem]
    ignored_headers: list[str]

    def __len__(self) -> int:
        return len(self.rows) + len(self.unreadable)

    def convert(self, parse: Callable[[TableRow], Converted]) -> tuple[list[Converted], list[RowProblem]]:
        """What the rows are, and the problems of unreadable rows and of those for which `parse` raises `UnusableCell`.

        Blank rows are left out.
        """
        converted: list[Converted] = []
        problems = list(self.unreadable)
        for row in self.rows:
            try:
                if not row.is_blank:
                    converted.append(parse(row))
            except UnusableCell as error:
                problems.append(replace(error.problem, line=row.line, cells=row.cells))
        return converted, sorted(problems, key=lambda one: one.line)


@dataclass(frozen=True)
class TableColumns:
    """The columns of a file: texts (n,) by column name, the lines (n,), and its headers that no column has.

    unreadable: problems of further rows.
    """

    cells: pa.Table
    line: Ints
    unreadable: list[RowProblem]
    ignored_headers: list[str]


@dataclass
class ColumnProblems:
    """Problems of the rows of a file. count: number of rows."""

    count: int
    _rows: list[Ints] = field(default_factory=list)
    _problems: list[Sequence[RowProblem]] = field(default_factory=list)

    def add(self, rows: Ints, problems: Sequence[RowProblem]) -> None:
        """Add one problem to each of these rows."""
        if len(rows):
            self._rows.append(rows)
            self._problems.append(problems)

    def add_where(self, mask: Mask, column: str, message: str, remedy: str) -> None:
        """Add the same problem to all rows of a mask, bool (n,)."""
        rows = np.flatnonzero(mask)
        self.add(rows, [RowProblem(column, "", message, remedy)] * len(rows))

    @property
    def mask(self) -> Mask:
        """bool (n,): the rows with a problem."""
        mask = np.zeros(self.count, np.bool_)
        for rows in self._rows:
            mask[rows] = True
        return mask

    def by_row(self) -> Iterator[tuple[int, RowProblem]]:
        """Position of the row and its problem, by position."""
        rows = np.concatenate(self._rows) if self._rows else np.empty(0, np.int64)
        problems = [one for part in self._problems for one in part]
        return ((int(rows[at]), problems[at]) for at in np.argsort(rows, kind="stable").tolist())

    def listed(self, file: TableColumns) -> Iterator[RowProblem]:
        """The problems with their lines, those of unreadable rows first."""
        yield from file.unreadable
        for row, problem in self.by_row():
            yield replace(problem, line=int(file.line[row]))

    def rejected_rows(self, file: TableColumns) -> Iterator[str]:
        """The rows as lines of a CSV file, with their problems; corrected, they can be imported."""
        yield BOM + format_guarded_line([*file.cells.column_names, *_REPORT])
        for row, grouped in groupby(self.by_row(), key=lambda one: one[0]):
            problems = [problem for _, problem in grouped]
            texts = [column[row].as_py() for column in file.cells.columns]
            parts = ("; ".join(getattr(one, name) for one in problems) for name in ("column", "message", "remedy"))
            yield format_guarded_line([*texts, str(file.line[row]), *parts])


@dataclass(frozen=True)
class DistinctColumn:
    """Row i is `values[index[i]]`; None: the row is refused. index: int64 (n,)."""

    values: Sequence[Any]
    index: Ints

    def where(self, test: Callable[[Any], bool]) -> Mask:
        """bool (n,): rows that are not refused and whose value passes a test."""
        passes: Mask = np.array([value is not None and test(value) for value in self.values], np.bool_)[self.index]
        return passes

    def numbers(self, of: Callable[[Any], int]) -> Ints:
        """int64 (n,): a number of each value; -1 for refused rows."""
        numbers: Ints = np.array([-1 if value is None else of(value) for value in self.values], np.int64)[self.index]
        return numbers

    def convert(self, parse: Callable[[Any], Any], refusals: ColumnProblems) -> "DistinctColumn":
        """Call `parse` for each value; the rows of those for which it raises `UnusableCell` are refused."""
        values: list[Any] = []
        problems: dict[int, RowProblem] = {}
        for at, value in enumerate(self.values):
            try:
                values.append(None if value is None else parse(value))
            except UnusableCell as error:
                values.append(None)
                problems[at] = error.problem
        if problems:
            rows = np.flatnonzero(np.isin(self.index, list(problems)))
            refusals.add(rows, [problems[at] for at in self.index[rows].tolist()])
        return _distinct(values, self.index)

    def take(self, rows: Ints) -> "DistinctColumn":
        """The column of some rows. rows: (k,) positions."""
        return DistinctColumn(self.values, self.index[rows])

    def blank_where(self, mask: Mask) -> "DistinctColumn":
        """The column with empty texts in the rows of a mask, bool (n,)."""
        return _distinct([*self.values, ""], np.where(mask, len(self.values), self.index))

    def ranks(self) -> Ints:
        """int64 (n,): the rank of each row's value; no row may be refused."""
        used = np.unique(self.index)
        ranks = np.zeros(len(self.values), np.int64)
        ranks[sorted(used.tolist(), key=lambda at: self.values[at])] = np.arange(len(used))
        rows: Ints = ranks[self.index]
        return rows


def column_texts(cells: pa.Table, name: str, default: str = "") -> DistinctColumn:
    """The texts of a column, trimmed; the default where it is empty, or if there is no such column."""
    if name not in cells.column_names:
        return DistinctColumn([default], np.zeros(cells.num_rows, np.int64))
    column = strip_and_mask(cells.column(name))
    words = [default if word is None else word for word in column.words.to_pylist()]
    return DistinctColumn(words or [default], column.index.astype(np.int64))


def pair_columns(first: DistinctColumn, second: DistinctColumn) -> DistinctColumn:
    """Pairs of two values; None where one of them is."""
    count = len(second.values)
    codes, index = np.unique(first.index * count + second.index, return_inverse=True)
    both = [(first.values[code // count], second.values[code % count]) for code in codes.tolist()]
    return DistinctColumn([None if None in pair else pair for pair in both] or [None], index.astype(np.int64))


def _distinct(values: Sequence[Any], index: Ints) -> DistinctColumn:
    positions = {value: at for at, value in enumerate(dict.fromkeys(values))}
    return DistinctColumn(list(positions), np.array([positions[value] for value in values], np.int64)[index])


def read_rows(content: bytes, columns: Sequence[EntryColumn], limits: Limits) -> TableRows:
    """Read the file as rows, sorted by line. Raises as `read_columns`."""
    file = read_columns(content, columns, limits)
    names, texts = file.cells.column_names, [column.to_pylist() for column in file.cells.columns]
    lines = zip(file.line.tolist(), *texts, strict=True)
    rows = [TableRow(line, dict(zip(names, cells, strict=True))) for line, *cells in lines]
    return TableRows(sorted(rows, key=lambda row: row.line), file.unreadable, file.ignored_headers)


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
    unreadable: list[RowProblem] = []
    headers: list[str] = []
    mapped: dict[str, int] = {}
    for block in read_blocks(lambda: io.BytesIO(content), options):
        if not headers:
            headers = block.cells.column_names
            mapped = _mapped(headers, columns)
        tables.append(_block_table(block, mapped, guarded=not workbook))
        lines.append(block.line_number)
        unreadable += [_unreadable_row(row.line_number, row.raw) for row in block.unreadable]
        if sum(map(len, lines)) + len(unreadable) > max_rows:
            raise Rejected(f"The file has more than {max_rows:,} rows. Split it into several files.")
    used = set(mapped.values())
    ignored = [name for index, name in enumerate(headers) if index not in used and name.strip()]
    unreadable.sort(key=lambda one: one.line)
    return TableColumns(pa.concat_tables(tables), np.concatenate(lines), unreadable, ignored)


def _unreadable_row(line: int, raw: str) -> RowProblem:
    return RowProblem.from_entry(EntryProblem("unreadable-row", value=raw[:80]), line)


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


def csv_file(headers: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    """UTF-8 with a byte order mark, guarded against formulas."""
    return (BOM + "".join(map(format_guarded_line, [headers, *rows]))).encode()


def xlsx_file(headers: Iterable[str], rows: Iterable[Iterable[str]], sheet: str) -> bytes:
    """A workbook with one sheet whose cells are texts, so that a spreadsheet changes neither codes nor dates."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _relations("officeDocument", "xl/workbook.xml"))
        archive.writestr("xl/_rels/workbook.xml.rels", _relations("worksheet", "worksheets/sheet1.xml"))
        archive.writestr(
            "xl/workbook.xml",
            f'<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
            f'<sheet name="{escape(sheet)}" sheetId="1" r:id="rId1"/></sheets></workbook>',
        )
        lines = "".join(f"<row>{''.join(map(_cell, cells))}</row>" for cells in (headers, *rows))
        archive.writestr(
            "xl/worksheets/sheet1.xml",
            f'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="{_MAIN}"><sheetData>{lines}</sheetData>'
            "</worksheet>",
        )
    return out.getvalue()


def _cell(text: str) -> str:
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>' if text else "<c/>"


def _relations(kind: str, target: str) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="{_RELATIONS}">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/{kind}" Target="{target}"/></Relationships>'
    )


def write_preview(ports: Ports, login: str, content: bytes) -> str:
    """Keep the file of a user's preview; return the ID of the preview."""
    preview_id = secrets.token_hex(16)
    with ports.objects.writer(STAGING, _preview_object(login, preview_id)) as out:
        out.write(content)
    return preview_id


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
