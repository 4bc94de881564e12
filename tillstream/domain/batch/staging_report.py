"""The result of staging a batch, as its record stores it."""

from dataclasses import dataclass, fields
from typing import Any

OTHER_WORDS = "…"
"""Represents all unknown words after the first hundred."""


@dataclass
class IssueCount:
    """How often an issue occurs. `example` is the value on `first_line`, the lowest line with the issue."""

    code: str
    severity: str
    column: str | None
    count: int
    first_line: int
    example: str | None


@dataclass(frozen=True)
class CurrencyAmounts:
    """Sums of the accepted rows of one currency, as decimal text; None if no row has the amount."""

    currency: str
    net: str | None
    gross: str | None


@dataclass(frozen=True)
class CountryRows:
    """The number of accepted rows of one country."""

    country: str
    rows: int


@dataclass(frozen=True)
class UnknownWord:
    """A word of the status column that the contract does not map, in the rows of one currency."""

    word: str
    currency: str
    rows: int
    amount: str
    """Sum of the amounts without their signs, as decimal text."""


@dataclass(frozen=True)
class StagingReport:
    """Result of staging a batch."""

    accepted: tuple[str, ...] = ()
    """Staging objects with the accepted rows."""
    refused: tuple[str, ...] = ()
    """Staging objects with the rejected rows."""
    rows_read: int = 0
    rows_blank: int = 0
    rows_ignored: int = 0
    rows_refused: int = 0
    rows_discarded: int = 0
    """Rows that are stored with their text but ignored: discarded by a person, or not a sale by their status."""
    problems: tuple[IssueCount, ...] = ()
    amounts: tuple[CurrencyAmounts, ...] | None = None
    """Sums of the accepted rows by currency; None: not recorded."""
    cut: str = ""
    """Why the file seems truncated, as text; empty if it does not."""
    letters: str = ""
    """For a contract with another encoding than UTF-8: `utf-8` if the file is valid UTF-8 with letters beyond ASCII,
    `other` if it has other letters beyond ASCII."""
    date_doubt: str = ""
    """Why day and month of the dates seem swapped, or day and year, as text; empty if they do not."""
    date_repair: str = ""
    """What a next version of the contract can swap: `date-cells`, `formats` or `years`; empty if nothing."""
    scale_doubt: str = ""
    """Why the amounts seem to be in a minor unit such as cents, as text; empty if they do not."""
    total_doubt: str = ""
    """Why an accepted row seems to be the total of the file, as text; empty if none does."""
    table_doubt: str = ""
    """Why another table seems to follow below the sales, as text; empty if none does."""
    repeats_doubt: str = ""
    """Why the rows of the file seem to be in it twice, as text; empty if they do not."""
    columns: tuple[str, ...] = ()
    """The headers of a file."""
    stores: tuple[str | None, ...] | None = None
    """Distinct stores of the rows, with a null for rows without a store; None: too many, or not recorded."""
    countries: tuple[CountryRows, ...] = ()
    """Countries of the accepted rows, those of most rows first."""
    unknown_words: tuple[UnknownWord, ...] = ()
    """Status words that the contract does not map, those of most rows first."""
    digests: tuple[str, ...] = ()
    """SHA-256 of the staging objects, in the order of `objects`; empty if an earlier version staged them."""
    reader: str = ""
    """Reader version; staged rows are reused only if it is unchanged."""

    @property
    def objects(self) -> tuple[str, ...]:
        """All staging objects of the batch."""
        return (*self.accepted, *self.refused)

    @property
    def rows(self) -> int:
        """Number of rows that are neither blank nor ignored."""
        return self.rows_read - self.rows_blank - self.rows_ignored - self.rows_discarded

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "StagingReport":
        """Read a report that this version or an earlier one stored."""
        values = {field.name: data[field.name] for field in fields(cls) if field.name in data}
        for name in ("accepted", "refused", "columns", "stores", "digests"):
            if values.get(name) is not None:
                values[name] = tuple(values[name])
        values["problems"] = tuple(IssueCount(**problem) for problem in values.get("problems", ()))
        values["countries"] = tuple(CountryRows(**one) for one in values.get("countries", ()))
        values["unknown_words"] = tuple(UnknownWord(**word) for word in values.get("unknown_words", ()))
        if values.get("amounts") is not None:
            values["amounts"] = tuple(CurrencyAmounts(**amounts) for amounts in values["amounts"])
        return cls(**values)
