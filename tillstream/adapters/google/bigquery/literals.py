"""Values written out in GoogleSQL, for scripts whose one text is all that they are."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r"}
_TYPED = {"date": "DATE", "datetime": "TIMESTAMP", "Decimal": "NUMERIC"}
_PARTS = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`|--[^\n]*|@(?P<name>\w+)")
"""What is quoted or said beside the statement, and the parameters."""


def literal(value: Any) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return str(value)
        case str():
            return "'" + "".join(_ESCAPES.get(sign, sign) for sign in value) + "'"
        case list() | tuple():
            return f"[{', '.join(map(literal, value))}]" if value else texts(())
    return f"{_TYPED[type(value).__name__]} '{value}'"


def texts(values: Iterable[str]) -> str:
    """A list of texts, which may be empty."""
    return f"CAST([{', '.join(map(literal, values))}] AS ARRAY<STRING>)"


def with_values(sql: str, params: Mapping[str, Any]) -> str:
    """The statement with its @named parameters written out."""

    def written(match: re.Match[str]) -> str:
        name = match["name"]
        return literal(params[name]) if name and name in params else match[0]

    return _PARTS.sub(written, sql)
