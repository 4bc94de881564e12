"""Texts of live files, and of the page that shows their addresses."""

from collections.abc import Iterable

MEASURES = "Measures of Explore"
LINES = "Sale lines, with all columns"
ROWS, OF_MEASURES, GROUPS, PERIOD, CURRENCY = "Rows", "Measures", "Grouped by", "Period", "Currency"
LATEST = "The latest complete month, or the last 28 reported days; it moves on with time"
TOKEN = "TOKEN"  # noqa: S105 - stands for one
"""What an address has in place of the token."""


def no_preset(name: str, presets: Iterable[str]) -> str:
    return f"There is no preset {name}. Use one of: {', '.join(presets)}."


def moving(period: str) -> str:
    return f"{period}; it moves on with time"
