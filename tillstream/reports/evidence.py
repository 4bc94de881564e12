"""Answers of queries whose cells can be cited, and numbers that are computed from cited cells."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tillstream.analytics.filters import Filters


@dataclass(frozen=True)
class Cell:
    """A cell of an answer. where: columns and values that identify its row."""

    query: str
    column: str
    value: Any
    filters: Filters = field(default_factory=Filters)
    params: tuple[tuple[str, Any], ...] = ()
    where: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Answer:
    """The rows of a query, with what they were asked with."""

    query: str
    rows: Sequence[Mapping[str, Any]]
    filters: Filters = field(default_factory=Filters)
    params: tuple[tuple[str, Any], ...] = ()

    def row(self, **where: Any) -> Mapping[str, Any] | None:
        """The row with these values; None if there is none."""
        return next((row for row in self.rows if all(row[name] == value for name, value in where.items())), None)

    def cell(self, column: str, **where: Any) -> Cell:
        """A cell; its value is None if there is no such row."""
        row = self.row(**where)
        value = row[column] if row else None
        return Cell(self.query, column, value, self.filters, self.params, tuple(where.items()))

    def cell_of(self, row: Mapping[str, Any], column: str, *names: str) -> Cell:
        """A cell of one of the rows, which these columns identify."""
        where = tuple((name, row[name]) for name in names)
        return Cell(self.query, column, row[column], self.filters, self.params, where)


FORMULAS: Mapping[str, Callable[..., Decimal]] = {
    "value": lambda one: one,
    "size": abs,
    "sum": lambda *all_: sum(all_, Decimal(0)),
    "difference": lambda one, other: one - other,
    "growth": lambda one, other: (one - other) / other,
    "part": lambda one, other: one / other,
    "part of sum": lambda *all_: sum(all_[:-1], Decimal(0)) / all_[-1],
    "size of part": lambda one, other: abs(one / other),
    "size of sum": lambda *all_: abs(sum(all_, Decimal(0))),
    "part of ten": lambda *all_: sum(map(abs, all_[:10]), Decimal(0)) / sum(map(abs, all_), Decimal(0)),
    "size of growth": lambda one, other: abs((one - other) / other),
}
"""How a number is computed from its cells."""


@dataclass(frozen=True)
class Number:
    """A number in a sentence. kind: money, signed money, count or share. currency: of money.

    like: the largest amount of the column in which a table has the number. shown: the number as that table rounds it,
    where its parts add up; else None.
    """

    kind: str
    formula: str
    cells: tuple[Cell, ...]
    currency: str = ""
    like: Decimal = Decimal(0)
    shown: Decimal | None = None

    @property
    def value(self) -> Decimal:
        return FORMULAS[self.formula](*(Decimal(one.value) for one in self.cells))


def number(
    kind: str,
    *cells: Cell,
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
