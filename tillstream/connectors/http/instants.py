"""Values by which an API orders its records: numbers, and times in ISO 8601."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from tillstream.model.errors import Rejected


def instant(value: Any) -> Decimal:
    """A value as a number: seconds since 1970 of a time, in UTC if it has no offset. Raises `Rejected` for others."""
    if isinstance(value, str):
        time = _time(value)
        if time is not None:
            return Decimal(str(time.timestamp()))
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite():
        raise Rejected(f"“{str(value)[:50]}” is neither a number nor a time in ISO 8601. Choose another cursor field.")
    return number


def earlier(value: Any, look_back: int) -> str:
    """A value that is less by seconds, or by a difference of numbers, as the API writes such values."""
    time = _time(value) if isinstance(value, str) else None
    if time is None:
        return format(Decimal(str(value)) - look_back, "f")
    past = time - timedelta(seconds=look_back)
    if len(value) <= len("2026-11-26"):
        return past.date().isoformat()
    if value.endswith("Z"):
        return past.replace(tzinfo=None).isoformat() + "Z"
    return past.isoformat() if _has_offset(value) else past.replace(tzinfo=None).isoformat()


def _has_offset(value: str) -> bool:
    return datetime.fromisoformat(value).tzinfo is not None


def _time(text: str) -> datetime | None:
    if text[4:5] != "-":
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
