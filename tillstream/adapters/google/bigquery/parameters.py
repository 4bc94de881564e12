"""Query parameters with the types that BigQuery requires."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

from google.cloud.bigquery import ArrayQueryParameter, ScalarQueryParameter

from tillstream.domain.errors import Rejected

Parameter: TypeAlias = ScalarQueryParameter | ArrayQueryParameter
_TYPES: Mapping[type, str] = {
    bool: "BOOL",
    int: "INT64",
    str: "STRING",
    bytes: "BYTES",
    Decimal: "NUMERIC",
    datetime: "TIMESTAMP",
    date: "DATE",
}
_PARTS = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`|--[^\n]*|@(?P<name>\w+)")
"""Quoted text and comments, which are skipped, and the parameters."""


def bind(sql: str, params: Mapping[str, Any]) -> tuple[str, list[Parameter]]:
    """Return the statement and its typed parameters.

    NULL has no type of its own, so it is inlined and takes the type of its context. An empty list is an array of
    strings. Raises `Rejected` for a value of an unsupported type.
    """

    def replacement(match: re.Match[str]) -> str:
        name = match["name"]
        return "NULL" if name in params and params[name] is None else match[0]

    typed = {name: value for name, value in params.items() if value is not None}
    text = _PARTS.sub(replacement, sql) if len(typed) < len(params) else sql
    return text, [_parameter(name, value) for name, value in typed.items()]


def _parameter(name: str, value: Any) -> Parameter:
    parameter: Parameter
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
