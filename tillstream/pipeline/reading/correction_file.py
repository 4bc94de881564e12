"""Format of the correction file, which exports rejected rows and imports their corrections."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from tillstream.model.contract_sections import FileStyle
from tillstream.model.safe_text import guard_formulas, unguard_formulas

BOM = "\ufeff"
ROW, LINE, PROBLEMS, ACCEPT, DISCARD, RAW = "_row", "_line", "_problems", "_accept", "_discard", "_raw"
CONTROL_COLUMNS = (ROW, LINE, PROBLEMS, ACCEPT, DISCARD, RAW)
TRUE_VALUES = ("yes", "y", "true", "1", "x")
CORRECTION_STYLE = FileStyle()
"""A stored correction is UTF-8 with commas, whatever the format of the original or of the upload."""


def read_corrected_rows(stream: BinaryIO) -> Iterator[dict[str, str]]:
    """Rows of a corrected file as dictionaries, without the guard against formulas."""
    with io.TextIOWrapper(stream, "utf-8-sig", newline="") as lines:
        reader = csv.reader(lines)
        header = list(map(unguard_formulas, next(reader)))
        for cells in reader:
            yield dict(zip(header, map(unguard_formulas, cells), strict=False))


def format_raw_line(cells: list[str]) -> str:
    """Format cells as a CSV row of a correction, without the line ending."""
    return format_line(cells).removesuffix("\r\n")


def format_guarded_line(cells: Iterable[str]) -> str:
    """Format cells as a CSV row of a download, guarded against formulas."""
    return format_line(map(guard_formulas, cells))


def format_line(cells: Iterable[str]) -> str:
    line = io.StringIO(newline="")
    csv.writer(line).writerow(cells)
    return line.getvalue()
