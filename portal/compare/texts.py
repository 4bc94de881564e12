"""Texts of the comparison."""

from collections.abc import Iterable

KINDS = {
    "period": "Periods",
    "region": "Regions",
    "store": "Stores",
    "channel": "Channels",
    "category": "Categories",
    "country": "Countries",
}
"""What can be compared; all but periods are filters."""
PERIODS = ("the first period", "the second period")
"""Both sides of a comparison of periods, in a sentence."""
NOT_BEFORE = "not in {}"
"""In place of a growth: the first side did not sell a group."""
NO_SALES = "There are no sales yet."
SAME_SIDES = "Both sides are the same. Choose another one to compare with."


def not_allowed(name: str, value: str, allowed: Iterable[str]) -> str:
    return f"{name} is “{value}”; allowed values are {', '.join(allowed)}."


def reported(days: str) -> str:
    return f"Sales are reported for {days}. Choose two periods within these days."


def fewer_than_two(kind: str) -> str:
    return f"There are fewer than two {KINDS[kind].lower()} to compare."
