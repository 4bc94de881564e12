"""JSON that keeps decimals, dates and instants."""

import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

TAG = "$"
"""A value that JSON lacks is an object with this one key: {"$": ["decimal", "1.50"]}."""
_READ: dict[str, Callable[[str], Any]] = {
    "decimal": Decimal,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
}


def dumps(value: Any) -> str:
    """Write a value of objects, lists, tuples and plain values; tuples are read as lists. Raises `TypeError`."""
    return json.dumps(value, default=_tagged, ensure_ascii=False)


def restore(value: Any) -> Any:
    """The written value, from what a parser of plain JSON made of it."""
    if isinstance(value, list):
        return [restore(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {TAG}:
        kind, text = value[TAG]
        return _READ[kind](text)
    return {name: restore(each) for name, each in value.items()}


def _tagged(value: Any) -> dict[str, list[str]]:
    if isinstance(value, Decimal):
        return {TAG: ["decimal", str(value)]}
    if isinstance(value, datetime):
        return {TAG: ["datetime", value.isoformat()]}
    if isinstance(value, date):
        return {TAG: ["date", value.isoformat()]}
    raise TypeError(f"There is no JSON for {type(value).__name__}.")
