"""The parts of a report, independent of its form, and the cited cells that its sentences and numbers come from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tillstream.analytics.compared_figure import ComparedFigure, growth
from tillstream.analytics.filters import Filters


def _growth(now: Decimal, before: Decimal) -> Decimal:
    change = growth(now, before)
    if change is None:
        raise ZeroDivisionError("There is no base above 0.")
    return change


FORMULAS: Mapping[str, Callable[..., Decimal]] = {
    "value": lambda one: one,
    "size": abs,
    "sum": lambda *all_: sum(all_, Decimal(0)),
    "difference": lambda one, other: one - other,
    "growth": _growth,
    "part": lambda one, other: one / other,
    "part of sum": lambda *all_: sum(all_[:-1], Decimal(0)) / all_[-1],
    "size of part": lambda one, other: abs(one / other),
    "size of sum": lambda *all_: abs(sum(all_, Decimal(0))),
    "part of ten": lambda *all_: sum(map(abs, all_[:10]), Decimal(0)) / sum(map(abs, all_), Decimal(0)),
    "size of growth": lambda one, other: abs(_growth(one, other)),
}
"""How a number is computed from its cells. Raises `ZeroDivisionError` if they have no base for it."""


@dataclass(frozen=True)
class CitedCell:
    """A cell of an answer. where: columns and values that identify its row."""

    query: str
    column: str
    value: Any
    filters: Filters = field(default_factory=Filters)
    params: tuple[tuple[str, Any], ...] = ()
    where: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class QueryAnswer:
    """The rows of a query, with what they were asked with."""

    query: str
    rows: Sequence[Mapping[str, Any]]
    filters: Filters = field(default_factory=Filters)
    params: tuple[tuple[str, Any], ...] = ()

    def row(self, **where: Any) -> Mapping[str, Any] | None:
        """The row with these values; None if there is none."""
        return next((row for row in self.rows if all(row[name] == value for name, value in where.items())), None)

    def cell(self, column: str, **where: Any) -> CitedCell:
        """A cell; its value is None if there is no such row."""
        row = self.row(**where)
        value = row[column] if row else None
        return CitedCell(self.query, column, value, self.filters, self.params, tuple(where.items()))

    def cell_of(self, row: Mapping[str, Any], column: str, *names: str) -> CitedCell:
        """A cell of one of the rows, which these columns identify."""
        where = tuple((name, row[name]) for name in names)
        return CitedCell(self.query, column, row[column], self.filters, self.params, where)


@dataclass(frozen=True)
class Number:
    """A number in a sentence. kind: money, signed money, count or share. currency: of money.

    like: the largest amount of the column in which a table has the number. shown: the number as that table rounds it,
    where its parts add up; else None.
    """

    kind: str
    formula: str
    cells: tuple[CitedCell, ...]
    currency: str = ""
    like: Decimal = Decimal(0)
    shown: Decimal | None = None

    @property
    def value(self) -> Decimal:
        return FORMULAS[self.formula](*(Decimal(one.value) for one in self.cells))


def compute_number(
    kind: str,
    *cells: CitedCell,
    formula: str = "value",
    currency: str = "",
    like: Decimal | int = Decimal(0),
    shown: Decimal | None = None,
) -> Number:
    return Number(kind, formula, cells, currency, Decimal(like), shown)


@dataclass(frozen=True)
class Sentence:
    """A sentence of text and numbers. page: address in the portal of what it is about."""

    parts: tuple[str | Number, ...]
    page: str = ""

    @property
    def numbers(self) -> list[Number]:
        return [one for one in self.parts if isinstance(one, Number)]


@dataclass(frozen=True)
class ReportTile:
    """A key figure. kind: money, count or share. changes: against the period before and a year before, by name."""

    label: str
    kind: str
    value: Any
    changes: Sequence[tuple[str, ComparedFigure]] = ()


@dataclass(frozen=True)
class ReportColumn:
    """kind: text, currency, money, signed money, count, share, growth or day.

    Amounts are in the currency of their row if the table has a column of currencies, else in that of the report.
    """

    label: str
    kind: str = "text"


@dataclass(frozen=True)
class TilePart:
    """A share of a whole, which is that of both amounts as they are written beside it.

    like and like_whole: the largest amounts of their columns.
    """

    amount: Decimal
    whole: Decimal
    like: Decimal = Decimal(0)
    like_whole: Decimal = Decimal(0)


@dataclass(frozen=True)
class ReportTable:
    """A table; its cells are values, not text. most: rows on paper and on a page, 0 for all; a workbook has all."""

    title: str
    columns: Sequence[ReportColumn]
    rows: Sequence[Sequence[Any]]
    note: str = ""
    most: int = 0

    @property
    def shown_rows(self) -> Sequence[Sequence[Any]]:
        """The rows on paper and on a page."""
        return self.rows[: self.most] if self.most else self.rows

    @property
    def shown_note(self) -> str:
        """The note below these rows."""
        more = len(self.rows) - len(self.shown_rows)
        rest = f"{more:,} more {'is' if more == 1 else 'are'} in the workbook of this report." if more else ""
        return " ".join(filter(None, (self.note, rest)))


@dataclass(frozen=True)
class ReportChart:
    """A drawing. kind: columns, steps or bars. bars: label, value and kind of each. alt: what it shows, in words."""

    kind: str
    bars: Sequence[tuple[str, float]]
    alt: str
    totals: Sequence[int] = ()
    """Of steps: positions of the bars that begin at zero."""


@dataclass(frozen=True)
class ReportSection:
    """A part of the report. is_page: whether it begins a page on paper."""

    title: str
    sentences: Sequence[Sentence] = ()
    blocks: Sequence[ReportTable | ReportChart] = ()
    is_page: bool = False

    @property
    def is_empty(self) -> bool:
        return not self.sentences and not self.blocks


@dataclass(frozen=True)
class ReportDocument:
    """A report. subtitle: whose it is. made: when it was made."""

    title: str
    subtitle: str
    made: str
    currency: str
    tiles: Sequence[ReportTile] = field(default_factory=tuple)
    sections: Sequence[ReportSection] = field(default_factory=tuple)
    portal: str = ""
    """Address of the portal, for links; empty: there are no links."""

    @property
    def about(self) -> str:
        """Whose report it is, and in which currency its amounts are."""
        own = {
            cells[number]
            for section in self.sections
            for block in section.blocks
            if isinstance(block, ReportTable)
            for number, column in enumerate(block.columns)
            if column.kind == "currency"
            for cells in block.rows
        }
        others = ", of goals in their own currencies" if own - {self.currency, ""} else ""
        return f"{self.subtitle}. Amounts in {self.currency}{others}."

    def link(self, page: str) -> str:
        """The address of a page; empty without a portal."""
        return f"{self.portal}{page}" if self.portal and page else ""
