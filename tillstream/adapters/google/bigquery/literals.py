"""GoogleSQL literals, for scripts that are sent without parameters."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r"}
_TYPED = {"date": "DATE", "datetime": "TIMESTAMP", "Decimal": "NUMERIC"}
_PARTS = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`|--[^\n]*|@(?P<name>\w+)")
"""Quoted text and comments, which are skipped, and the parameters."""


def literal(value: Any) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return str(value)
        case str():
            return "'" + "".join(_ESCAPES.get(char, char) for char in value) + "'"
        case list() | tuple():
            return f"[{', '.join(map(literal, value))}]" if value else string_array(())
    return f"{_TYPED[type(value).__name__]} '{value}'"


def is_in(column: str, values: Iterable[Any]) -> str:
    """The condition that a column has one of these constants, of which there must be at least one."""
    return f"{column} IN ({', '.join(map(literal, values))})"


def string_array(values: Iterable[str]) -> str:
    """An array of strings, which may be empty."""
    return f"CAST([{', '.join(map(literal, values))}] AS ARRAY<STRING>)"


def inline_parameters(sql: str, params: Mapping[str, Any]) -> str:
    """The statement with its @named parameters replaced by literals."""

    def replacement(match: re.Match[str]) -> str:
        name = match["name"]
        return literal(params[name]) if name and name in params else match[0]

    return _PARTS.sub(replacement, sql)
