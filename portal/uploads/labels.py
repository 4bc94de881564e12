"""Display texts of upload states and row outcomes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tillstream.domain.batch.record import IN_LEDGER, Batch, State
from tillstream.receipts.receipt_types import Receipt


@dataclass(frozen=True)
class Words:
    """`tone` (good, busy, ask, bad or quiet) colours the badge; `label` repeats it as text."""

    label: str
    tone: str
    meaning: str


STATES: dict[State, Words] = {
    State.RECEIVED: Words("Waiting", "busy", "The file is stored. Reading starts in a few seconds."),
    State.STAGING: Words("Being read", "busy", "Every row is being checked."),
    State.STAGED: Words("Being counted", "busy", "Every row is checked. The numbers follow within a few seconds."),
    State.HELD: Words("Needs review", "ask", "None of its rows counts until someone decides."),
    State.SETTLED: Words("Counted", "good", "Its rows are in the numbers."),
    State.ANNOUNCED: Words("Counted", "good", "Its rows are in the numbers."),
    State.REJECTED: Words("Rejected", "bad", "None of its rows counts."),
    State.CANCELLED: Words("Cancelled", "quiet", "Cancelled before it counted."),
    State.FAILED: Words("Failed", "bad", "Nothing is lost. It can be retried."),
    State.UNDONE: Words("Undone", "quiet", "Its rows no longer count."),
    State.REPLAYED: Words("Replaced", "quiet", "It was read again. The newer reading counts."),
}
NOTHING_TO_COUNT = Words(
    "Nothing to count",
    "quiet",
    "Nothing is counted. If sales are missing, export the file again with its rows.",
)
UNDER_WAY = frozenset({State.RECEIVED, State.STAGING, State.STAGED, State.SETTLED})
"""Transient states; pages that show them refresh themselves."""

OUTCOMES: tuple[tuple[str, str, str], ...] = (
    ("new", "new", "Lines that were not known before"),
    ("corrected", "corrected", "Known lines with new values, which count now"),
    ("duplicate", "duplicate", "Lines that were already known with the same values or newer ones"),
    ("quarantined", "rejected", "Rows that need correction"),
    ("blank", "blank", "Empty rows"),
    ("ignored", "ignored", "Repeated headers, titles, totals, and discarded rows"),
)


def state_of(upload: Batch) -> Words:
    """Display text of the state; a settled file without rows has its own."""
    empty = upload.state in IN_LEDGER and upload.staged is not None and upload.staged.rows_read == 0
    return NOTHING_TO_COUNT if empty else STATES[upload.state]


def identical(groups: list[list[int]], shown: int = 5) -> str:
    """[[2, 5], [7, 8, 9]] → Lines 2 and 5 are identical; lines 7, 8 and 9 are identical"""
    parts = [f"lines {_and(lines)} are identical" for lines in groups[:shown]]
    words = "; ".join(parts + (["and others"] if len(groups) > shown else []))
    return words[:1].upper() + words[1:]


def _and(lines: list[int], most: int = 8) -> str:
    first, last = [f"{line:,}" for line in lines[:most]], f"{len(lines) - most:,} others"
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
    need = f"; {refused:,} {'needs' if refused == 1 else 'need'} your attention" if refused else ""
    counted, would = f"{accepted:,} of {_rows(read)} counted{need}", f"{accepted:,} of {_rows(read)} would count{need}"
    if not read:
        counted = would = "The file has a header and no rows"
    elif accepted and accepted == rows["duplicate"]:
        counted = would = f"{_all(accepted, read)} already known; nothing counts twice{need}"
    if receipt["status"] == "held" and receipt.get("contract") == "":
        return "The file is kept. Choose its data source to read it"
    says = {
        "received": "Waiting to be read",
        "staging": "Being read",
        "staged": f"{_rows(read)} checked; counting starts soon{need}",
        "held": f"{_rows(read) if read else 'The file is'} held for a decision{need}",
        "settled": counted,
        "announced": counted,
        "rejected": "The file is rejected",
        "cancelled": "Cancelled before it counted",
        "failed": "It failed; nothing is lost",
        "undone": f"{_rows(read)} read; none of them count now",
        "replayed": f"{_rows(read)} read; none of them count now",
        "dry-run": would,
    }
    return says[receipt["status"]]


def result(upload: Batch, receipt: Receipt) -> str:
    """A text such as: 1,204 rows: 1,190 new, 14 rejected."""
    rows = receipt["rows"]
    if upload.state is State.REJECTED and upload.error:
        return upload.error.rstrip(".")
    if upload.state is State.HELD and receipt["holds"]:
        return f"Needs review: {receipt['holds'][0]['message'].rstrip('.')}"
    if upload.state not in IN_LEDGER or not rows["read"]:
        return headline(receipt)
    parts = [f"{part['count']:,} {part['label']}" for part in balance(rows) if part["count"]]
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
        return f"{duplicates:,} of {_rows(read)} {'was' if duplicates == 1 else 'were'}"
    return "Its row was" if read == 1 else f"All {_rows(read)} were"


def _rows(number: int) -> str:
    return f"{number:,} row" if number == 1 else f"{number:,} rows"
