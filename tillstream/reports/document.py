"""The parts of a report, independent of its form."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tillstream.model.compared_figure import ComparedFigure
from tillstream.reports.evidence import Sentence


@dataclass(frozen=True)
class Tile:
    """A key figure. kind: money, count or share. changes: against the period before and a year before, by name."""

    label: str
    kind: str
    value: Any
    changes: Sequence[tuple[str, ComparedFigure]] = ()


@dataclass(frozen=True)
class Column:
    """kind: text, currency, money, signed money, count, share, growth or day.

    Amounts are in the currency of their row if the table has a column of currencies, else in that of the report.
    """

    label: str
    kind: str = "text"


@dataclass(frozen=True)
class Part:
    """A share of a whole, which is that of both amounts as they are written beside it.

    like and like_whole: the largest amounts of their columns.
    """

    amount: Decimal
    whole: Decimal
    like: Decimal = Decimal(0)
    like_whole: Decimal = Decimal(0)


@dataclass(frozen=True)
class Table:
    """A table; its cells are values, not text. most: rows on paper and on a page, 0 for all; a workbook has all."""

    title: str
    columns: Sequence[Column]
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
class Chart:
    """A drawing. kind: columns, steps or bars. bars: label, value and kind of each. alt: what it shows, in words."""

    kind: str
    bars: Sequence[tuple[str, float]]
    alt: str
    totals: Sequence[int] = ()
    """Of steps: positions of the bars that begin at zero."""


@dataclass(frozen=True)
class Section:
    """A part of the report. is_page: whether it begins a page on paper."""

    title: str
    sentences: Sequence[Sentence] = ()
    blocks: Sequence[Table | Chart] = ()
    is_page: bool = False

    @property
    def is_empty(self) -> bool:
        return not self.sentences and not self.blocks


@dataclass(frozen=True)
class Document:
    """A report. subtitle: whose it is. made: when it was made."""

    title: str
    subtitle: str
    made: str
    currency: str
    tiles: Sequence[Tile] = field(default_factory=tuple)
    sections: Sequence[Section] = field(default_factory=tuple)
    portal: str = ""
    """Address of the portal, for links; empty: there are no links."""

    @property
    def about(self) -> str:
        """Whose report it is, and in which currency its amounts are."""
        own = {
            cells[number]
            for section in self.sections
            for block in section.blocks
            if isinstance(block, Table)
            for number, column in enumerate(block.columns)
            if column.kind == "currency"
            for cells in block.rows
        }
        others = ", of goals in their own currencies" if own - {self.currency, ""} else ""
        return f"{self.subtitle}. Amounts in {self.currency}{others}."

    def link(self, page: str) -> str:
        """The address of a page; empty without a portal."""
        return f"{self.portal}{page}" if self.portal and page else ""
