"""Uploads before they are batches: resumable uploads, and the figures of a file, which a person confirms."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from tillstream.model.batch import ContractProposal
from tillstream.model.document_json import JsonObject
from tillstream.model.money import amount_text
from tillstream.model.text import upper_first


@dataclass(frozen=True)
class ResumableUpload:
    """A resumable upload, visible to its owner only. Times are ISO 8601 UTC text."""

    id: str
    by: str
    file: str
    """The user's name for the file."""
    size: int
    begun_at: str
    touched_at: str
    contract: str = ""
    """Empty until a contract is chosen."""
    look: bool = False
    """Preview first: the file goes to the inbox only when its owner confirms."""
    sha256: str = ""
    """Of the whole file, if the client sent it."""
    mark: str = ""
    """Client token that identifies the file on resume; stored as it is."""
    offset: int = 0
    """Bytes received; the client resumes here."""
    parts: tuple[str, ...] = ()
    """Objects in the staging bucket whose concatenation is the file."""
    digests: tuple[str, ...] = ()
    """SHA-256 of each part; empty, or missing at the end, where it is not known."""
    answers: dict[str, str] = field(default_factory=dict)
    """The owner's answers to the questions about the file, by question key."""
    proposed: ContractProposal | None = None
    """A new contract that an administrator must accept before the file is read."""
    requested_region: str = ""
    """The region that the owner asks administrators for, because it is not one of theirs."""
    session: str = ""
    """URL to which the client sends the bytes, at the object store; empty if they pass through the portal."""
    batch_id: str = ""
    """The batch created from the file; empty until then."""

    @property
    def is_cancelled(self) -> bool:
        """Whether its owner gave it up while the store may have had all of it already."""
        return not self.by

    @property
    def whole(self) -> bool:
        return self.offset == self.size

    @property
    def waits(self) -> bool:
        """Whether it is complete and its preview is not confirmed yet."""
        return self.whole and self.look and not self.batch_id

    def to_json(self) -> JsonObject:
        data = asdict(self)
        return data | {"proposed": data["proposed"] or {}}

    @classmethod
    def from_json(cls, data: JsonObject) -> "ResumableUpload":
        proposed = ContractProposal.from_json(data["proposed"]) if data["proposed"] else None
        parts, digests = tuple(data["parts"]), tuple(data.get("digests", ()))
        return cls(**data | {"parts": parts, "digests": digests, "proposed": proposed})


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

    def to_dict(self) -> JsonObject:
        """As plain data: decimals and dates as text."""
        return {name: _plain_value(value) for name, value in asdict(self).items()}

    def sentences(self) -> tuple[str, ...]:
        """The figures in words, for users."""
        return tuple(self._sentences())

    def _sentences(self) -> Iterator[str]:
        others = [
            f"{count:,} {word}"
            for count, word in ((self.quarantined, "quarantined"), (self.ignored, "ignored"))
            if count
        ]
        yield f"{_row_count(self.rows_read)} read, {self.accepted:,} accepted" + "".join(f", {text}" for text in others)
        if self.first_date and self.last_date:
            yield f"Days from {self.first_date} to {self.last_date}"
        if self.has_amounts:
            yield from self._amount_sentences()
        else:
            yield "Revenue is not known: the file has no amounts, so every line has an amount of 0"
        orders = f"{self.orders:,} {'order' if self.orders == 1 else 'orders'}"
        yield (
            f"{amount_with_decimals(self.units)} units in {orders}"
            if self.has_units
            else f"{orders}; units are not known"
        )
        for line in self.own.lines:
            amount = amount_with_decimals(line.amount) if line.amount is not None else f"“{line.text}”"
            yield f"The total line of the file (line {line.line_number:,}) says {amount}"
        if self.own.column_sum is not None:
            yield f"The column {self.own.column} adds up to {amount_with_decimals(self.own.column_sum)}"

    def _amount_sentences(self) -> Iterator[str]:
        for one in self.amounts:
            pending = {"pending": one.pending} if one.pending else {}
            amounts = {"revenue": one.revenue} | pending | {"cancelled": one.cancelled, "returned": one.returned}
            text = ", ".join(f"{name} {_rounded_amount(amount, one.currency)}" for name, amount in amounts.items())
            yield upper_first(text)
        for count, of_rows, why in (
            (self.repeated, self.repeated_amounts, "repeated in the file"),
            (self.quarantined, self.quarantined_amounts, "to fix"),
        ):
            listed = ", ".join(_rounded_amount(one.revenue, one.currency) for one in of_rows)
            if listed:
                yield f"Not in the revenue: {listed} of {_row_count(count)} {why}"


def _rounded_amount(amount: Decimal, currency: str) -> str:
    """An amount with the decimals of its currency: a net amount that is computed at a tax rate has more."""
    return f"{amount_text(amount, currency)} {currency}"


def amount_with_decimals(amount: Decimal) -> str:
    """An amount with grouped digits and at least two decimals, unless it is whole."""
    text = f"{amount.normalize():,f}"
    whole, point, decimals = text.partition(".")
    return f"{whole}.{decimals:0<2}" if point else whole


def _row_count(count: int) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'}"


def _plain_value(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain_value(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain_value(one) for one in value]
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else value
