"""Holds: why a whole batch is held for review."""

from dataclasses import dataclass
from enum import StrEnum

from tillstream.domain.problems import CATALOGUE


class HoldCode(StrEnum):
    """The problem codes of severity hold."""

    TOO_MANY_REJECTED = "too-many-refused"
    UNKNOWN_WORDS = "unknown-status-words"
    TRUNCATED = "truncated-file"
    REPEATED_BYTES = "known-bytes-under-another-contract"
    UNKNOWN_CONTRACT = "which-contract"
    REGION_REQUESTED = "region-requested"
    CONTRACT_PROPOSED = "contract-proposed"
    OTHER_CONTRACT = "looks-like-another-region"
    COLUMNS = "columns-changed"
    STYLE = "style-changed"
    OTHER_SHEETS = "other-sheets"
    FIRST_LOAD = "first-load"
    FOREIGN_SALES = "foreign-sales"
    DATES = "dates-swapped"
    OLD_DATES = "old-dates"
    FUTURE_DATES = "future-dates"
    MINOR_UNITS = "minor-units"
    TOTAL_ROW = "total-row"
    OTHER_TABLE = "other-table"
    REPEATED_ROWS = "repeated-rows"
    OVERLAP = "overlaps-without-identity"
    OTHER_SALES = "known-numbers-of-other-sales"
    OTHER_REGION = "known-sales-in-another-region"
    OTHER_SPELLING = "known-sales-under-another-spelling"
    OTHER_PRODUCTS = "known-lines-of-other-products"


SPELLINGS = (HoldCode.OTHER_SPELLING, HoldCode.OTHER_PRODUCTS)
"""Holds of files whose sales the ledger may have with other numbers or products."""

FILE_HOLDS = (
    HoldCode.TOO_MANY_REJECTED,
    HoldCode.UNKNOWN_WORDS,
    HoldCode.TRUNCATED,
    HoldCode.COLUMNS,
    HoldCode.STYLE,
    HoldCode.OTHER_CONTRACT,
    HoldCode.OTHER_SHEETS,
    HoldCode.FIRST_LOAD,
    HoldCode.FOREIGN_SALES,
    HoldCode.DATES,
    HoldCode.OLD_DATES,
    HoldCode.FUTURE_DATES,
    HoldCode.MINOR_UNITS,
    HoldCode.TOTAL_ROW,
    HoldCode.OTHER_TABLE,
    HoldCode.REPEATED_ROWS,
)
"""Holds that staging checks: they depend on the file and its contract, and on earlier sales of the region."""


@dataclass(frozen=True)
class Hold:
    """Why a batch is held, with the message for users."""

    code: HoldCode
    message: str
    numbers: tuple[tuple[str, str], ...] = ()
    """Sale numbers of the file, each with the one that the ledger has for the sale; not stored."""
    stores: tuple[tuple[str, str], ...] = ()
    """As `numbers`, of the stores of these sales."""
    products: tuple[tuple[str, str, str], ...] = ()
    """As `numbers`, of products, each after the column that names it; this is empty if it is another one there."""

    @classmethod
    def of(cls, code: HoldCode, *, value: str = "", detail: str = "") -> "Hold":
        """The hold with the message of the catalogue."""
        return cls(code, CATALOGUE[code].format_message(value=value, detail=detail))

    def to_json(self) -> dict[str, str]:
        return {"code": self.code.value, "message": self.message}

    @classmethod
    def from_json(cls, data: dict[str, str]) -> "Hold":
        return cls(HoldCode(data["code"]), data["message"])
