"""Convert a corrected file, as saved by a spreadsheet, to the canonical CSV in which corrections are stored."""

import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from typing import Literal

import pyarrow as pa

from tillstream.model.contract_sections import FileStyle
from tillstream.model.errors import Rejected
from tillstream.model.limits import LIMITS, Limits
from tillstream.model.safe_text import guard_formulas, unguard_formulas
from tillstream.pipeline.reading.correction_file import ACCEPT, BOM, CONTROL_COLUMNS, DISCARD, LINE, ROW, TRUE_VALUES
from tillstream.pipeline.reading.open_reader import read_blocks, read_header
from tillstream.pipeline.reading.read_options import ReadOptions, UnreadableFile
from tillstream.pipeline.rows.row_batch import Block

Delimiter = Literal[",", ";", "\t"]
DELIMITERS: tuple[Delimiter, ...] = (",", ";", "\t")
"""Delimiters that spreadsheets write, depending on their locale."""
NO_WORDS = ("", "no", "n", "false", "0")


def to_canonical_csv(data: bytes, names: list[str], decimal: str = ".", limits: Limits = LIMITS) -> bytes:
    """Return UTF-8 CSV with commas: the original's columns `names` in order, then ours; other columns are dropped.

    decimal: decimal separator of the contract, used to write numeric cells of a workbook. Raises `Rejected` if the
    file is not a corrected copy of the downloaded one.
    """
    options = ReadOptions(FileStyle(delimiter=_detect_delimiter(data, limits)), (ROW,), decimal, limits)
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for number, block in enumerate(read_blocks(lambda: io.BytesIO(data), options)):
        _check_readable(block)
        table = _select_columns(block.cells, names)
        _check_decisions(block, table)
        if not number:
            writer.writerow(map(guard_formulas, table.column_names))
        writer.writerows(zip(*(column.to_pylist() for column in table.columns), strict=True))
    return (BOM + out.getvalue()).encode()


def _detect_delimiter(data: bytes, limits: Limits) -> Delimiter:
    """Return the delimiter that yields a `_row` column; `_select_columns` rejects a file without that column."""
    for delimiter in DELIMITERS:
        # the wrong delimiter can make the quoted header unparseable
        with suppress(UnreadableFile):
            options = ReadOptions(FileStyle(delimiter=delimiter), (ROW,), limits=limits)
            if ROW in read_header(lambda: io.BytesIO(data), options).names:
                return delimiter
    return ","


def _check_readable(block: Block) -> None:
    for row in block.unreadable[:1]:
        if row.code == "undecodable-text":
            raise Rejected(
                f"Line {row.line_number} of the corrected file contains bytes that are not UTF-8. Save it as CSV "
                "UTF-8 (in Excel: Save As, CSV UTF-8) and submit it again."
            )
        raise Rejected(f"Line {row.line_number} of the corrected file cannot be read as cells: {row.raw[:80]}")


def _select_columns(cells: pa.Table, names: list[str]) -> pa.Table:
    cells = cells.rename_columns(list(map(unguard_formulas, cells.column_names)))
    for own in (ROW, LINE):
        if own not in cells.column_names:
            raise Rejected(
                f"The corrected file has no column {own}. Download the rows to fix, correct them and submit the "
                "same file."
            )
    missing = [name for name in names if name not in cells.column_names]
    if missing:
        raise Rejected(f"Columns are missing from the corrected file: {', '.join(missing)}.")
    return cells.select([*names, *(own for own in CONTROL_COLUMNS if own in cells.column_names)])


def _check_decisions(block: Block, table: pa.Table) -> None:
    """Reject a row whose `_accept` is neither yes nor no, or that is both accepted and discarded."""
    for line, accept, discard in zip(block.line_number.tolist(), *_decisions(table), strict=True):
        if accept.casefold() not in TRUE_VALUES + NO_WORDS:
            raise Rejected(f"Line {line} of the corrected file: {ACCEPT} is “{accept}”. Enter yes or leave it empty.")
        if accept.casefold() in TRUE_VALUES and discard:
            raise Rejected(f"Line {line} of the corrected file is both accepted and discarded. Remove one of the two.")


def _decisions(table: pa.Table) -> Iterator[list[str]]:
    for name in (ACCEPT, DISCARD):
        is_present = name in table.column_names
        yield [cell.strip() for cell in table.column(name).to_pylist()] if is_present else [""] * table.num_rows
