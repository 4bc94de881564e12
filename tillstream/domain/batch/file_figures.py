"""The figures of one file by one contract, which a person confirms before the first load."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tillstream.domain.money.amounts import amount_text
from tillstream.domain.text.sentences import upper_first


@dataclass(frozen=True)
class CurrencyFigures:
    """Net amounts of one currency. Revenue counts every line that is not cancelled."""

    currency: str
    revenue: Decimal
    pending: Decimal
    cancelled: Decimal
    returned: Decimal


@dataclass(frozen=True)
class TotalLine:
    """A total line of the file, which is not loaded."""

    line_number: int
    text: str
    amount: Decimal | None
    """Its amount in the total column; None if it has no number."""


@dataclass(frozen=True)
class OwnTotals:
    """The file's own total. `column`: the header mapped as total; empty if totals are computed."""

    column: str = ""
    column_sum: Decimal | None = None
    """Plain sum of the column over all rows but total lines, as a spreadsheet adds it up."""
    lines: tuple[TotalLine, ...] = ()


@dataclass(frozen=True)
class FileFigures:
    """Figures of the lines that the file has, each once, and rows and amounts of what does not count.

    accepted includes the `repeated` rows: of rows that name the same line, one counts. quarantined: rows to fix, with
    those that contradict each other.
    """

    rows_read: int
    accepted: int
    quarantined: int
    ignored: int
    first_date: date | None
    last_date: date | None
    orders: int
    """Distinct sales with a line that is neither cancelled nor returned."""
    units: Decimal
    amounts: tuple[CurrencyFigures, ...]
    own: OwnTotals
    repeated: int = 0
    repeated_amounts: tuple[CurrencyFigures, ...] = ()
    quarantined_amounts: tuple[CurrencyFigures, ...] = ()
    """Of the rows to fix, as far as their amounts can be read."""
    stores: tuple[str, ...] = ()
    """IDs of their stores, sorted."""
    has_amounts: bool = True
    """Whether the contract reads amounts."""
    has_units: bool = True
    """Whether the contract reads quantities."""

    def to_dict(self) -> dict[str, Any]:
        """As plain data: decimals and dates as text."""
        return {name: _plain(value) for name, value in asdict(self).items()}

    def sentences(self) -> tuple[str, ...]:
        """The figures in words, for users."""
        return tuple(self._sentences())

    def _sentences(self) -> Iterator[str]:
        others = [
            f"{count:,} {word}"
            for count, word in ((self.quarantined, "quarantined"), (self.ignored, "ignored"))
            if count
        ]
        yield f"{_rows(self.rows_read)} read, {self.accepted:,} accepted" + "".join(f", {text}" for text in others)
        if self.first_date and self.last_date:
            yield f"Days from {self.first_date} to {self.last_date}"
        if not self.has_amounts:
            yield "Revenue is not known: the file has no amounts, so every line has an amount of 0"
        for one in self.amounts if self.has_amounts else ():
            parts = [f"revenue {_rounded(one.revenue, one.currency)}"]
            parts += [
                f"{name} {_rounded(amount, one.currency)}"
                for name, amount in (("pending", one.pending), ("cancelled", one.cancelled), ("returned", one.returned))
                if amount or name != "pending"
            ]
            text = ", ".join(parts)
            yield upper_first(text)
        for count, amounts, why in (
            (self.repeated, self.repeated_amounts, "repeated in the file"),
            (self.quarantined, self.quarantined_amounts, "to fix"),
        ):
            listed = ", ".join(_rounded(one.revenue, one.currency) for one in amounts)
            if listed and self.has_amounts:
                yield f"Not in the revenue: {listed} of {_rows(count)} {why}"
        orders = f"{self.orders:,} {'order' if self.orders == 1 else 'orders'}"
        yield f"{money(self.units)} units in {orders}" if self.has_units else f"{orders}; units are not known"
        for line in self.own.lines:
            amount = money(line.amount) if line.amount is not None else f"“{line.text}”"
            yield f"The total line of the file (line {line.line_number:,}) says {amount}"
        if self.own.column_sum is not None:
            yield f"The column {self.own.column} adds up to {money(self.own.column_sum)}"


def _rounded(amount: Decimal, currency: str) -> str:
    """An amount with the decimals of its currency: a net amount that is computed at a tax rate has more."""
    return f"{amount_text(amount, currency)} {currency}"


def money(amount: Decimal) -> str:
    """An amount with grouped digits and at least two decimals, unless it is whole."""
    text = f"{amount.normalize():,f}"
    whole, point, decimals = text.partition(".")
    return f"{whole}.{decimals:0<2}" if point else whole


def _rows(count: int) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'}"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else value
