"""Sheet rows, common to all workbook formats."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from tillstream.pipeline.reading.errors import UnreadableFile, unreadable
from tillstream.pipeline.reading.workbooks.cell_text import Cell


class SheetRow(NamedTuple):
    number: int
    """1-based row number in the sheet."""
    cells: list[Cell]
    """Empty cells are empty strings; rows may differ in length."""
    uncached_formulas: list[int]
    """Column indices of formulas without a cached value."""


class SheetRows(Protocol):
    """One sheet of a workbook, up to the last row with a value."""

    sheets: list[str]
    """All sheet names of the workbook, visible ones first."""
    hidden: frozenset[str]
    """Sheets that the workbook does not show."""
    sheet: str

    def __iter__(self) -> Iterator[SheetRow]:
        """Raises `UnreadableFile`."""


def select_sheet(sheets: list[str], requested: str) -> str:
    """The requested sheet, or the first one. Raises `UnreadableFile` if it does not exist, listing the sheets."""
    if not sheets:
        raise unreadable("The workbook has no sheets. Export it again.")
    if requested and requested not in sheets:
        raise unreadable(
            f"The workbook has no sheet “{requested}”. Its sheets are {quoted(sheets)}. Change file.sheet in the "
            "data source, or rename the sheet."
        )
    return requested or sheets[0]


def quoted(sheets: list[str]) -> str:
    return ", ".join(f"“{sheet}”" for sheet in sheets[:20])


def damaged_workbook(error: object) -> UnreadableFile:
    return unreadable(f"The workbook cannot be read ({error}). Open it and save it again, or save it as CSV UTF-8.")
