"""The guard against formulas in CSV files: an apostrophe before text that a spreadsheet would evaluate.

A spreadsheet splits a file at the delimiter of its own locale. There `a;=cmd()` is two cells even in quotation marks,
because a quotation mark that does not start a cell is a plain character. So each place is guarded where a cell could
start in any locale.
"""

import re

PREFIXES = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n", "'")
"""First characters of cells that spreadsheets evaluate; East Asian ones treat full-width signs like ASCII ones."""
_START = r"(^|[;\t\r\n])"
_FORMULA = f'[" ]*[{re.escape("".join(PREFIXES))}]'
"""Quotation marks are doubled in the file, and open an empty cell for a spreadsheet that splits before them."""
NEEDS_GUARD = f"{_START}{_FORMULA}"
"""Matches each text that `guard` changes; also valid for RE2, which Arrow uses."""
_UNGUARDED = re.compile(f"{_START}(?={_FORMULA})")
_GUARDED = re.compile(f"{_START}'(?={_FORMULA})")


def guard(text: str) -> str:
    """Insert an apostrophe at each place where a spreadsheet could read a formula."""
    return _UNGUARDED.sub(r"\1'", text)


def unguard(text: str) -> str:
    """Return the text that `guard` was called with."""
    return _GUARDED.sub(r"\1", text)
