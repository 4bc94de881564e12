"""Format of the correction file, which exports rejected rows and imports their corrections."""

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from tillstream.domain.contract.sections import FileStyle

BOM = "\ufeff"
ROW, LINE, PROBLEMS, ACCEPT, DISCARD, RAW = "_row", "_line", "_problems", "_accept", "_discard", "_raw"
CONTROL_COLUMNS = (ROW, LINE, PROBLEMS, ACCEPT, DISCARD, RAW)
TRUE_VALUES = ("yes", "y", "true", "1", "x")
FORMULA_PREFIXES = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n", "'")
"""First characters of cells that spreadsheets evaluate; East Asian ones treat full-width signs like ASCII ones."""
CORRECTION_STYLE = FileStyle()
"""A stored correction is UTF-8 with commas, whatever the format of the original or of the upload."""


def escape_formula(cell: str) -> str:
    """Prefix a cell that a spreadsheet would evaluate as a formula with an apostrophe."""
    return f"'{cell}" if cell.startswith(FORMULA_PREFIXES) else cell


def unescape_formula(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_PREFIXES) else cell


def read_rows(stream: BinaryIO) -> Iterator[dict[str, str]]:
    """Rows of a corrected file as dictionaries, with apostrophe guards removed."""
    with io.TextIOWrapper(stream, "utf-8-sig", newline="") as lines:
        reader = csv.reader(lines)
        header = next(reader)
        for cells in reader:
            yield dict(zip(header, map(unescape_formula, cells), strict=False))


def line_of(cells: list[str]) -> str:
    """Format cells as a CSV row of a correction, without the line ending."""
    return format_line(cells).removesuffix("\r\n")


def format_line(cells: list[str]) -> str:
    line = io.StringIO(newline="")
    csv.writer(line).writerow(cells)
    return line.getvalue()
