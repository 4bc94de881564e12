"""Read a regional file as row batches: parsed, normalised and validated block by block, with its doubts."""

import re
from bisect import bisect_left
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from itertools import chain, takewhile
from operator import attrgetter, itemgetter
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.detection.values.swapped_dates import DateDoubt, can_be_swapped, is_only_early
from tillstream.model.contract import Contract
from tillstream.model.errors import Rejected
from tillstream.model.limits import LIMITS, Limits
from tillstream.model.problems import CATALOGUE, Severity
from tillstream.pipeline.normalising.normalise import normalise
from tillstream.pipeline.normalising.sale_time import (
    FileDateFacts,
    all_times_midnight,
    date_evidence,
    needs_date_evidence,
)
from tillstream.pipeline.normalising.source_columns import missing_columns
from tillstream.pipeline.reading.delimited.header_search import looks_like_data
from tillstream.pipeline.reading.open_reader import read_blocks, read_options
from tillstream.pipeline.reading.read_options import RowBudget, UnreadableFile, describe_problem, unreadable
from tillstream.pipeline.reading.skipped_rows import other_header
from tillstream.pipeline.reading.typed_cells import join_cells, split_line
from tillstream.pipeline.rows.row_batch import Block, RejectedRow, RejectionProblem, RowBatch, set_aside_ignored
from tillstream.pipeline.rows.text_columns import combine_chunks, to_bool_array
from tillstream.pipeline.validating.date_doubts import DateDoubts
from tillstream.pipeline.validating.spreadsheet_swaps import converted_dates, flag_swapped_dates, swap_date_cells

OpenBlocks = Callable[[], Iterator[Block]]

_ROWS_ABOVE = 4
"""Rows above a header, blank ones included, among which its title is."""
_TOP_ROWS = 40
"""First rows of a file, above the header, that may be its titles."""
_MAX_HEADERS, _MAX_TITLE = 100, 80
_DIGITS = re.compile(r"\d+")

DELIMITER_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
MAX_HEADERS_SHOWN, MAX_HEADER_LENGTH = 30, 60


class DateScan:
    """The date facts of a whole file.

    Reads the file again only if the date formats of its contract are ambiguous, if day and month of half-converted
    dates are swapped back, or if all times of the first block that has times are 00:00.
    """

    def __init__(self, open_blocks: OpenBlocks, contract: Contract) -> None:
        """open_blocks: opens the file again, from its first row."""
        self._open_blocks, self._contract = open_blocks, contract
        self._evidence = self._read_evidence() if needs_date_evidence(contract) else None
        self._swap_date_cells = contract.dates.half_converted == "swap" and self._is_half_converted()
        self._date_only: bool | None = None

    def facts(self, block: Block) -> FileDateFacts:
        """The facts as far as the blocks up to this one need them. Call it with each block of the file, in order."""
        if self._date_only is None:
            self._date_only = all_times_midnight(block.cells, self._contract)
            if self._date_only:
                self._date_only = self._is_date_only()
        return FileDateFacts(bool(self._date_only), self._evidence, self._swap_date_cells)

    def _read_evidence(self) -> frozenset[tuple[str, str]]:
        return frozenset[tuple[str, str]]().union(
            *(date_evidence(block.cells, self._contract) for block in self._open_blocks())
        )

    def _is_half_converted(self) -> bool:
        """Return True if no date cell has a day above 12, and all texts have one."""
        converted, texts = set[date](), set[date]()
        for block in self._open_blocks():
            more_converted, more_texts = converted_dates(block.cells, self._contract)
            converted |= more_converted
            texts |= more_texts
        return is_only_early(converted) and bool(texts) and not any(map(can_be_swapped, texts))

    def _is_date_only(self) -> bool:
        return all(all_times_midnight(block.cells, self._contract) is not False for block in self._open_blocks())


@dataclass(frozen=True)
class _TextRow:
    line: int
    texts: tuple[str, ...]
    """Cells that are not empty."""


