"""The result of staging a batch, as its record stores it."""

from dataclasses import dataclass, fields
from typing import Any


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
    problems: tuple[IssueCount, ...] = ()
    amounts: tuple[CurrencyAmounts, ...] | None = None
    """Sums of the accepted rows by currency; None: not recorded."""
    cut: str = ""
    """Why the file seems truncated, as text; empty if it does not."""
    columns: tuple[str, ...] = ()
    """The headers of a file."""
    stores: tuple[str | None, ...] | None = None
    """Distinct stores of the rows, with a null for rows without a store; None: too many, or not recorded."""
    reader: str = ""
    """Reader version; staged rows are reused only if it is unchanged."""

    @property
    def objects(self) -> tuple[str, ...]:
        """All staging objects of the batch."""
        return (*self.accepted, *self.refused)

    @property
    def rows(self) -> int:
        """Number of rows that are neither blank nor ignored."""
        return self.rows_read - self.rows_blank - self.rows_ignored

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "StagingReport":
        """Read a report that this version or an earlier one stored."""
        values = {field.name: data[field.name] for field in fields(cls) if field.name in data}
        for name in ("accepted", "refused", "columns", "stores"):
            if values.get(name) is not None:
                values[name] = tuple(values[name])
        values["problems"] = tuple(IssueCount(**problem) for problem in values.get("problems", ()))
        if values.get("amounts") is not None:
            values["amounts"] = tuple(CurrencyAmounts(**amounts) for amounts in values["amounts"])
        return cls(**values)
