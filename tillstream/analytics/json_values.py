"""JSON conversion of query results: decimals, dates and times become text."""

from dataclasses import asdict, is_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any


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
