"""Suggestions for misspelled names."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Return a sentence with the names most like `name`, with a space before it; empty if none is similar."""
    folded = {each.casefold(): each for each in names}
    similar = [folded[match] for match in get_close_matches(name.casefold(), folded)]
    return f" Did you mean {' or '.join(similar)}?" if similar else ""
