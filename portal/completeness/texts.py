"""Texts of the pages of data completeness and of expected deliveries."""

from datetime import date

from tillstream.analytics.completeness import DayState

WORDS: dict[DayState, tuple[str, str, str]] = {
    DayState.MISSING: ("✗", "missing", "Expected by now, but not received"),
    DayState.HELD: ("?", "needs review", "Received, and held until it is reviewed"),
    DayState.REFUSED: ("!", "rows to fix", "Received; some rows are not imported until they are fixed"),
    DayState.MISMATCH: (
        "≠",
        "totals differ",
        "Received; some line totals are not quantity × price, or the day close of a till does not agree",
    ),
    DayState.LATE: ("◔", "arrived late", "Complete, but after the deadline"),
    DayState.ARRIVED: ("✓", "arrived", "Complete"),
    DayState.DUE: ("…", "not due yet", "Expected; the deadline has not passed"),
    DayState.QUIET: ("–", "no sales", "The file is received and has no sales of this day"),
    DayState.NOTHING: ("", "nothing expected", "Nothing is expected, and nothing arrived"),
}
"""state → sign, label and meaning; colour only repeats them."""
CADENCES = {
    "": "Nothing is expected",
    "daily": "Every day",
    "weekdays": "Every weekday, Monday to Friday",
    "weekly": "Every week, Monday to Sunday",
    "monthly": "Every month",
}

CADENCE = "How often"
DEADLINE_DAYS, WRONG_DAYS = "Due, in days after the last day", "Enter a number from 0 to 60."
DEADLINE, NO_DEADLINE = "Due by", "Enter a time such as 12:00."
TIME_ZONE = "Time zone of that time"
SINCE = "Expected from"
CLOSED_DAYS = "Closed days"
NOTIFY = "Email addresses"


NOT_BEGUN = "This day has not begun. Record that nothing was sold when it is over."


def nothing_sold(name: str) -> str:
    return f"It is recorded that nothing was sold on this day. No file of {name} is expected for it."


def expected_again(name: str) -> str:
    return f"The file of {name} for this day is expected again."


def has_sales(name: str) -> str:
    return f"A file of {name} has sales of this day. If it needs review, accept or reject it first."


def not_daily(name: str) -> str:
    return f"{name} does not deliver a file for each day, so a single day of it is never missing."


def out_of_range(day: date) -> str:
    return f"There is nothing to show for {day}."


def saved(name: str) -> str:
    return f"The expected deliveries of {name} are saved."


def reset(name: str) -> str:
    return f"The schedule of the data source {name} applies again."


def no_source(name: str) -> str:
    return f"There is no source {name} whose expected deliveries you may change."
