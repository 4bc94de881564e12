"""The file in which rejected rows go out and come back: its own columns, its cells and its lines."""

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from tillstream.domain.contract.sections import FileStyle

BOM = "\ufeff"
ROW, LINE, PROBLEMS, ACCEPT, DISCARD, RAW = "_row", "_line", "_problems", "_accept", "_discard", "_raw"
OURS = (ROW, LINE, PROBLEMS, ACCEPT, DISCARD, RAW)
YES = ("yes", "y", "true", "1", "x")
RISKY = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n", "'")
"""Spreadsheets of East Asia take the full-width signs for the others."""
CORRECTED = FileStyle()
"""A kept correction is UTF-8 with commas, whatever the original was and however it was given back."""


def guard(cell: str) -> str:
    """A cell that a spreadsheet would take for a formula gets an apostrophe before it."""
    return f"'{cell}" if cell.startswith(RISKY) else cell


def unguard(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(RISKY) else cell


def _dicts(stream: BinaryIO) -> Iterator[dict[str, str]]:
    """The rows of a corrected file as dictionaries; guards are taken off."""
    with io.TextIOWrapper(stream, "utf-8-sig", newline="") as text:
        reader = csv.reader(text)
        header = next(reader)
        for cells in reader:
            yield dict(zip(header, map(unguard, cells), strict=False))


def line_of(cells: list[str]) -> str:
    """Cells as the text of a row of a correction, without its line end."""
    return _line(cells).removesuffix("\r\n")


def _line(cells: list[str]) -> str:
    line = io.StringIO(newline="")
    csv.writer(line).writerow(cells)
    return line.getvalue()
