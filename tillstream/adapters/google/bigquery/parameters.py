"""Values of a query's @named parameters with the types that BigQuery must be told."""

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
"""What is quoted or said beside the statement, and the parameters."""


def bound(sql: str, params: Mapping[str, Any]) -> tuple[str, list[Parameter]]:
    """The text and its parameters. NULL has no type of its own, so it is written out and takes what stands beside it.

    An empty list is one of texts. Raises `Rejected`: a value of no type that a query may ask for.
    """

    def written(match: re.Match[str]) -> str:
        name = match["name"]
        return "NULL" if name in params and params[name] is None else match[0]

    given = {name: value for name, value in params.items() if value is not None}
    text = _PARTS.sub(written, sql) if len(given) < len(params) else sql
    return text, [_parameter(name, value) for name, value in given.items()]


def _parameter(name: str, value: Any) -> Parameter:
    parameter: Parameter
    if isinstance(value, list | tuple):
        parameter = ArrayQueryParameter(name, _type(value[0]) if value else "STRING", list(value))
    else:
        parameter = ScalarQueryParameter(name, _type(value), value)
    return parameter


def _type(value: Any) -> str:
    for kind, name in _TYPES.items():  # a truth is a number too, and an instant a day: they come first
        if isinstance(value, kind):
            return name
    raise Rejected(f"A query cannot be given a {type(value).__name__}.")
