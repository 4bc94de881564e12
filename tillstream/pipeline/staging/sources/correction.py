"""Read a corrected file as row batches: rejected rows with their original row numbers, by their upload's contract."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.contract.model import Contract
from tillstream.domain.dates.swapped_dates import DateDoubt
from tillstream.domain.errors import Rejected
from tillstream.domain.text.formula_guard import unguard
from tillstream.pipeline.normalising.normalise import normalise
from tillstream.pipeline.normalising.source_columns import missing_columns
from tillstream.pipeline.reading.correction_file import (
    ACCEPT,
    CONTROL_COLUMNS,
    CORRECTION_STYLE,
    DISCARD,
    LINE,
    ROW,
    TRUE_VALUES,
    line_of,
)
from tillstream.pipeline.reading.delimited.reader import Block, read_delimited
from tillstream.pipeline.rows.guarded_text import unguard_column
from tillstream.pipeline.rows.row_batch import RejectedRow, RowBatch, RowProblem, set_aside_ignored
from tillstream.pipeline.rows.text_column import decoded
from tillstream.pipeline.validating.validate import validate


def row_numbers(open_corrected: Callable[[], BinaryIO]) -> list[int]:
    """Return the `_row` of every row. Raises `Rejected` if the file is not a corrected file or repeats a row."""
    numbers: list[int] = []
    with open_corrected() as stream:
        for block in read_delimited(stream, CORRECTION_STYLE):
            if block.unreadable:
                row = block.unreadable[0]
                raise Rejected(f"Line {row.line_number} of the corrected file cannot be read as cells: {row.raw[:80]}")
            numbers += _numbers(block, ROW).tolist()
    repeated = (
        sorted({number for number in numbers if numbers.count(number) > 1}) if len(set(numbers)) < len(numbers) else []
    )
    if repeated:
        raise Rejected(f"The corrected file contains row {repeated[0]} more than once.")
    return numbers


@dataclass
class CorrectionSource:
    """A corrected file. A row with a reason in `_discard` is ignored."""

    open_corrected: Callable[[], BinaryIO]
    contract: Contract
    received: date
    """The day of receipt in the zone of the source."""
    correction_no: int
    date_only: bool = False
    """Whether the original file has dates without times."""
    headers: tuple[str, ...] = ()
    date_doubt: DateDoubt | None = None
    table_doubt: str = ""

    def row_batches(self) -> Iterator[RowBatch]:
        """Yield the corrected rows as row batches. Raises `Rejected` if the file is not a corrected file."""
        with self.open_corrected() as stream:
            for block in read_delimited(stream, CORRECTION_STYLE):
                yield self._row_batch(block)

    def _row_batch(self, block: Block) -> RowBatch:
        numbers, lines = _numbers(block, ROW), _numbers(block, LINE)
        reasons = _texts(block, DISCARD)
        accepted = np.array([answer.lower() in TRUE_VALUES for answer in _texts(block, ACCEPT)], np.bool_)
        kept = np.array([not reason for reason in reasons], np.bool_)
        cells = block.cells.drop_columns([name for name in CONTROL_COLUMNS if name in block.cells.column_names])
        names = list(map(unguard, cells.column_names))
        unguarded = pa.table([unguard_column(decoded(column)) for column in cells.columns], names)
        corrected = unguarded.filter(pa.array(kept)) if kept.any() else self._no_rows()
        missing = missing_columns(corrected.column_names, self.contract)
        if missing:
            raise Rejected(f"Columns are missing from the corrected file: {', '.join(missing)}.")
        table, issues = normalise(
            # few corrected rows are not enough evidence for the date formats of the file
            corrected,
            self.contract,
            date_only=self.date_only,
            evidence=frozenset(),
        )
        validate(table, self.contract, issues, received_date=self.received)
        kept_index = np.flatnonzero(kept)

        @cache
        def texts() -> list[list[str]]:
            return [column.to_pylist() for column in unguarded.columns]

        def raw(index: int) -> str:
            # Source cells only: a further correction adds the apostrophes and the control columns again.
            return line_of([column[index] for column in texts()])

        row_batch = RowBatch(
            table,
            numbers[kept],
            lines[kept],
            issues,
            lambda index: raw(int(kept_index[index])),
            [
                _discarded(raw(index), int(numbers[index]), int(lines[index]), reasons[index])
                for index in np.flatnonzero(~kept).tolist()
            ],
            block.blank,
            accepted[kept],
            fix_number=self.correction_no,
        )
        return set_aside_ignored(row_batch)

    def _no_rows(self) -> pa.Table:
        """Where every row is discarded, other columns do: those of a micro-batch are not the contract's."""
        return pa.table({name: pa.array([], pa.string()) for name in self.contract.headers})


def _numbers(block: Block, name: str) -> npt.NDArray[np.int64]:
    if name not in block.cells.column_names:
        raise Rejected(
            f"The corrected file has no column {name}. Download the rows to fix, correct them and submit the same file."
        )
    try:
        numbers = pc.cast(pc.utf8_trim_whitespace(decoded(block.cells.column(name))), pa.int64())
    except pa.ArrowInvalid as error:
        raise Rejected(
            f"Column {name} of the corrected file must contain the downloaded whole numbers unchanged."
        ) from error
    return np.asarray(numbers.to_numpy(), np.int64)


def _texts(block: Block, name: str) -> list[str]:
    """Return the texts of a column that Tillstream added; empty if the user removed it."""
    if name not in block.cells.column_names:
        return [""] * block.cells.num_rows
    return [cell.strip() for cell in block.cells.column(name).to_pylist()]


def _discarded(raw: str, row: int, line: int, reason: str) -> RejectedRow:
    problem = RowProblem(code="discarded", column=None, value=reason, detail="")
    return RejectedRow(row, line, raw, [problem], outcome="ignored", refused_by="person")
