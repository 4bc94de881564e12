"""Find the sheet of a workbook that contains the sales, and refuse files and pivot tables that contain none."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from tillstream.detection.columns.column_roles import NUMERIC_ROLES, ColumnProfile, profile_columns
from tillstream.detection.evidence import CERTAIN, LIKELY, DetectionLog
from tillstream.detection.sheet import SampleColumn, Sheet
from tillstream.detection.values.numbers import looks_like_number
from tillstream.detection.words.headers import match_header, normalise_name
from tillstream.model import date_words
from tillstream.model.errors import Rejected

_LABELS = """row labels, column labels, zeilenbeschriftungen, spaltenbeschriftungen, étiquettes de lignes,
    étiquettes de colonnes, etiquetas de fila, etiquetas de columna, etichette di riga, etichette di colonna, rijlabels,
    kolomlabels, rótulos de linha, rótulos de coluna, etykiety wierszy, etykiety kolumn, radetiketter, kolumnetiketter,
    satır etiketleri, sütun etiketleri, 行ラベル, 列ラベル"""
_LABEL_WORDS = frozenset(normalise_name(word) for word in _LABELS.split(","))
_SUM_OF = re.compile(
    r"(?:sum|average|max|min) of .+|(?:summe|mittelwert) von .+|(?:somme|moyenne) de .+|suma de .+|"
    r"(?:somma|media) di .+|som van .+|soma de .+|suma z .+|合計\s*/\s*.+",
    re.IGNORECASE,
)
_PERIOD = re.compile(
    r"(?:19|20)[0-9]{2}(?:[-/. ](?:0?[1-9]|1[0-2]|[QT][1-4])(?:-01)?)?|(?:0?[1-9]|1[0-2])[-/.](?:19|20)[0-9]{2}|"
    r"[QT][1-4](?:[-/. ]?(?:19|20)?[0-9]{2})?|"
    r"[0-9]{1,2}(?P<separator>[./-])[0-9]{1,2}(?:(?P=separator)(?:(?:19|20)?[0-9]{2})?)?|(?:19|20)[0-9]{2}(?:-[0-9]{2}){2}"
)
"""A year, a month as digits, a quarter, or a day."""
_YEAR = re.compile(r"[\s'’./-]*(?:19|20)?[0-9]{2}$")
_MIN_PERIODS = 3

SHEET_QUESTION = "sheet"
_MIN_NUMBERS, _MIN_FILLED = 0.8, 0.5
_SHOWN_CELLS, _SHOWN_LENGTH, _SHOWN_SHEETS = 5, 20, 6

_MIN_ROWS, _MIN_SHARE, _SHOWN = 3, 0.8, 60
_DELIMITERS = (",", ";", "\t", "|")
_ZERO = re.compile(r"-?0+([.,]0+)?")
_NUMBERED = re.compile(r"[\s_#-]*\(?[0-9]+\)?$")
_COLUMN_GAP = re.compile(r"\S {2,}\S")


def pivot_words(names: Sequence[str], top: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the words by which a sheet is recognised as a pivot table; empty for other sheets.

    names: its header. top: its first rows as text.
    """
    cells = [cell.strip() for row in top for cell in row if cell.strip()]
    if labels := [cell for cell in cells if normalise_name(cell) in _LABEL_WORDS]:
        return tuple(dict.fromkeys(labels))[:3]
    if sums := [name for name in names if _SUM_OF.fullmatch(name.strip())]:
        return tuple(sums[:3])
    return period_columns(names)[:3]


def period_columns(names: Sequence[str]) -> tuple[str, ...]:
    """The names that are years, quarters, months or days, if they are most names; otherwise none."""
    periods = tuple(name for name in names if _is_period(name.strip()))
    return periods if len(periods) >= _MIN_PERIODS and 2 * len(periods) > len(names) else ()


def _is_period(name: str) -> bool:
    return bool(_PERIOD.fullmatch(name)) or normalise_name(_YEAR.sub("", name)) in _months()


@cache
def _months() -> frozenset[str]:
    return frozenset(
        normalise_name(name) for language in date_words.LANGUAGES for name in date_words.calendar_names(language).months
    ) - {""}


