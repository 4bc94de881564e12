"""The store sale message: its versioned JSON schema and its validation."""

import json
from collections.abc import Callable
from datetime import MAXYEAR, MINYEAR, datetime
from decimal import Decimal, localcontext
from functools import cache
from importlib import resources
from typing import Any

from tillstream.domain.json_schema import Violation, compile_schema

SCHEMA_V1 = "store-sale/1"
MAX_MESSAGE_BYTES = 64 * 1024
"""Maximum size of a message, in bytes."""
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


@cache
def schema() -> dict[str, Any]:
    text = resources.files("tillstream.domain").joinpath("store-sale.v1.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@cache
def _violations() -> Callable[[Any], list[Violation]]:
    return compile_schema(schema(), {"date-time": _is_instant})


def decode(text: str | bytes) -> tuple[Any, list[str]]:
    """The decoded message and its validation errors (none if it is a store sale). Never raises."""
    try:
        sale = json.loads(text)
        return sale, validation_errors(sale)
    except ValueError as error:
        return None, [f"not JSON: {error}"]
    except RecursionError:
        return None, ["not a sale: nested too deeply"]


def validation_errors(sale: Any) -> list[str]:
    """Validation errors of a decoded message, each prefixed with its path; empty for a valid store sale."""
    violations = sorted(_violations()(sale), key=lambda violation: violation.path)
    messages = [
        f"{_path(violation) or 'message'}: {_message(violation)[:_MAX_ERROR_LENGTH]}" for violation in violations
    ]
    return messages or [*_encoding_errors(sale), *_total_errors(sale)]


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


def _encoding_errors(sale: Any) -> list[str]:
    """Lone surrogates, which JSON can escape but UTF-8 cannot encode."""
    try:
        json.dumps(sale, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return ["message: contains half of a character (a lone surrogate such as \\ud800)"]
    return []


def _total_errors(sale: dict[str, Any]) -> list[str]:
    with localcontext(prec=PRODUCT_PRECISION):
        return [
            f"lines.{index}: quantity × unit_price is too large"
            for index, line in enumerate(sale["lines"])
            if "net_amount" not in line and abs(Decimal(line["quantity"]) * Decimal(line["unit_price"])) >= _TOO_LARGE
        ]
