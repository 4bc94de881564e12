"""Read a corrected file as row batches, and for a replay the original file with its corrections."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.detection.values.swapped_dates import DateDoubt
from tillstream.model.batch import Batch
from tillstream.model.contract import Contract
from tillstream.model.errors import Rejected
from tillstream.model.safe_text import unguard_formulas
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
    format_raw_line,
)
from tillstream.pipeline.reading.delimited.delimited_reader import read_delimited
from tillstream.pipeline.rows.row_batch import (
    Block,
    RejectedRow,
    RejectionProblem,
    RowBatch,
    drop_rows,
    set_aside_ignored,
)
from tillstream.pipeline.rows.text_columns import decode_texts, unguard_column
from tillstream.pipeline.staging.file_source import RegionalFileSource
from tillstream.pipeline.validating.validate import validate
from tillstream.ports import Ports
from tillstream.records.batch_records import inherited_corrections


def corrected_row_numbers(open_corrected: Callable[[], BinaryIO]) -> list[int]:
    """Return the `_row` of every row. Raises `Rejected` if the file is not a corrected file or repeats a row."""
    numbers: list[int] = []
    with open_corrected() as stream:
        for block in read_delimited(stream, CORRECTION_STYLE):
            if block.unreadable:
                row = block.unreadable[0]
                raise Rejected(f"Line {row.line_number} of the corrected file cannot be read as cells: {row.raw[:80]}")
            numbers += _number_column(block, ROW).tolist()
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
        numbers, lines = _number_column(block, ROW), _number_column(block, LINE)
        reasons = _text_column(block, DISCARD)
        accepted = np.array([answer.lower() in TRUE_VALUES for answer in _text_column(block, ACCEPT)], np.bool_)
        kept = np.array([not reason for reason in reasons], np.bool_)
        cells = block.cells.drop_columns([name for name in CONTROL_COLUMNS if name in block.cells.column_names])
        names = list(map(unguard_formulas, cells.column_names))
        unguarded = pa.table([unguard_column(decode_texts(column)) for column in cells.columns], names)
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
            return format_raw_line([column[index] for column in texts()])

        row_batch = RowBatch(
            table,
            numbers[kept],
            lines[kept],
            issues,
            lambda index: raw(int(kept_index[index])),
            [
                _discarded_row(raw(index), int(numbers[index]), int(lines[index]), reasons[index])
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


def _number_column(block: Block, name: str) -> npt.NDArray[np.int64]:
    if name not in block.cells.column_names:
        raise Rejected(
            f"The corrected file has no column {name}. Download the rows to fix, correct them and submit the same file."
        )
    try:
        numbers = pc.cast(pc.utf8_trim_whitespace(decode_texts(block.cells.column(name))), pa.int64())
    except pa.ArrowInvalid as error:
        raise Rejected(
            f"Column {name} of the corrected file must contain the downloaded whole numbers unchanged."
        ) from error
    return np.asarray(numbers.to_numpy(), np.int64)


def _text_column(block: Block, name: str) -> list[str]:
    """Return the texts of a column that Tillstream added; empty if the user removed it."""
    if name not in block.cells.column_names:
        return [""] * block.cells.num_rows
    return [cell.strip() for cell in block.cells.column(name).to_pylist()]


def _discarded_row(raw: str, row: int, line: int, reason: str) -> RejectedRow:
    problem = RejectionProblem(code="discarded", column=None, value=reason, detail="")
    return RejectedRow(row, line, raw, [problem], outcome="ignored", refused_by="person")


@dataclass
class ReplaySource:
    """The original file without its corrected rows, then the corrections, the latest first."""

    ports: Ports
    upload: Batch
    original: RegionalFileSource

    @property
    def headers(self) -> tuple[str, ...]:
        return self.original.headers

    @property
    def date_doubt(self) -> DateDoubt | None:
        return self.original.date_doubt

    @property
    def table_doubt(self) -> str:
        return self.original.table_doubt

    def row_batches(self) -> Iterator[RowBatch]:
        """Yield each row once: one that was corrected several times, from its latest correction."""
        corrections = inherited_corrections(self.ports, self.upload)
        openers = [
            partial(self.ports.objects.open, correction.bucket, correction.object, correction.generation)
            for correction in corrections
        ]
        row_sets = [frozenset(corrected_row_numbers(open_corrected)) for open_corrected in openers]
        corrected_rows = frozenset[int]().union(*row_sets)
        for row_batch in self.original.row_batches():
            yield drop_rows(row_batch, corrected_rows)
        later_rows: frozenset[int] = frozenset()
        for correction, open_corrected, rows in reversed(list(zip(corrections, openers, row_sets, strict=True))):
            source = CorrectionSource(
                open_corrected, self.original.contract, self.original.received, correction.fix_number
            )
            for row_batch in source.row_batches():
                yield drop_rows(row_batch, later_rows)
            later_rows |= rows
