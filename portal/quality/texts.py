"""Texts of the data quality pages."""

from collections.abc import Sequence

KINDS = {
    "unique": "Unique",
    "not null": "Not null",
    "accepted values": "Accepted values",
    "reference": "Reference",
    "totals": "Totals",
}


def trend(failed: Sequence[bool]) -> str:
    """failed: for each day with a run, whether a check failed."""
    if not failed:
        return "No run."
    days = f"{len(failed)} {'day' if len(failed) == 1 else 'days'} with a run"
    return f"{days}; on {sum(failed)} of them a run failed." if any(failed) else f"{days}, all passed."


def checked(failing: int) -> str:
    if not failing:
        return "All checks pass."
    return f"{failing} {'check fails' if failing == 1 else 'checks fail'}."
