"""Texts that are safe to show, and to open in a spreadsheet: bidirectional control characters, formulas in CSV files.

Bidirectional control characters can make a text look like another one: “photo[U+202E]gpj.exe”. They stay in the data
and are replaced wherever a text is shown.

A spreadsheet splits a file at the delimiter of its own locale. There `a;=cmd()` is two cells even in quotation marks,
because a quotation mark that does not start a cell is a plain character. So each place is guarded where a cell could
start in any locale.
"""

import re
from typing import Any

BIDI_CONTROLS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
BIDI_PATTERN = f"[{BIDI_CONTROLS}]"
"""Also valid for RE2, which Arrow uses."""
BIDI_REPLACEMENT = "\ufffd"
"""The replacement: visible, so that two names that differ only in such a character do not look the same."""
_BIDI_CONTROL = re.compile(BIDI_PATTERN)

FORMULA_PREFIXES = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n", "'")
"""First characters of cells that spreadsheets evaluate; East Asian ones treat full-width signs like ASCII ones."""
_CELL_START = r"(^|[;\t\r\n])"
_FORMULA = f'[" ]*[{re.escape("".join(FORMULA_PREFIXES))}]'
"""Quotation marks are doubled in the file, and open an empty cell for a spreadsheet that splits before them."""
NEEDS_FORMULA_GUARD = f"{_CELL_START}{_FORMULA}"
"""Matches each text that `guard_formulas` changes; also valid for RE2, which Arrow uses."""
_UNGUARDED = re.compile(f"{_CELL_START}(?={_FORMULA})")
_GUARDED = re.compile(f"{_CELL_START}'(?={_FORMULA})")


def neutralize_bidi(text: str) -> str:
    """Replace bidirectional control characters in a text that is shown."""
    return _BIDI_CONTROL.sub(BIDI_REPLACEMENT, text)


def escape_bidi_json(text: str) -> str:
    """Escape the characters in JSON: programs read the same texts, and a terminal shows the escapes."""
    return _BIDI_CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def neutralize_bidi_values(value: Any) -> Any:
    """As `neutralize_bidi`, for every text in a value of JSON, also the names in objects."""
    match value:
        case str():
            return neutralize_bidi(value)
        case dict():
            return {neutralize_bidi_values(name): neutralize_bidi_values(each) for name, each in value.items()}
        case list():
            return [neutralize_bidi_values(each) for each in value]
        case _:
            return value


def guard_formulas(text: str) -> str:
    """Insert an apostrophe at each place where a spreadsheet could read a formula."""
    return _UNGUARDED.sub(r"\1'", text)


def unguard_formulas(text: str) -> str:
    """Return the text that `guard_formulas` was called with."""
    return _GUARDED.sub(r"\1", text)
