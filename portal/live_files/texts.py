"""Texts of live files, and of the page that shows their addresses."""

from collections.abc import Iterable

MEASURES = "Measures by dimensions, as in Explore"
LINES = "Sale lines, with all columns"
TOKEN = "TOKEN"  # noqa: S105 - stands for one
"""What an address has in place of the token."""


def no_preset(name: str, presets: Iterable[str]) -> str:
    return f"There is no preset {name}. Use one of: {', '.join(presets)}."
