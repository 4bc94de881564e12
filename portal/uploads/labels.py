"""Display texts of upload states and row outcomes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.reader_locale import decimal
from tillstream.domain.batch.record import IN_LEDGER, REJECTED_BY, Batch, State
from tillstream.receipts.receipt_types import Receipt


@dataclass(frozen=True)
class Words:
    """`tone` (good, busy, ask, bad or quiet) colours the badge; `label` repeats it as text."""

    label: str
    tone: str
    meaning: str


STATES: dict[State, Words] = {
    State.RECEIVED: Words("Waiting", "busy", "The file is stored. Reading starts in a few seconds."),
    State.STAGING: Words("Reading", "busy", "Every row is being checked."),
    State.STAGED: Words("Importing", "busy", "Every row is checked. The numbers follow within a few seconds."),
    State.HELD: Words("Needs review", "ask", "None of its rows is imported until someone reviews it."),
    State.SETTLED: Words("Imported", "good", "Its rows are in the numbers."),
    State.ANNOUNCED: Words("Imported", "good", "Its rows are in the numbers."),
    State.REJECTED: Words("Rejected", "bad", "None of its rows is imported."),
    State.CANCELLED: Words("Cancelled", "quiet", "Cancelled before it was imported."),
    State.FAILED: Words("Failed", "bad", "Nothing is lost. It can be retried."),
    State.UNDONE: Words("Undone", "quiet", "Its rows no longer count."),
    State.REPLAYED: Words("Replaced", "quiet", "It was reprocessed. The newer result counts."),
}
DISCARDED = Words("Discarded", "quiet", "None of its rows is imported.")
NOTHING_TO_IMPORT = Words(
    "Nothing to import",
    "quiet",
    "Nothing is imported. If sales are missing, export the file again with its rows.",
)
UNDER_WAY = frozenset({State.RECEIVED, State.STAGING, State.STAGED, State.SETTLED})
"""Transient states; pages that show them refresh themselves."""

OUTCOMES: tuple[tuple[str, str, str], ...] = (
    ("new", "new", "Lines that were not imported before"),
    ("corrected", "corrected", "Imported lines with new values, which count now"),
    ("duplicate", "duplicates", "Lines that were already imported with the same values or newer ones"),
    ("quarantined", "to fix", "Rows to fix: they are not imported until they are corrected or accepted"),
    ("blank", "blank", "Empty rows"),
    ("ignored", "ignored", "Repeated headers, titles, totals, and discarded rows"),
)


def state_of(upload: Batch) -> Words:
    """Display text of the state; a settled file without rows and a discarded one have their own."""
    if upload.is_discarded:
        return DISCARDED
    empty = upload.state in IN_LEDGER and upload.staged is not None and upload.staged.rows_read == 0
    return NOTHING_TO_IMPORT if empty else STATES[upload.state]


def reason(upload: Batch) -> str:
    """Why the upload was rejected, discarded or cancelled; empty if it was not."""
    return f"Discarded by {upload.error.removeprefix(REJECTED_BY)}" if upload.is_discarded else upload.error


def identical(groups: list[list[int]], shown: int = 5) -> str:
    """[[2, 5], [7, 8, 9]] → Lines 2 and 5 are identical; lines 7, 8 and 9 are identical"""
    parts = [f"lines {_and(lines)} are identical" for lines in groups[:shown]]
    words = "; ".join(parts + (["and others"] if len(groups) > shown else []))
    return words[:1].upper() + words[1:]


def _and(lines: list[int], most: int = 8) -> str:
    first, last = [decimal(line) for line in lines[:most]], f"{decimal(len(lines) - most)} others"
    if len(lines) <= most:
        *first, last = first
    return f"{', '.join(first)} and {last}"


def has_superseded(receipt: Receipt) -> bool:
    """Whether later content is current for rows of the file, so that the file can be made current."""
    return any(one["code"] == "superseded" for one in receipt["problems"])


def headline(receipt: Receipt) -> str:
    """The receipt in one sentence."""
    rows = receipt["rows"]
    read, refused = rows["read"] or 0, rows["quarantined"] or 0
    accepted = read - refused - (rows["blank"] or 0) - (rows["ignored"] or 0)
    need = f"; {_rows(refused)} to fix" if refused else ""
    some = f"{decimal(accepted)} of {_rows(read)}"
    imported, ready = f"{some} imported{need}", f"{some} ready to import{need}"
    if not read:
        imported = ready = "The file has a header and no rows"
    elif accepted and accepted == rows["duplicate"]:
        imported = ready = f"{_all(accepted, read)}; nothing counts twice{need}"
    if receipt["status"] == "held" and receipt.get("contract") == "":
        return "The file is kept. Choose its data source to read it"
    says = {
        "received": "Waiting to be read",
        "staging": "Reading",
        "staged": f"{_rows(read)} checked; the import starts soon{need}",
        "held": f"{_rows(read) if read else 'The file'} {'need' if read > 1 else 'needs'} review{need}",
        "settled": imported,
        "announced": imported,
        "rejected": f"The file is {'discarded' if receipt['error'].startswith(REJECTED_BY) else 'rejected'}",
        "cancelled": "Cancelled before it was imported",
        "failed": "It failed; nothing is lost",
        "undone": f"{_rows(read)} read; none of them count now",
        "replayed": f"{_rows(read)} read; none of them count now",
        "dry-run": ready,
    }
    return says[receipt["status"]]


def result(upload: Batch, receipt: Receipt) -> str:
    """A text such as: 1,204 rows: 1,190 new, 14 to fix."""
    rows = receipt["rows"]
    if upload.state is State.REJECTED and upload.error:
        return reason(upload).rstrip(".")
    if upload.state is State.HELD and receipt["holds"]:
        return f"Needs review: {receipt['holds'][0]['message'].rstrip('.')}"
    if upload.state not in IN_LEDGER or not rows["read"]:
        return headline(receipt)
    parts = [f"{decimal(part['count'])} {part['label']}" for part in balance(rows) if part["count"]]
    return f"{_rows(rows['read'])}: {', '.join(parts)}"


def balance(rows: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parts that add up to the rows read; before settling, the accepted rows are one part."""
    parts = [
        {"name": name, "label": label, "meaning": meaning, "count": rows[name]}
        for name, label, meaning in OUTCOMES
        if rows[name] is not None
    ]
    if rows["new"] is None:
        accepted = (rows["read"] or 0) - sum(part["count"] for part in parts)
        parts.insert(0, {"name": "accepted", "label": "accepted", "meaning": "Rows without errors", "count": accepted})
    return parts


def _all(duplicates: int, read: int) -> str:
    if duplicates < read:
        return f"{decimal(duplicates)} of {_rows(read)} {'is a duplicate' if duplicates == 1 else 'are duplicates'}"
    return "Its row is a duplicate" if read == 1 else f"All {_rows(read)} are duplicates"


def _rows(number: int) -> str:
    return f"{decimal(number)} row" if number == 1 else f"{decimal(number)} rows"
