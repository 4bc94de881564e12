"""Values of queries: GoogleSQL literals for scripts, and parameters with the types that BigQuery requires."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

from google.cloud.bigquery import ArrayQueryParameter, ScalarQueryParameter

from tillstream.model.errors import Rejected

_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r"}
_TYPED = {"date": "DATE", "datetime": "TIMESTAMP", "Decimal": "NUMERIC"}
_PARAMETER_PARTS = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`|--[^\n]*|@(?P<name>\w+)")
"""Quoted text and comments, which are skipped, and the parameters."""

QueryParameter: TypeAlias = ScalarQueryParameter | ArrayQueryParameter
_TYPES: Mapping[type, str] = {
    bool: "BOOL",
    int: "INT64",
    str: "STRING",
    bytes: "BYTES",
    Decimal: "NUMERIC",
    datetime: "TIMESTAMP",
    date: "DATE",
}


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

    return _PARAMETER_PARTS.sub(replacement, sql)


def bind_parameters(sql: str, params: Mapping[str, Any]) -> tuple[str, list[QueryParameter]]:
    """Return the statement and its typed parameters.

    NULL has no type of its own, so it is inlined and takes the type of its context. An empty list is an array of
    strings. Raises `Rejected` for a value of an unsupported type.
    """

    def replacement(match: re.Match[str]) -> str:
        name = match["name"]
        return "NULL" if name in params and params[name] is None else match[0]

    typed = {name: value for name, value in params.items() if value is not None}
    text = _PARAMETER_PARTS.sub(replacement, sql) if len(typed) < len(params) else sql
    return text, [_parameter(name, value) for name, value in typed.items()]


def _parameter(name: str, value: Any) -> QueryParameter:
    parameter: QueryParameter
    if isinstance(value, list | tuple):
        parameter = ArrayQueryParameter(name, _type(value[0]) if value else "STRING", list(value))
    else:
        parameter = ScalarQueryParameter(name, _type(value), value)
    return parameter


def _type(value: Any) -> str:
    for kind, name in _TYPES.items():  # bool is a subclass of int, and datetime of date: they come first
        if isinstance(value, kind):
            return name
    raise Rejected(f"A query parameter cannot be a {type(value).__name__}.")
