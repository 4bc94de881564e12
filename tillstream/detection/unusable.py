"""Files for which no contract can be proposed, each with the reason and what to do."""

import re
from collections.abc import Mapping

from tillstream.detection.sheet import Sheet
from tillstream.domain.errors import Rejected

_MIN_ROWS, _MOST, _SHOWN = 3, 0.8, 60
_DELIMITERS = (",", ";", "\t", "|")
_ZERO = re.compile(r"-?0+([.,]0+)?")
_COLUMN_GAP = re.compile(r"\S {2,}\S")


def check_rows(sheet: Sheet) -> None:
    """Raise `Rejected` for a sheet without rows, or with whole lines as cells."""
    if not sheet.rows and len(sheet.names) < 2:
        raise Rejected("The file has no rows. A contract can only be proposed for a file with rows.")
    if not sheet.rows:
        raise Rejected(
            f"The file has no rows that can be read below its header, {', '.join(sheet.names)[:_SHOWN]}. If there "
            "are any, they have another number of cells than the header, as with an amount 59,00 in a file that is "
            "separated by commas: export it with semicolons. In a workbook, formulas may have no stored values: open "
            "it in a spreadsheet, save it there, and read it again."
        )
    if len(sheet.names) == 1:
        _check_lines(sheet.names[0], sheet.columns[sheet.names[0]].cells)


def _check_lines(header: str, cells: tuple[str, ...]) -> None:
    """Raise `Rejected` if the only column contains whole lines."""
    least = _MOST * len(cells)
    for sign in _DELIMITERS:
        count = header.count(sign)
        if count > 1 and sum(cell.count(sign) >= count for cell in cells) > least:
            raise Rejected(
                f"Each line is one cell in quotes, as “{cells[0][:_SHOWN]}”. Remove the quotes around the lines, or "
                "export the file again without them."
            )
    if _has_gaps(header) and sum(map(_has_gaps, cells)) > least:
        raise Rejected(
            "The columns are aligned with spaces, and no character separates them. Open the file in a spreadsheet with "
            "columns of fixed width and save it as CSV, or export it with commas, semicolons or tabs."
        )


def _has_gaps(line: str) -> bool:
    return len(_COLUMN_GAP.findall(line)) > 1


def check_totals(sheet: Sheet, columns: Mapping[str, str]) -> None:
    """Raise `Rejected` if all totals are zero. columns: role → header."""
    for name in (columns[role] for role in ("net_amount", "gross_amount") if columns.get(role) in sheet.columns):
        column = sheet.columns[name]
        if column.filled >= _MIN_ROWS and all(map(_ZERO.fullmatch, column.words)):
            raise Rejected(
                f"All {column.filled:,} sampled amounts in {name} are 0. If they are formulas, a program saved them "
                "without their values: open the workbook in a spreadsheet, save it there, and read it again."
            )
