"""Texts of the live page that depend on a sale."""

from typing import Any

RETURNED = "Return"
CANCELLED = "Cancelled"
PENDING = "Pending"
CORRECTED = "Corrected"
REMOVED = "Removed"
UNSETTLED = "unsettled"
"""The kind of a sale that is not in the ledger yet."""
_STATUSES = {"returned": RETURNED, "cancelled": CANCELLED, "pending": PENDING}
_KINDS = {"corrected": CORRECTED, "removed": REMOVED, UNSETTLED: "Not yet in the ledger"}


def marks(sale: dict[str, Any]) -> list[str]:
    """Words that mark a sale, such as Return and Corrected; a removed sale has no status."""
    if sale["kind"] == "removed":
        return [REMOVED]
    return [words[value] for words, value in ((_STATUSES, sale["status"]), (_KINDS, sale["kind"])) if value in words]
