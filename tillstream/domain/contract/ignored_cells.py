"""Whole cells by which a contract ignores rows (`file.ignore_where`)."""

import re
from collections.abc import Sequence

_ANY_TEXT = re.compile(r"(?<!\\)\*")


def cell_pattern(words: Sequence[str]) -> str:
    r"""A regular expression for trimmed cells that are one of the words. Ignore the case.

    `*` is any text, and `\*` an asterisk.
    """
    either = "|".join(".*".join(re.escape(cell_of(part)) for part in _ANY_TEXT.split(word.strip())) for word in words)
    return rf"(?s)^(?:{either})$"


def word_of(cell: str) -> str:
    """The word of exactly this cell."""
    return cell.replace("*", r"\*")


def cell_of(word: str) -> str:
    """The cell of a word without any text."""
    return word.replace(r"\*", "*")
