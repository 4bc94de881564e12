"""Bidirectional control characters, which can make a text look like another one: “photo[U+202E]gpj.exe”.

They stay in the data and are replaced wherever a text is shown.
"""

import re
from typing import Any

CONTROLS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
PATTERN = f"[{CONTROLS}]"
"""Also valid for RE2, which Arrow uses."""
SHOWN = "\ufffd"
"""The replacement: visible, so that two names that differ only in such a character do not look the same."""
_CONTROL = re.compile(PATTERN)
_CONTROL_OR_ESCAPE = re.compile(PATTERN + r"|\\u(?:061c|200[ef]|202[a-e]|206[6-9])", re.IGNORECASE)


def neutral(text: str) -> str:
    """Replace bidirectional control characters in a text that is shown."""
    return _CONTROL.sub(SHOWN, text)


def neutral_page(text: str) -> str:
    """As `neutral`, for a page: also their escapes in the JSON that scripts of the page show."""
    return _CONTROL_OR_ESCAPE.sub(SHOWN, text)


def neutral_json(text: str) -> str:
    """Escape the characters in JSON: programs read the same texts, and a terminal shows the escapes."""
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def neutral_values(value: Any) -> Any:
    """As `neutral`, for every text in a value of JSON, also the names in objects."""
    match value:
        case str():
            return neutral(value)
        case dict():
            return {neutral_values(name): neutral_values(each) for name, each in value.items()}
        case list():
            return [neutral_values(each) for each in value]
        case _:
            return value
