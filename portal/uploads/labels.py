"""Display texts of upload states and row outcomes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from portal import formats
from portal.context import TemplateContext
from portal.reader_locale import decimal
from portal.translation import N_, _, ngettext, nouns
from tillstream.model.batch import REJECTED_BY, STATES_IN_LEDGER, Batch, BatchState, HoldCode
from tillstream.model.text import upper_first
from tillstream.receipts.receipt import Receipt

STATE_TEXTS = N_(
    {
        "received": ("Waiting", "The file is stored. Reading starts in a few seconds."),
        "staging": ("Reading", "Every row is being checked."),
        "staged": ("Importing", "Every row is checked. The numbers follow within a few seconds."),
        "held": ("Needs review", "None of its rows is imported until someone reviews it."),
        "settled": ("Imported", "Its rows are in the numbers."),
        "announced": ("Imported", "Its rows are in the numbers."),
        "rejected": ("Rejected", "None of its rows is imported."),
        "cancelled": ("Cancelled", "Cancelled before it was imported."),
        "failed": ("Failed", "Nothing is lost. It can be retried."),
        "undone": ("Undone", "Its rows no longer count."),
        "replayed": ("Replaced", "It was reprocessed. The newer result counts."),
    }
)
"""State → its label and its meaning."""
DISCARDED_TEXT = N_(("Discarded", "None of its rows is imported."))
NOTHING_TO_IMPORT_TEXT = N_(
    (
        "Nothing to import",
        "Nothing is imported. If sales are missing, export the file again with its rows.",
    )
)
GROUP_TEXTS = N_(
    {
        "needs": "Action required",
        "way": "In progress",
        "counted": "Imported",
        "fix": "Rows to fix",
        "out": "Not imported",
    }
)
OUTCOMES: tuple[tuple[str, str, str], ...] = N_(
    (
        ("new", "new", "Lines that were not imported before"),
        ("corrected", "corrected", "Imported lines with new values, which count now"),
        ("duplicate", "duplicates", "Lines that were already imported with the same values or newer ones"),
        ("quarantined", "to fix", "Rows to fix: they are not imported until they are corrected or accepted"),
        ("blank", "blank", "Empty rows"),
        ("ignored", "ignored", "Repeated headers, titles, totals, and discarded rows"),
    )
)
"""Outcome of a row, its label and its meaning."""
ACCEPTED, ACCEPTED_MEANING = "accepted", N_("Rows without errors")
HEADLINES = N_(
    {
        "received": "Waiting to be read",
        "staging": "Reading",
        "rejected": "The file is rejected",
        "discarded": "The file is discarded",
        "cancelled": "Cancelled before it was imported",
        "failed": "It failed; nothing is lost",
    }
)
"""State → its headline, of those that name no rows."""

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

DAY_IN_NAME = re.compile(r"(?<!\d)(20\d{2})[-_.]?(\d{2})[-_.]?(\d{2})(?!\d)")
ANOTHER_SOURCE = frozenset({HoldCode.OTHER_CONTRACT, HoldCode.FOREIGN_SALES})
UNDER_WAY = frozenset({BatchState.RECEIVED, BatchState.STAGING, BatchState.STAGED, BatchState.SETTLED})
"""Transient states; pages that show them refresh themselves."""


def identical_text(groups: Sequence[Sequence[str]], *, others: bool) -> str:
    """[["2", "5"], ["7", "8 others"]] → Lines 2 and 5 are identical; lines 7 and 8 others are identical"""
    parts = [
        _("lines {lines} and {lines2} are identical", lines=", ".join(lines[:-1]), lines2=lines[-1]) for lines in groups
    ]
    text = "; ".join([*parts, _("and others")] if others else parts)
    return upper_first(text)


def other_lines(count: str) -> str:
    return _("{count} others", count=count)


def imported_text(count: str, read: int, to_fix: int) -> str:
    return _("{count} of {rows} imported{to_fix}", count=count, rows=_rows(read), to_fix=_to_fix(to_fix))


def ready_text(count: str, read: int, to_fix: int) -> str:
    return _("{count} of {rows} ready to import{to_fix}", count=count, rows=_rows(read), to_fix=_to_fix(to_fix))


def duplicates_text(count: int, read: int, to_fix: int) -> str:
    if count < read:
        one, several = nouns("{count} of {rows} is a duplicate", "{count} of {rows} are duplicates")
        some = ngettext(one, several, count, count=decimal(count), rows=_rows(read))
    else:
        some = _("Its row is a duplicate") if read == 1 else _("All {rows} are duplicates", rows=_rows(read))
    return _("{some}; nothing counts twice{to_fix}", some=some, to_fix=_to_fix(to_fix))


def checked_text(read: int, to_fix: int) -> str:
    return _("{rows} checked; the import starts soon{to_fix}", rows=_rows(read), to_fix=_to_fix(to_fix))


def needs_review(read: int, to_fix: int) -> str:
    what = _rows(read) if read else _("The file")
    one, several = nouns("{what} needs review{to_fix}", "{what} need review{to_fix}")
    return ngettext(one, several, max(read, 1), what=what, to_fix=_to_fix(to_fix))


def not_counted(read: int) -> str:
    return _("{rows} read; none of them count now", rows=_rows(read))


def discarded_by(person: str) -> str:
    """person: the name, and the reason if there is one."""
    return _("Discarded by {person}", person=person)


def held_because(reason: str) -> str:
    return _("Needs review: {reason}", reason=reason)


def rows_by_outcome(read: int, parts: Sequence[str]) -> str:
    return f"{_rows(read)}: {', '.join(parts)}"


def _to_fix(count: int) -> str:
    return _("; {rows} to fix", rows=_rows(count)) if count else ""


def _rows(count: int) -> str:
    return formats.many(count, "row")


@dataclass(frozen=True)
class Words:
    """`tone` (good, busy, ask, bad or quiet) colours the badge; `label` repeats it as text."""

    label: str
    meaning: str
    tone: str


STATES = {state: Words(*STATE_TEXTS[state.value], tone) for state, tone in TONES.items()}
DISCARDED = Words(*DISCARDED_TEXT, "quiet")
NOTHING_TO_IMPORT = Words(*NOTHING_TO_IMPORT_TEXT, "quiet")


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
    return discarded_by(upload.error.removeprefix(REJECTED_BY)) if upload.is_discarded else upload.error


def identical_rows(groups: list[list[int]], shown: int = 5) -> str:
    """[[2, 5], [7, 8, 9]] → Lines 2 and 5 are identical; lines 7, 8 and 9 are identical"""
    if not groups:
        return ""
    return identical_text([_listed(lines) for lines in groups[:shown]], others=len(groups) > shown)


def _listed(lines: list[int], most: int = 8) -> list[str]:
    listed = [decimal(line) for line in lines[:most]]
    return [*listed, other_lines(decimal(len(lines) - most))] if len(lines) > most else listed


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
                return duplicates_text(accepted, read, refused)
            some = ready_text if status == "dry-run" else imported_text
            return some(decimal(accepted), read, refused) if read else _("The file has a header and no rows")
        case "staged":
            return checked_text(read, refused)
        case "held":
            return (
                _("The file is kept. Choose its data source to read it")
                if receipt.get("contract") == ""
                else needs_review(read, refused)
            )
        case "undone" | "replayed":
            return not_counted(read)
        case status:
            is_discarded = status == "rejected" and receipt["error"].startswith(REJECTED_BY)
            return HEADLINES["discarded" if is_discarded else status]


def result(upload: Batch, receipt: Receipt) -> str:
    """A text such as: 1,204 rows: 1,190 new, 14 to fix."""
    rows = receipt["rows"]
    if upload.state is BatchState.REJECTED and upload.error:
        return reason(upload).rstrip(".")
    if upload.state is BatchState.HELD and receipt["holds"]:
        return held_because(receipt["holds"][0]["message"].rstrip("."))
    if upload.state not in STATES_IN_LEDGER or not rows["read"]:
        return headline(receipt)
    parts = [f"{decimal(part['count'])} {part['label']}" for part in balance(rows) if part["count"]]
    return rows_by_outcome(rows["read"], parts)


def balance(rows: Mapping[str, Any]) -> list[TemplateContext]:
    """The parts that add up to the rows read; before settling, the accepted rows are one part."""
    parts = [
        {"name": name, "label": label, "meaning": meaning, "count": rows[name]}
        for name, label, meaning in OUTCOMES
        if rows[name] is not None
    ]
    if rows["new"] is None:
        accepted = (rows["read"] or 0) - sum(part["count"] for part in parts)
        accepted_part = {"label": ACCEPTED, "meaning": ACCEPTED_MEANING, "count": accepted}
        parts.insert(0, {"name": "accepted"} | accepted_part)
    return parts


def not_your_region(region: str) -> str:
    return _("{region} is not one of your regions.", region=region)


def version_saved(version: int, source: str, file: str) -> str:
    return _(
        "Version {version} of {source} is saved. {file} is being read with it.",
        version=version,
        source=source,
        file=file,
    )


def failed_text(*, may_retry: bool) -> str:
    who = _("Retry it under Pipeline") if may_retry else _("An administrator can retry it")
    return _("It failed, and nothing is lost. {who}; do not upload it again.", who=who)
