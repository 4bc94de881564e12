"""Whole cells by which a contract ignores rows (`file.ignore_where`)."""

import re
from collections.abc import Sequence


def cell_pattern(words: Sequence[str]) -> str:
    """A regular expression for trimmed cells that are one of the words; `*` is any text. Ignore the case."""
    either = "|".join(re.escape(word.strip()).replace(r"\*", ".*") for word in words)
    return rf"(?s)^(?:{either})$"
