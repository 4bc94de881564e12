"""Files for which no contract can be proposed, each with the reason and what to do."""

import re
from collections.abc import Mapping

from tillstream.detection.columns.roles import NUMERIC
from tillstream.detection.pivots import period_columns
from tillstream.detection.sheet import Column, Sheet
from tillstream.detection.values.numbers import looks_like_number
from tillstream.detection.words.headers import match_header
from tillstream.domain.errors import Rejected

_MIN_ROWS, _MOST, _SHOWN = 3, 0.8, 60
_DELIMITERS = (",", ";", "\t", "|")
_ZERO = re.compile(r"-?0+([.,]0+)?")
_NUMBERED = re.compile(r"[\s_#-]*\(?[0-9]+\)?$")
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


def check_columns(sheet: Sheet) -> None:
    """Raise `Rejected` if each row contains several sales: in columns of periods, or in groups of columns."""
    if periods := period_columns(sheet.names):
        raise Rejected(
            f"Most columns are periods ({', '.join(periods[:3])}), so the file contains sums instead of sales. Export "
            "the sales that it was made from, with one row per sale line."
        )
    groups = {name: columns for name, columns in _number_columns(sheet).items() if len(columns) > 1}
    quantities = [name for name in groups if any(match.role == "quantity" for match in match_header(name))]
    if len(groups) > 1 and quantities and len({sheet.columns[one].cells for one in groups[quantities[0]]}) > 1:
        raise Rejected(
            f"The columns {' and '.join(groups)} occur {len(groups[quantities[0]])} times side by side, as for several "
            "stores or products. Only one of these groups could be read. Save each "
            "group below the other, with the name of its store or product in a column, and read the file again."
        )


def _number_columns(sheet: Sheet) -> dict[str, list[str]]:
    """Name without a number at its end → the columns of this name that are numbers of a sale line."""
    columns: dict[str, list[str]] = {}
    for name in sheet.names:
        plain_name = _NUMBERED.sub("", name)
        if any(match.role in NUMERIC for match in match_header(plain_name)) and _are_numbers(sheet.columns[name]):
            columns.setdefault(plain_name, []).append(name)
    return columns


def _are_numbers(column: Column) -> bool:
    words = column.words
    return bool(words) and sum(map(looks_like_number, words)) >= _MOST * len(words)


def check_totals(sheet: Sheet, columns: Mapping[str, str]) -> None:
    """Raise `Rejected` if all totals are zero. columns: role → header."""
    for name in (columns[role] for role in ("net_amount", "gross_amount") if columns.get(role) in sheet.columns):
        column = sheet.columns[name]
        if column.filled >= _MIN_ROWS and all(map(_ZERO.fullmatch, column.words)):
            raise Rejected(
                f"All {column.filled:,} sampled amounts in {name} are 0. If they are formulas, a program saved them "
                "without their values: open the workbook in a spreadsheet, save it there, and read it again."
            )
