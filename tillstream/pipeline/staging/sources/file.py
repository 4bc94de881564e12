"""Read a regional file as row batches: parsed, normalised and validated block by block."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from itertools import chain
from operator import itemgetter
from typing import BinaryIO

import numpy as np

from tillstream.domain.contract.model import Contract
from tillstream.domain.dates.swapped_dates import DateDoubt
from tillstream.domain.errors import Rejected
from tillstream.domain.limits import LIMITS, Limits
from tillstream.domain.problems import CATALOGUE, Severity
from tillstream.pipeline.normalising.dates.half_converted import swap_date_cells
from tillstream.pipeline.normalising.dates.sale_time import FileDateFacts
from tillstream.pipeline.normalising.normalise import normalise
from tillstream.pipeline.normalising.source_columns import missing_columns
from tillstream.pipeline.reading.delimited.header import looks_like_data
from tillstream.pipeline.reading.errors import UnreadableFile, unreadable
from tillstream.pipeline.reading.limits import RowBudget, describe_problem
from tillstream.pipeline.reading.open_reader import read_blocks, read_options
from tillstream.pipeline.reading.skipped_rows import other_header
from tillstream.pipeline.reading.typed_block import line_of
from tillstream.pipeline.rows.block import Block
from tillstream.pipeline.rows.row_batch import RejectedRow, RowBatch, RowProblem, set_aside_ignored
from tillstream.pipeline.staging.sources.date_scan import DateScan
from tillstream.pipeline.staging.sources.table_doubts import TableDoubts
from tillstream.pipeline.validating.date_doubts import DateDoubts
from tillstream.pipeline.validating.swapped_dates import flag_swapped_dates

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
MAX_HEADERS_SHOWN, MAX_HEADER_LENGTH = 30, 60


@dataclass
class FileSource:
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
                _spend(budget, kept)
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


def _spend(budget: RowBudget, row_batch: RowBatch) -> None:
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
    for delimiter, delimiter_name in DELIMITERS.items():
        if len(header) == 1 and not missing_columns([name.strip() for name in header[0].split(delimiter)], contract):
            raise UnreadableFile(
                "missing-columns",
                f"The cells are separated by {delimiter_name}, but the delimiter of the data source is "
                f"{DELIMITERS[contract.file.delimiter]}. Choose the data source that fits the file, or "
                "export it again.",
            )
    problem = CATALOGUE["missing-columns"]
    message = f"{problem.format_message(detail=', '.join(missing))} It contains {_shortened(header)}."
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
        names = _shortened([column[row].as_py() for column in block.cells.columns])
        raise unreadable(
            f"Line {block.line_number[row]:,} is another header, with other columns or another order: {names}. Two "
            "exports seem to be joined. Save the rows from this line on as a file of its own, and upload both files."
        )


def _shortened(names: list[str]) -> str:
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
        return line_of(list(row.values()), contract.file.delimiter)

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
            [RowProblem(code=row.code, column=None, value=row.value, detail=row.detail)],
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
