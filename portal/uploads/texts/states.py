"""Texts of the states of a file, of its groups in the list, and of the outcomes of its rows."""

from collections.abc import Sequence

from portal import formats
from tillstream.model.text import upper_first

STATES = {
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
"""State → its label and its meaning."""
DISCARDED = ("Discarded", "None of its rows is imported.")
NOTHING_TO_IMPORT = (
    "Nothing to import",
    "Nothing is imported. If sales are missing, export the file again with its rows.",
)
GROUPS = {
    "needs": "Action required",
    "way": "In progress",
    "counted": "Imported",
    "fix": "Rows to fix",
    "out": "Not imported",
}
OUTCOMES: tuple[tuple[str, str, str], ...] = (
    ("new", "new", "Lines that were not imported before"),
    ("corrected", "corrected", "Imported lines with new values, which count now"),
    ("duplicate", "duplicates", "Lines that were already imported with the same values or newer ones"),
    ("quarantined", "to fix", "Rows to fix: they are not imported until they are corrected or accepted"),
    ("blank", "blank", "Empty rows"),
    ("ignored", "ignored", "Repeated headers, titles, totals, and discarded rows"),
)
"""Outcome of a row, its label and its meaning."""
ACCEPTED, ACCEPTED_MEANING = "accepted", "Rows without errors"
NO_ROWS = "The file has a header and no rows"
NO_SOURCE = "The file is kept. Choose its data source to read it"
HEADLINES = {
    "received": "Waiting to be read",
    "staging": "Reading",
    "rejected": "The file is rejected",
    "discarded": "The file is discarded",
    "cancelled": "Cancelled before it was imported",
    "failed": "It failed; nothing is lost",
}
"""State → its headline, of those that name no rows."""


def identical(groups: Sequence[Sequence[str]], *, others: bool) -> str:
    """[["2", "5"], ["7", "8 others"]] → Lines 2 and 5 are identical; lines 7 and 8 others are identical"""
    parts = [f"lines {', '.join(lines[:-1])} and {lines[-1]} are identical" for lines in groups]
    text = "; ".join([*parts, "and others"] if others else parts)
    return upper_first(text)


def other_lines(count: str) -> str:
    return f"{count} others"


def imported(count: str, read: int, to_fix: int) -> str:
    return f"{count} of {_rows(read)} imported{_to_fix(to_fix)}"


def ready(count: str, read: int, to_fix: int) -> str:
    return f"{count} of {_rows(read)} ready to import{_to_fix(to_fix)}"


def duplicates(count: int, read: int, to_fix: int) -> str:
    if count < read:
        some = formats.many(count, f"of {_rows(read)} is a duplicate", f"of {_rows(read)} are duplicates")
    else:
        some = "Its row is a duplicate" if read == 1 else f"All {_rows(read)} are duplicates"
    return f"{some}; nothing counts twice{_to_fix(to_fix)}"


def checked(read: int, to_fix: int) -> str:
    return f"{_rows(read)} checked; the import starts soon{_to_fix(to_fix)}"


def needs_review(read: int, to_fix: int) -> str:
    return f"{_rows(read) if read else 'The file'} {'need' if read > 1 else 'needs'} review{_to_fix(to_fix)}"


def not_counted(read: int) -> str:
    return f"{_rows(read)} read; none of them count now"


def discarded_by(person: str) -> str:
    """person: the name, and the reason if there is one."""
    return f"Discarded by {person}"


def held_because(reason: str) -> str:
    return f"Needs review: {reason}"


def rows_by_outcome(read: int, parts: Sequence[str]) -> str:
    return f"{_rows(read)}: {', '.join(parts)}"


def _to_fix(count: int) -> str:
    return f"; {_rows(count)} to fix" if count else ""


def _rows(count: int) -> str:
    return formats.many(count, "row")