@dataclass(frozen=True)
class WorkbookSheet:
    """A sheet of a workbook. `top`: its first rows as text, with the titles above the header."""

    name: str
    sheet: Sheet
    top: Sequence[Sequence[str]] = ()
    is_hidden: bool = False

    @cached_property
    def pivot(self) -> tuple[str, ...]:
        return pivot_words(self.sheet.names, self.top)

    @cached_property
    def is_table(self) -> bool:
        """Whether it has rows and several columns, most of whose cells are not empty."""
        columns = self.sheet.columns.values()
        filled = sum(column.filled for column in columns)
        return self.sheet.rows > 0 and len(columns) > 1 and filled >= _MIN_FILLED * self.sheet.rows * len(columns)

    @cached_property
    def has_numbers(self) -> bool:
        """Whether it is a table with a column of numbers."""
        return self.is_table and any(one.numbers.share > _MIN_NUMBERS for one in self._profiles if not _is_date(one))

    @cached_property
    def has_sales(self) -> bool:
        """Whether it is a table, and no pivot table, with columns of dates and of numbers."""
        return self.has_numbers and not self.pivot and any(map(_is_date, self._profiles))

    @cached_property
    def _profiles(self) -> list[ColumnProfile]:
        return list(profile_columns(self.sheet).values())

    @cached_property
    def rank(self) -> tuple[bool, bool, bool, int, int]:
        header_names = sum(any(match.role for match in match_header(name)) for name in self.sheet.names)
        return self.has_sales, self.is_table and not self.pivot, not self.is_hidden, header_names, self.sheet.rows

    def shown(self) -> str:
        """The name with the columns and the first row, for users."""
        columns = list(self.sheet.columns.values())[:_SHOWN_CELLS]
        row = ", ".join(column.cells[0][:_SHOWN_LENGTH] for column in columns if column.cells)
        hidden = " (a hidden sheet)" if self.is_hidden else ""
        return f"“{self.name}”{hidden} has {', '.join(column.name[:_SHOWN_LENGTH] for column in columns)}, as in {row}"


def choose_sheet(sheets: Sequence[WorkbookSheet], log: DetectionLog) -> WorkbookSheet:
    """Return the sheet that looks most like a table of sales. Asks `sheet` if several do.

    sheets: at least one, in the order of the workbook. Raises `Rejected` if there are only pivot tables.
    """
    best = max(sheets, key=lambda one: one.rank)
    pivots = [one for one in sheets if one.pivot]
    if best.pivot or (pivots and not best.has_numbers):
        raise Rejected(
            f"The sheet “{pivots[0].name}” is a pivot table ({_listed_words(pivots[0].pivot)}), which contains "
            "sums instead "
            "of sales. Save the sheet that it was made from, with one row per sale line, and upload that."
        )
    similar = [one for one in sheets if one.rank[:2] == best.rank[:2] and one.is_table]
    if len(similar) > 1:
        _ask_for_sheet(best, sorted((one for one in similar if one is not best), key=lambda one: one.is_hidden), log)
    elif best is not sheets[0]:
        hidden = [f"“{best.name}” is a hidden sheet"] if best.is_hidden else []
        evidence = "; ".join([*hidden, *(_why_not(one) for one in sheets if one is not best)])
        log.add_finding(SHEET_QUESTION, best.name, evidence, CERTAIN if best.has_sales else LIKELY)
    return best


def _ask_for_sheet(best: WorkbookSheet, others: Sequence[WorkbookSheet], log: DetectionLog) -> None:
    ordered = [best, *others]
    log.add_question(
        SHEET_QUESTION,
        "Which sheet contains the sales? Only this sheet is read; upload the others as files of their own.",
        tuple(one.name for one in ordered),
        "; ".join(one.shown() for one in ordered[:_SHOWN_SHEETS]),
        default=best.name if all(one.is_hidden for one in others) else "",
    )


def _is_date(profile: ColumnProfile) -> bool:
    return profile.may_be_date or profile.dates.share > _MIN_NUMBERS


def _why_not(one: WorkbookSheet) -> str:
    if one.pivot:
        return f"“{one.name}” is a pivot table ({_listed_words(one.pivot)}), which contains sums"
    return f"“{one.name}” has no columns of dates and numbers" if one.is_table else f"“{one.name}” is not a table"


def _listed_words(words: Sequence[str]) -> str:
    return ", ".join(f"“{word}”" for word in words)


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
    least = _MIN_SHARE * len(cells)
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
        if any(match.role in NUMERIC_ROLES for match in match_header(plain_name)) and _are_numbers(sheet.columns[name]):
            columns.setdefault(plain_name, []).append(name)
    return columns


def _are_numbers(column: SampleColumn) -> bool:
    words = column.words
    return bool(words) and sum(map(looks_like_number, words)) >= _MIN_SHARE * len(words)


def check_totals(sheet: Sheet, columns: Mapping[str, str]) -> None:
    """Raise `Rejected` if all totals are zero. columns: role → header."""
    for name in (columns[role] for role in ("net_amount", "gross_amount") if columns.get(role) in sheet.columns):
        column = sheet.columns[name]
        if column.filled >= _MIN_ROWS and all(map(_ZERO.fullmatch, column.words)):
            raise Rejected(
                f"All {column.filled:,} sampled amounts in {name} are 0. If they are formulas, a program saved them "
                "without their values: open the workbook in a spreadsheet, save it there, and read it again."
            )