class TableDoubts:
    """Evidence of one file, collected block by block."""

    def __init__(self, contract: Contract) -> None:
        self._date, self._delimiter = contract.columns.get("date", ""), contract.file.delimiter
        self._last: dict[int, _TextRow] = {}
        self._headers = 0
        self._titles: list[_TextRow] = []
        self._other: _TextRow | None = None
        self._first_sale, self._last_sale = 0, 0
        self._headings: dict[int, _TextRow] = {}

    def add(self, block: Block) -> None:
        """Add a block: the titles above its repeated headers, and the first header with other names."""
        width = block.cells.num_columns
        for header in block.headers[: max(0, _MAX_HEADERS - self._headers)].tolist():
            self._headers += 1
            above = self._last | self._rows(block, header - _ROWS_ABOVE, header)
            title = _title_above(above, header, width)
            if title and str(self._headers + 1) not in _DIGITS.findall(" ".join(title.texts)):  # not the page number
                self._titles.append(title)
        if self._other is None and self._date in block.cells.column_names:
            self._other = _header_row(block, self._date)
        if block.cells.num_rows or block.unreadable:
            end = max([*block.row_number[-1:].tolist(), *(row.row_number for row in block.unreadable[-1:])]) + 1
            self._last = self._rows(block, end - _ROWS_ABOVE, end)

    def add_dates(self, block: Block, dates: pa.ChunkedArray) -> None:
        """Add the titles among the rows, below a blank row. dates: those of the rows, null if they have none."""
        is_dated = to_bool_array(pc.is_valid(combine_chunks(dates)))
        sales = block.row_number[is_dated]
        if len(sales):
            self._first_sale = self._first_sale or int(sales[0])
            self._last_sale = int(sales[-1])
        undated = block.row_number[~is_dated][:_MAX_HEADERS].tolist()
        for number in (*undated, *(row.row_number for row in block.unreadable[:_MAX_HEADERS])):
            rows = self._rows(block, number - 1, number + 1)
            if number - 1 not in rows and _is_title(rows[number], block.cells.num_columns):
                self._headings[number] = rows[number]

    def _heading(self) -> str:
        """The only title among the rows, if rows are above and below it; titles of sections are above all rows."""
        if len(self._headings) != 1:
            return ""
        ((number, row),) = self._headings.items()
        if not self._first_sale < number < self._last_sale:
            return ""
        return f"line {row.line:,}, “{_display_row(row)}”, is a title among the rows"

    def doubt(self, start: Iterator[Block]) -> str:
        """The evidence of another table; empty if there is none. start: the file from its first line on.

        A title that is also above the first header, or that is above several, is that of the report on each page.
        """
        if self._titles:
            block = next(start)
            rows, width = self._rows(block, 0, _TOP_ROWS), block.cells.num_columns
            top = takewhile(lambda row: _is_title(row, width), (rows[number] for number in sorted(rows)))
            pages = set(map(_row_key, top))
            keys = [_row_key(title) for title in self._titles]
            for title, key in zip(self._titles, keys, strict=True):
                if key not in pages and keys.count(key) == 1:
                    return f"line {title.line:,}, “{_display_row(title)}”, is a title above another header"
        if self._other:
            return f"line {self._other.line:,} is another header: {_display_row(self._other)}"
        return "" if self._titles else self._heading()

    def _rows(self, block: Block, start: int, end: int) -> dict[int, _TextRow]:
        """Row number → row, of the rows with these numbers."""
        first, last = np.searchsorted(block.row_number, (start, end)).tolist()
        cells = block.cells.slice(first, last - first).to_pylist()
        rows = {
            int(block.row_number[first + index]): _TextRow(int(block.line_number[first + index]), _filled(row.values()))
            for index, row in enumerate(cells)
        }
        number_of = attrgetter("row_number")
        from_row, to_row = (bisect_left(block.unreadable, number, key=number_of) for number in (start, end))
        return rows | {
            row.row_number: _TextRow(row.line_number, _filled(split_line(row.raw, self._delimiter)))
            for row in block.unreadable[from_row:to_row]
        }


def _title_above(above: Mapping[int, _TextRow], header: int, width: int) -> _TextRow | None:
    """The nearest row above the header, if it is a title."""
    row = next((above[number] for number in range(header - 1, header - 1 - _ROWS_ABOVE, -1) if number in above), None)
    return row if row and _is_title(row, width) else None


