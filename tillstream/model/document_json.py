"""Convert frozen dataclasses to the JSON of stored documents and back. Dates and decimals are texts, None is ''."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")
JsonObject = dict[str, Any]
"""An object of JSON whose fields depend on who wrote it: a stored document, a contract, a message that was received."""
ActionFacts = dict[str, str | int | float | Sequence[str] | Sequence[int] | None]
"""What an action did: fields of its answer or its log line."""


def to_json(value: Any) -> Any:
    kind = type(value)
    if kind is str or kind is bool:
        return value
    if kind is tuple:
        return [one if type(one) is str else to_json(one) for one in value] if value else []
    if kind is dict:
        return {name: one if type(one) is str else to_json(one) for name, one in value.items()}
    names = _names(cast("Hashable", kind))
    if names:
        values = ((name, getattr(value, name)) for name in names)
        return {name: one if type(one) is str else to_json(one) for name, one in values}
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, StrEnum):
        return value.value
    return "" if value is None else value


def from_json(kind: type[T], data: JsonObject) -> T:
    """The dataclass of the data; fields that it does not have are ignored, missing ones get their default."""
    decoders = _decoders(cast("Hashable", kind))
    return kind(**{name: decoders[name](value) for name, value in data.items() if name in decoders})


def check_types(value: Any) -> None:
    """Check that the texts, flags and numbers of a dataclass are of their types. Raises `TypeError`."""
    for name, hint in get_type_hints(type(value)).items():
        field = getattr(value, name)
        if hint in {str, bool, int} and type(field) is not hint:
            raise TypeError(name)
        for one in field if isinstance(field, tuple) else ():
            if is_dataclass(one):
                check_types(one)
            elif type(one) is not str:
                raise TypeError(name)


def decimal_text(value: Decimal) -> str:
    """The number without an exponent and without zeros at its end."""
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


@cache
def _names(kind: Any) -> tuple[str, ...]:
    """The fields of a dataclass; none for another type."""
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()


@cache
def _decoders(kind: Any) -> dict[str, Callable[[Any], Any]]:
    return {name: _decoder(hint) for name, hint in get_type_hints(kind).items() if get_origin(hint) is not type}


def _decoder(hint: Any) -> Callable[[Any], Any]:
    if isinstance(hint, UnionType):
        inner = _decoder(next(one for one in get_args(hint) if one is not NoneType))
        return lambda value: None if value in (None, "") else inner(value)
    if get_origin(hint) is tuple:
        each = _decoder(get_args(hint)[0])
        return lambda values: tuple(each(one) for one in values)
    if hint is Decimal or (isinstance(hint, type) and issubclass(hint, StrEnum)):
        return cast("Callable[[Any], Any]", hint)
    if hint is date or hint is datetime:
        return cast("Callable[[Any], Any]", hint.fromisoformat)
    if is_dataclass(hint) and isinstance(hint, type):
        return lambda value: from_json(hint, value)
    return lambda value: value
