"""Display texts of upload states and row outcomes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from portal.reader_locale import decimal
from portal.uploads.texts import states as texts
from tillstream.model.batch import REJECTED_BY, STATES_IN_LEDGER, Batch, BatchState, HoldCode
from tillstream.receipts.receipt import Receipt


@dataclass(frozen=True)
class Words:
    """`tone` (good, busy, ask, bad or quiet) colours the badge; `label` repeats it as text."""

    label: str
    meaning: str
    tone: str


TONES = {
    BatchState.RECEIVED: "busy",
    BatchState.STAGING: "busy",
    BatchState.STAGED: "busy",
    BatchState.HELD: "ask",
    BatchState.SETTLED: "good",
    BatchState.ANNOUNCED: "good",
    BatchState.REJECTED: "bad",
    BatchState.CANCELLED: "quiet",
    BatchState.FAILED: "bad",
    BatchState.UNDONE: "quiet",
    BatchState.REPLAYED: "quiet",
}
STATES = {state: Words(*texts.STATES[state.value], tone) for state, tone in TONES.items()}
DISCARDED = Words(*texts.DISCARDED, "quiet")
NOTHING_TO_IMPORT = Words(*texts.NOTHING_TO_IMPORT, "quiet")
DAY_IN_NAME = re.compile(r"(?<!\d)(20\d{2})[-_.]?(\d{2})[-_.]?(\d{2})(?!\d)")
ANOTHER_SOURCE = frozenset({HoldCode.OTHER_CONTRACT, HoldCode.FOREIGN_SALES})
UNDER_WAY = frozenset({BatchState.RECEIVED, BatchState.STAGING, BatchState.STAGED, BatchState.SETTLED})
"""Transient states; pages that show them refresh themselves."""


def state_of(upload: Batch) -> Words:
    """Display text of the state; a settled file without rows and a discarded one have their own."""
    if upload.is_discarded:
        return DISCARDED
    return NOTHING_TO_IMPORT if is_without_rows(upload) else STATES[upload.state]


def may_be_of_another_source(upload: Batch) -> bool:
    """Whether choosing another data source is an answer to the hold of a file."""
    return not upload.contract or bool(ANOTHER_SOURCE & upload.hold_codes)


def is_without_rows(upload: Batch) -> bool:
    """Whether a settled file has a header at most."""
    return upload.state in STATES_IN_LEDGER and upload.staged is not None and upload.staged.rows_read == 0


def day_in_name(file: str) -> str:
    """The day in the name of a file, as 2026-11-22 or 20261122; empty if there is none, or several."""
    days = {"-".join(each.groups()) for each in DAY_IN_NAME.finditer(file)}
    try:
        return date.fromisoformat(days.pop()).isoformat() if len(days) == 1 else ""
    except ValueError:
        return ""


def reason(upload: Batch) -> str:
    """Why the upload was rejected, discarded or cancelled; empty if it was not."""
    return texts.discarded_by(upload.error.removeprefix(REJECTED_BY)) if upload.is_discarded else upload.error


def identical(groups: list[list[int]], shown: int = 5) -> str:
    """[[2, 5], [7, 8, 9]] → Lines 2 and 5 are identical; lines 7, 8 and 9 are identical"""
    if not groups:
        return ""
    return texts.identical([_listed(lines) for lines in groups[:shown]], others=len(groups) > shown)


def _listed(lines: list[int], most: int = 8) -> list[str]:
    listed = [decimal(line) for line in lines[:most]]
    return [*listed, texts.other_lines(decimal(len(lines) - most))] if len(lines) > most else listed


def has_superseded(receipt: Receipt) -> bool:
    """Whether later content is current for rows of the file, so that the file can be made current."""
    return any(one["code"] == "superseded" for one in receipt["problems"])


def headline(receipt: Receipt) -> str:
    """The receipt in one sentence."""
    rows = receipt["rows"]
    read, refused = rows["read"] or 0, rows["quarantined"] or 0
    accepted = read - refused - (rows["blank"] or 0) - (rows["ignored"] or 0)
    match receipt["status"]:
        case "settled" | "announced" | "dry-run" as status:
            if read and accepted and accepted == rows["duplicate"]:
                return texts.duplicates(accepted, read, refused)
            some = texts.ready if status == "dry-run" else texts.imported
            return some(decimal(accepted), read, refused) if read else texts.NO_ROWS
        case "staged":
            return texts.checked(read, refused)
        case "held":
            return texts.NO_SOURCE if receipt.get("contract") == "" else texts.needs_review(read, refused)
        case "undone" | "replayed":
            return texts.not_counted(read)
        case status:
            is_discarded = status == "rejected" and receipt["error"].startswith(REJECTED_BY)
            return texts.HEADLINES["discarded" if is_discarded else status]


def result(upload: Batch, receipt: Receipt) -> str:
    """A text such as: 1,204 rows: 1,190 new, 14 to fix."""
    rows = receipt["rows"]
    if upload.state is BatchState.REJECTED and upload.error:
        return reason(upload).rstrip(".")
    if upload.state is BatchState.HELD and receipt["holds"]:
        return texts.held_because(receipt["holds"][0]["message"].rstrip("."))
    if upload.state not in STATES_IN_LEDGER or not rows["read"]:
        return headline(receipt)
    parts = [f"{decimal(part['count'])} {part['label']}" for part in balance(rows) if part["count"]]
    return texts.rows_by_outcome(rows["read"], parts)


def balance(rows: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parts that add up to the rows read; before settling, the accepted rows are one part."""
    parts = [
        {"name": name, "label": label, "meaning": meaning, "count": rows[name]}
        for name, label, meaning in texts.OUTCOMES
        if rows[name] is not None
    ]
    if rows["new"] is None:
        accepted = (rows["read"] or 0) - sum(part["count"] for part in parts)
        accepted_part = {"label": texts.ACCEPTED, "meaning": texts.ACCEPTED_MEANING, "count": accepted}
        parts.insert(0, {"name": "accepted"} | accepted_part)
    return parts