def _is_title(row: _TextRow, width: int) -> bool:
    return 0 < len(row.texts) <= max(1, width // 3) and not looks_like_data(row.texts)


def _header_row(block: Block, date: str) -> _TextRow | None:
    """The first row whose date is the name of the column of dates."""
    column = combine_chunks(block.cells.column(date))
    is_name = to_bool_array(pc.equal(pc.utf8_trim_whitespace(column.dictionary), date))
    if not is_name.any():
        return None
    rows = np.flatnonzero(is_name[column.indices.to_numpy()])
    if not len(rows):
        return None
    index = int(rows[0])
    row = block.cells.slice(index, 1).to_pylist()[0]
    return _TextRow(int(block.line_number[index]), _filled(row.values()))


def _filled(cells: Iterable[str]) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in cells if cell.strip())


def _row_key(row: _TextRow) -> str:
    """The text without its numbers, as titles of pages differ in them."""
    return _DIGITS.sub("0", " ".join(row.texts)).casefold()


def _display_row(row: _TextRow) -> str:
    text = ", ".join(row.texts)
    return text if len(text) <= _MAX_TITLE else f"{text[:_MAX_TITLE]}…"


@dataclass
class RegionalFileSource:
    """A regional file."""

    open_original: Callable[[], BinaryIO]
    contract: Contract
    received: date
    """The day of receipt in the zone of the source."""
    limits: Limits = LIMITS
    file: str = ""
    """Name of the file."""
    source: str = "file"
    """The type of source of the rows, one of `columns.SOURCES`."""
    headers: tuple[str, ...] = field(default=(), init=False)
    date_doubt: DateDoubt | None = field(default=None, init=False)
    """Set after the last row batch."""
    table_doubt: str = field(default="", init=False)
    """Why another table seems to follow below the sales, set after the last row batch; empty if none does."""

    def row_batches(self) -> Iterator[RowBatch]:
        """Yield the row batches of the file.

        Raises `UnreadableFile` if the file cannot be read or does not have the columns of its contract.
        """
        open_blocks = partial(read_blocks, self.open_original, read_options(self.contract, self.limits, self.file))
        with closing(open_blocks()) as blocks:
            first = next(blocks)
            self.headers = tuple(first.cells.column_names)
            check_header(first, self.contract)
            dates = DateScan(open_blocks, self.contract)
            budget = RowBudget(self.limits, self.contract.refused_threshold)
            doubts, tables = DateDoubts(self.contract, self.received), TableDoubts(self.contract)
            for block in chain([first], blocks):
                check_rows(block)
                tables.add(block)
                row_batch = to_row_batch(block, self.contract, self.received, dates.facts(block))
                kept = set_aside_ignored(row_batch)
                _spend_budget(budget, kept)
                tables.add_dates(block, row_batch.table.column("sale_date"))
                doubts.add(row_batch.table, block.cells, block.line_number)
                yield replace(kept, source=self.source)
            self.date_doubt = doubts.doubt()
        with closing(self._from_first_line()) as blocks:
            self.table_doubt = tables.doubt(blocks)

    def _from_first_line(self) -> Generator[Block, None, None]:
        """The blocks with the lines above the header and the header itself as rows."""
        update = {"header": self.headers, "ignore": (), "ignore_where": {}, "fill_down": ()}
        style = self.contract.file.model_copy(update=update)
        contract = self.contract.model_copy(update={"file": style})
        return read_blocks(self.open_original, read_options(contract, self.limits, self.file))


def _spend_budget(budget: RowBudget, row_batch: RowBatch) -> None:
    """Add the rows of a batch to the budget. Raises `UnreadableFile` if too many of them are rejected; those that the
    contract ignores are not."""
    is_rejected = row_batch.issues.rejected_mask(row_batch.table.num_rows)
    examples = [
        (int(row_batch.line_number[issue.first]), issue.code, issue.column, issue.value, issue.detail)
        for issue in row_batch.issues.summary()
        if issue.severity is Severity.ERROR
    ]
    refused = [row for row in row_batch.rejected if row.outcome != "ignored"]
    for row in refused[:1]:
        problem = row.problems[0]
        examples.append((row.line_number, problem["code"], problem["column"], problem["value"], problem["detail"]))
    example = describe_problem(*min(examples, key=itemgetter(0))) if examples else ""
    budget.spend(row_batch.rows_read, int(is_rejected.sum()) + len(refused), example)


