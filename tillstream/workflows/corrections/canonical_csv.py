"""A corrected file as a person's spreadsheet saved it, brought into the one form in which corrections are kept."""

import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from typing import Literal

import pyarrow as pa

from tillstream.domain.contract.sections import FileStyle
from tillstream.domain.errors import Rejected
from tillstream.domain.limits import LIMITS, Limits
from tillstream.pipeline.reading.correction_file import ACCEPT, BOM, DISCARD, LINE, OURS, ROW, YES
from tillstream.pipeline.reading.errors import UnreadableFile
from tillstream.pipeline.reading.open_reader import Manner, blocks, shape
from tillstream.pipeline.rows.block import Block

Delimiter = Literal[",", ";", "\t"]
DELIMITERS: tuple[Delimiter, ...] = (",", ";", "\t")
"""What spreadsheets write, by the country they are set to."""
NO = ("", "no", "n", "false", "0")


def kept_form(given: bytes, names: list[str], decimal: str = ".", limits: Limits = LIMITS) -> bytes:
    """UTF-8 with commas: the original's columns `names` in their order, then ours; columns of nobody are left out.

    decimal: how the contract writes what a workbook tells as numbers. Raises `Rejected` in words for a file that is
    not the downloaded one, corrected.
    """
    how = Manner(FileStyle(delimiter=_delimiter(given, limits)), (ROW,), decimal, limits)
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for number, block in enumerate(blocks(lambda: io.BytesIO(given), how)):
        _readable(block)
        table = _ordered(block.cells, names)
        _say_what_they_mean(block, table)
        if not number:
            writer.writerow(table.column_names)
        writer.writerows(zip(*(column.to_pylist() for column in table.columns), strict=True))
    return (BOM + out.getvalue()).encode()


def _delimiter(given: bytes, limits: Limits) -> Delimiter:
    """The one that makes `_row` a column; a file without that column is told so by the next step."""
    for delimiter in DELIMITERS:
        # with the wrong one a quoted name is no name
        with suppress(UnreadableFile):
            how = Manner(FileStyle(delimiter=delimiter), (ROW,), limits=limits)
            if ROW in shape(lambda: io.BytesIO(given), how).names:
                return delimiter
    return ","


def _readable(block: Block) -> None:
    for row in block.refused[:1]:
        if row.code == "undecodable-text":
            raise Rejected(
                f"Line {row.line_number} of the corrected file holds letters that are not UTF-8. "
                "Save it as CSV UTF-8 (in Excel: Save as, CSV UTF-8) and give it back again."
            )
        raise Rejected(f"Line {row.line_number} of the corrected file cannot be read as cells: {row.raw[:80]}")


def _ordered(cells: pa.Table, names: list[str]) -> pa.Table:
    for own in (ROW, LINE):
        if own not in cells.column_names:
            raise Rejected(
                f"The corrected file has no column {own}: "
                "download the refused rows, correct them and give the same file back."
            )
    missing = [name for name in names if name not in cells.column_names]
    if missing:
        raise Rejected(f"The corrected file lacks the columns {', '.join(missing)}.")
    return cells.select([*names, *(own for own in OURS if own in cells.column_names)])


def _say_what_they_mean(block: Block, table: pa.Table) -> None:
    """An answer that is neither yes nor no, or accepts and discards at once, is not guessed."""
    for line, accept, discard in zip(block.line_number.tolist(), *_answers(table), strict=True):
        if accept.casefold() not in YES + NO:
            raise Rejected(f"Line {line} of the corrected file: {ACCEPT} is “{accept}”; write yes or leave it empty.")
        if accept.casefold() in YES and discard:
            raise Rejected(f"Line {line} of the corrected file is accepted and discarded at once; leave one of them.")


def _answers(table: pa.Table) -> Iterator[list[str]]:
    for name in (ACCEPT, DISCARD):
        known = name in table.column_names
        yield [cell.strip() for cell in table.column(name).to_pylist()] if known else [""] * table.num_rows
