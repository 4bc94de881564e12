"""The store sale message: its versioned JSON schema and its validation."""

import json
from collections.abc import Callable
from datetime import MAXYEAR, MINYEAR, datetime, timedelta
from decimal import Decimal, localcontext
from functools import cache
from importlib import resources
from typing import Any

from tillstream.domain.json_schemas.acceptor import compile_acceptor
from tillstream.domain.json_schemas.violations import Violation, compile_schema
from tillstream.domain.text import json_text

SCHEMA_V1 = "store-sale/1"
MAX_MESSAGE_BYTES = 64 * 1024
"""Maximum size of a message, in bytes."""
CLOCK_TOLERANCE, LONG_AGO = timedelta(minutes=10), timedelta(days=366)
"""How far the clock of a till or device may be ahead, and the age at which a sale is one of long ago."""
_MAX_ERROR_LENGTH = 300
"""Maximum characters of one error, which repeats the invalid value."""
PRODUCT_PRECISION = 80
"""Decimal precision that holds the product of any two amounts."""
_TOO_LARGE = Decimal(10) ** 28
"""One digit less than a money column holds, so that a total plus its tax fits too."""


def _is_instant(value: str) -> bool:
    timestamp = datetime.fromisoformat(value)
    # In the first and last year a time zone or cutoff could move the business day out of the calendar.
    return timestamp.tzinfo is not None and MINYEAR < timestamp.year < MAXYEAR


_FORMATS = {"date-time": _is_instant}


def time_warning(sold_at: datetime, received: datetime) -> str:
    """Problem code of a sale whose time does not fit the time of its receipt; empty if it fits."""
    late = received - sold_at
    if late < -CLOCK_TOLERANCE:
        return "clock-ahead"
    return "sold-long-ago" if late > LONG_AGO else ""


@cache
def schema() -> dict[str, Any]:
    text = resources.files("tillstream.domain").joinpath("store-sale.v1.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@cache
def _violations() -> Callable[[Any], list[Violation]]:
    return compile_schema(schema(), _FORMATS)


@cache
def _accepts() -> Callable[[Any], bool]:
    return compile_acceptor(schema(), _FORMATS)


def decode(text: str | bytes) -> tuple[Any, list[str]]:
    """The decoded message and its validation errors (none if it is a store sale). Never raises."""
    try:
        sale = json_text.decode(text)
        return sale, _errors(sale, has_only_characters=isinstance(text, str) and _has_only_characters(text))
    except (json_text.TooDeep, RecursionError):
        return None, ["not a sale: nested too deeply"]
    except ValueError as error:
        return None, [f"not JSON: {error}"]


def validation_errors(sale: Any) -> list[str]:
    """Validation errors of a decoded message, each prefixed with its path; empty for a valid store sale."""
    return _errors(sale, has_only_characters=False)


def _errors(sale: Any, *, has_only_characters: bool) -> list[str]:
    messages = [] if _accepts()(sale) else _violation_messages(sale)
    return messages or [*([] if has_only_characters else _encoding_errors(sale)), *_total_errors(sale)]


def _violation_messages(sale: Any) -> list[str]:
    violations = sorted(_violations()(sale), key=lambda violation: violation.path)
    return [f"{_path(violation) or 'message'}: {_message(violation)[:_MAX_ERROR_LENGTH]}" for violation in violations]


def _path(violation: Violation) -> str:
    """Where the violation is. Names in `extra` are free; a lone surrogate in one is escaped."""
    return ".".join(violation.path).encode(errors="backslashreplace").decode()


def _message(violation: Violation) -> str:
    """The violation's message; plain words instead of the `name_pattern` pattern."""
    if violation.keyword == "pattern" and violation.limit == name_pattern():
        return "contains a line break, a NUL or another control character"
    return violation.message


def name_pattern() -> str:
    """The pattern of every name and number: a sale number, a store, a product."""
    pattern: str = schema()["properties"]["number"]["pattern"]
    return pattern


def _has_only_characters(text: str) -> bool:
    """Whether the text certainly has no half of a character; some texts with escapes have none either."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\\u" not in text


def _encoding_errors(sale: Any) -> list[str]:
    """Lone surrogates, which JSON can escape but UTF-8 cannot encode."""
    try:
        json_text.encode(sale)
    except UnicodeEncodeError:
        return ["message: contains half of a character (a lone surrogate such as \\ud800)"]
    return []


def _total_errors(sale: dict[str, Any]) -> list[str]:
    return [
        f"lines.{index}: quantity × unit_price is too large"
        for index, line in enumerate(sale["lines"])
        if "net_amount" not in line and _is_too_large(line["quantity"], line["unit_price"])
    ]


def _is_too_large(quantity: str, unit_price: str) -> bool:
    """Whether the product of two amounts has no place in a money column. Few digits are not multiplied."""
    if len(quantity) + len(unit_price) < _TOO_LARGE.adjusted():
        return False
    with localcontext(prec=PRODUCT_PRECISION):
        return abs(Decimal(quantity) * Decimal(unit_price)) >= _TOO_LARGE