def check_header(block: Block, contract: Contract) -> None:
    """Check the header. Raises `Rejected` if columns that the contract requires are missing."""
    header = block.cells.column_names
    clashing = [name for name in header if name in contract.made]
    if clashing:
        raise Rejected(
            f"The data source derives a column {', '.join(clashing)} (made), but the file has a column with that name. "
            "Rename the derived column in the data source."
        )
    missing = missing_columns(header, contract)
    if not missing:
        return
    for delimiter, delimiter_name in DELIMITER_NAMES.items():
        if len(header) == 1 and not missing_columns([name.strip() for name in header[0].split(delimiter)], contract):
            raise UnreadableFile(
                "missing-columns",
                f"The cells are separated by {delimiter_name}, but the delimiter of the data source is "
                f"{DELIMITER_NAMES[contract.file.delimiter]}. Choose the data source that fits the file, or "
                "export it again.",
            )
    problem = CATALOGUE["missing-columns"]
    message = f"{problem.format_message(detail=', '.join(missing))} It contains {_shortened_names(header)}."
    if looks_like_data(header):
        message += (
            " The first line looks like a row: if the file has no header line, list its columns in the data source "
            "(file.header)."
        )
    raise UnreadableFile(problem.code, f"{message} {problem.advice()}")


def check_rows(block: Block) -> None:
    """Raise `UnreadableFile` if a row is another header, as if two exports were joined."""
    row = other_header(block.cells)
    if row is not None:
        names = _shortened_names([column[row].as_py() for column in block.cells.columns])
        raise unreadable(
            f"Line {block.line_number[row]:,} is another header, with other columns or another order: {names}. Two "
            "exports seem to be joined. Save the rows from this line on as a file of its own, and upload both files."
        )


def _shortened_names(names: list[str]) -> str:
    """Shorten a list of headers for an error message."""
    shortened = ", ".join(
        name if len(name) <= MAX_HEADER_LENGTH else f"{name[:MAX_HEADER_LENGTH]}…" for name in names[:MAX_HEADERS_SHOWN]
    )
    return shortened if len(names) <= MAX_HEADERS_SHOWN else f"{shortened} and {len(names) - MAX_HEADERS_SHOWN:,} more"


def with_dates_swapped_back(block: Block, contract: Contract) -> Block:
    """Swap day and month of the block's date cells, with a warning for each row that this changes."""
    header = contract.columns["date"]
    if header not in block.cells.column_names:
        return block
    position = block.cells.column_names.index(header)
    column, changed = swap_date_cells(block.cells.column(header), contract.dates)
    cells = block.cells.set_column(position, header, column)

    def raw(index: int) -> str:
        row = cells.slice(index, 1).to_pylist()[0]
        return join_cells(list(row.values()), contract.file.delimiter)

    warnings = block.warnings | {"day-month-repaired": np.flatnonzero(changed)}
    return replace(block, cells=cells, raw=raw, warnings=warnings)


def to_row_batch(block: Block, contract: Contract, received: date, dates: FileDateFacts) -> RowBatch:
    """Normalise and validate the rows of a block, those included that are ignored because of their status."""
    if dates.swap_date_cells:
        block = with_dates_swapped_back(block, contract)
    table, issues = normalise(block.cells, contract, date_only=dates.date_only, evidence=dates.evidence)
    for code, rows in block.warnings.items():
        issues.add(rows, code, None)
    # imported late: a thread may still be loading the frame libraries while blocks are read
    from tillstream.pipeline.validating.validate import validate

    validate(table, contract, issues, received_date=received)
    flag_swapped_dates(table, issues)
    refused = [
        RejectedRow(
            row.row_number,
            row.line_number,
            row.raw,
            [RejectionProblem(code=row.code, column=None, value=row.value, detail=row.detail)],
        )
        for row in block.unreadable
    ]
    return RowBatch(
        table,
        block.row_number,
        block.line_number,
        issues,
        block.raw,
        refused,
        block.blank,
        ignored=block.ignored,
        truncation=block.truncation,
        letters=block.letters,
    )
