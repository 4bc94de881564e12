"""Rows of a sheet, whatever kind of workbook it is in."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from tillstream.pipeline.reading.errors import UnreadableFile, refused
from tillstream.pipeline.reading.workbooks.cell_text import Cell


class Row(NamedTuple):
    number: int
    """As the workbook counts: the first is 1."""
    cells: list[Cell]
    """Empty ones are empty texts; rows may differ in length."""
    lacking: list[int]
    """Places of formulas that the workbook keeps without their value."""


class Rows(Protocol):
    """One sheet of a workbook. Rows after the last one with a value do not exist."""

    sheets: list[str]
    """Of the workbook, in its order."""
    sheet: str

    def __iter__(self) -> Iterator[Row]:
        """Raises `UnreadableFile`."""


def chosen(sheets: list[str], wanted: str) -> str:
    """Raises `UnreadableFile`, naming the sheets there are."""
    if not sheets:
        raise refused("There is no sheet in the workbook. Export it again.")
    if wanted and wanted not in sheets:
        raise refused(
            f"The workbook has no sheet “{wanted}”; it has {named(sheets)}. "
            "Change file.sheet in the contract, or rename the sheet."
        )
    return wanted or sheets[0]


def named(sheets: list[str]) -> str:
    return ", ".join(f"“{sheet}”" for sheet in sheets[:20])


def damaged(error: object) -> UnreadableFile:
    return refused(f"The workbook cannot be read ({error}). Open it and save it again, or save it as CSV UTF-8.")
