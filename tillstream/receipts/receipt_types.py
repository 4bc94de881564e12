"""The JSON form of a receipt, as commands print it and the API returns it."""

from decimal import Decimal
from typing import NotRequired, TypedDict


class ReceiptRows(TypedDict):
    """Rows by outcome; they balance: read is the sum of the others. Null: not known before the batch is settled."""

    read: int
    new: int | None
    corrected: int | None
    duplicate: int | None
    quarantined: int
    blank: int
    ignored: int


class ReceiptProblem(TypedDict):
    """How often a problem occurs in a column. Null: the problem has no column, or no line."""

    code: str
    severity: str
    column: str | None
    count: int
    first_line: int | None
    example: str | None


class ReceiptAmounts(TypedDict):
    """Sums of the accepted rows of one currency."""

    currency: str
    net: Decimal | None
    gross: Decimal | None


class ImportedBefore(TypedDict):
    """Lines of one currency that the ledger has already. revenue: of those that are not cancelled."""

    currency: str
    lines: int
    revenue: Decimal


class ReceiptProposal(TypedDict):
    """The contract version that would read a held file, and what it changes."""

    contract: str
    version: int
    changes: list[str]


class Receipt(TypedDict):
    """What happened to the rows of a batch."""

    batch_id: NotRequired[str]
    """Missing in previews, which store no batch."""
    status: str
    """The state of the batch, or `dry-run`."""
    region: str
    contract: str
    contract_version: int
    file: str
    holds: list[dict[str, str]]
    """Code and message of each hold."""
    rows: ReceiptRows
    problems: list[ReceiptProblem]
    amounts: list[ReceiptAmounts]
    removed: int
    """Lines that the batch removed because it states a scope completely."""
    error: str
    proposal: NotRequired[ReceiptProposal]
    imported_before: NotRequired[list[ImportedBefore]]
    """Of a dry run: what the file would not count again."""
