"""Values of a cursor column: numbers, dates, and times, which sort as new rows come."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tillstream.model.errors import Rejected

Value = Any
"""Decimal, datetime, date, or ISO 8601 text."""
_DAY = 86_400


@dataclass(frozen=True)
class ValueType:
    """name: number, time, time with zone, date, or text."""

    name: str

    def encode(self, value: Value) -> str:
        """A value as text for the cursor."""
        return value.isoformat() if isinstance(value, date) else str(value)

    def decode(self, text: str) -> Value:
        match self.name:
            case "number":
                return Decimal(text)
            case "date":
                return date.fromisoformat(text)
            case "text":
                return text
        return datetime.fromisoformat(text)

    def is_within(self, value: Value, newest: Value, look_back: int) -> bool:
        """Whether a value is at most `look_back` before the newest: seconds of times, days of dates that are begun,
        and differences of numbers."""
        if self.name == "number":
            return bool(newest - value <= look_back)
        if self.name == "date":
            return bool((newest - value).days <= -(-look_back // _DAY))
        if self.name == "text":
            value, newest = _in_utc(value), _in_utc(newest)
        return bool((newest - value).total_seconds() <= look_back)


def normalise(column: str, value: object) -> tuple[ValueType, Value]:
    """The type and the value to compare. Raises `Rejected` for a type in which new rows need not be the largest."""
    match value:
        case bool():
            pass
        case int() | Decimal() if Decimal(value).is_finite():
            return ValueType("number"), Decimal(value)
        case float() if Decimal(value).is_finite():
            return ValueType("number"), Decimal(repr(value))
        case datetime():
            return ValueType("time with zone" if value.tzinfo else "time"), value
        case date():
            return ValueType("date"), value
        case str() if _is_time(value):
            return ValueType("text"), value
    raise Rejected(
        f"New rows cannot be recognised by the column “{column}”, which contains {type(value).__name__} values. Select"
        " a column with a number that grows, or with the time of the last change, in ISO 8601 if it is text."
    )


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return text[4:5] == "-"


def _in_utc(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def parameter(value: Value) -> Value:
    """A value as every database driver accepts it."""
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else value
