"""Find the sheet of a workbook that contains the sales."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from tillstream.detection.columns.roles import Profile, profiles
from tillstream.detection.evidence import CERTAIN, LIKELY, DetectionLog
from tillstream.detection.pivots import pivot_words
from tillstream.detection.sheet import Sheet
from tillstream.detection.words.headers import match_header
from tillstream.domain.errors import Rejected

QUESTION = "sheet"
_MIN_NUMBERS, _MIN_FILLED = 0.8, 0.5
_SHOWN_CELLS, _SHOWN_LENGTH, _SHOWN_SHEETS = 5, 20, 6


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
    def _profiles(self) -> list[Profile]:
        return list(profiles(self.sheet).values())

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
            f"The sheet “{pivots[0].name}” is a pivot table ({_listed(pivots[0].pivot)}), which contains sums instead "
            "of sales. Save the sheet that it was made from, with one row per sale line, and upload that."
        )
    similar = [one for one in sheets if one.rank[:2] == best.rank[:2] and one.is_table]
    if len(similar) > 1:
        ordered = [best, *sorted((one for one in similar if one is not best), key=lambda one: one.is_hidden)]
        is_only_visible = all(one.is_hidden for one in ordered[1:])
        log.add_question(
            QUESTION,
            "Which sheet contains the sales? Only this sheet is read; upload the others as files of their own.",
            tuple(one.name for one in ordered),
            "; ".join(one.shown() for one in ordered[:_SHOWN_SHEETS]),
            default=best.name if is_only_visible else "",
        )
    elif best is not sheets[0]:
        hidden = [f"“{best.name}” is a hidden sheet"] if best.is_hidden else []
        evidence = "; ".join([*hidden, *(_why_not(one) for one in sheets if one is not best)])
        log.add_finding(QUESTION, best.name, evidence, CERTAIN if best.has_sales else LIKELY)
    return best


def _is_date(profile: Profile) -> bool:
    return profile.may_be_date or profile.dates.share > _MIN_NUMBERS


def _why_not(one: WorkbookSheet) -> str:
    if one.pivot:
        return f"“{one.name}” is a pivot table ({_listed(one.pivot)}), which contains sums"
    return f"“{one.name}” has no columns of dates and numbers" if one.is_table else f"“{one.name}” is not a table"


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"“{word}”" for word in words)
