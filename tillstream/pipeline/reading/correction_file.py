"""Format of the correction file, which exports rejected rows and imports their corrections."""

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
"""Includes full-width characters, which East Asian spreadsheets treat like the ASCII ones."""
CORRECTED = FileStyle()
"""A stored correction is UTF-8 with commas, whatever the format of the original or of the upload."""


def guard(cell: str) -> str:
    """Prefix a cell that a spreadsheet would evaluate as a formula with an apostrophe."""
    return f"'{cell}" if cell.startswith(RISKY) else cell


def unguard(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(RISKY) else cell


def _dicts(stream: BinaryIO) -> Iterator[dict[str, str]]:
    """Rows of a corrected file as dictionaries, with apostrophe guards removed."""
    with io.TextIOWrapper(stream, "utf-8-sig", newline="") as lines:
        reader = csv.reader(lines)
        header = next(reader)
        for cells in reader:
            yield dict(zip(header, map(unguard, cells), strict=False))


def line_of(cells: list[str]) -> str:
    """Format cells as a CSV row of a correction, without the line ending."""
    return _line(cells).removesuffix("\r\n")


def _line(cells: list[str]) -> str:
    line = io.StringIO(newline="")
    csv.writer(line).writerow(cells)
    return line.getvalue()
