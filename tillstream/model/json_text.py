"""JSON of messages and documents, decoded as by the standard library in a fifth of the time; and values as JSON."""

import json
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import msgspec

VALUE_TAG = "$"
"""A value that JSON lacks is an object with this one key: {"$": ["decimal", "1.50"]}."""
_VALUE_READERS: dict[str, Callable[[str], Any]] = {
    "decimal": Decimal,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
}


class NestedTooDeeply(ValueError):
    """Lists and objects are nested more deeply than Python can read."""


def decode_json(text: str | bytes) -> Any:
    """As `json.loads`, with its results and its errors: what the fast decoder does not accept is left to it.

    Raises `ValueError`, and `NestedTooDeeply` where `json.loads` raises `RecursionError`.
    """
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        try:
            return json.loads(text)
        except RecursionError as error:
            raise NestedTooDeeply("nested too deeply") from error


def encode_json(value: Any) -> bytes:
    """Compact UTF-8 of a value without numbers that are infinite or none. Raises `UnicodeEncodeError`."""
    return msgspec.json.encode(value)


def dump_typed_json(value: Any) -> str:
    """Write a value of objects, lists, tuples and plain values; tuples are read as lists. Raises `TypeError`."""
    return json.dumps(value, default=_tagged_value, ensure_ascii=False)


def restore_typed_values(value: Any) -> Any:
    """The written value, from what a parser of plain JSON made of it."""
    if isinstance(value, list):
        return [restore_typed_values(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {VALUE_TAG}:
        kind, text = value[VALUE_TAG]
        return _VALUE_READERS[kind](text)
    return {name: restore_typed_values(each) for name, each in value.items()}


def _tagged_value(value: Any) -> dict[str, list[str]]:
    if isinstance(value, Decimal):
        return {VALUE_TAG: ["decimal", str(value)]}
    if isinstance(value, datetime):
        return {VALUE_TAG: ["datetime", value.isoformat()]}
    if isinstance(value, date):
        return {VALUE_TAG: ["date", value.isoformat()]}
    raise TypeError(f"There is no JSON for {type(value).__name__}.")


def to_json(value: Any) -> Any:
    """Convert a value to str, int, float, bool, None, list and dict only."""
    match value:
        case Decimal():
            text = format(value, "f")
            return text.rstrip("0").rstrip(".") if "." in text else text
        case datetime() | date() | time():
            return value.isoformat()
        case dict():
            return {str(key): to_json(each) for key, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [to_json(each) for each in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            return to_json(asdict(value))
        case _:
            return value
