"""A store sale as a message: its versioned JSON schema and what is wrong with a message that does not follow it."""

import json
from datetime import MAXYEAR, MINYEAR, datetime
from decimal import Decimal, localcontext
from functools import cache
from importlib import resources
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError

SCHEMA_V1 = "store-sale/1"
LARGEST = 64 * 1024
"""Bytes of a message, at most."""
LONGEST_WORDS = 300
"""Letters of one fault: it repeats the value, which may be anything."""
EXACT = 80
"""Digits that hold the product of any two amounts."""
_TOO_LARGE = Decimal(10) ** 28
"""One digit less than a column of money holds, so that a total with its tax fits too."""
_formats = FormatChecker(formats=())


@_formats.checks("date-time", raises=ValueError)
def _instant(value: object) -> bool:
    if not isinstance(value, str):
        return True
    moment = datetime.fromisoformat(value)
    # At either end of the calendar another time zone's day, or the business day before, does not exist.
    return moment.tzinfo is not None and MINYEAR < moment.year < MAXYEAR


@cache
def schema() -> dict[str, Any]:
    text = resources.files("tillstream.domain").joinpath("store-sale.v1.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(schema(), format_checker=_formats)


def decoded(text: str | bytes) -> tuple[Any, list[str]]:
    """A message's value, and what keeps it from being a store sale; never raises, whatever the text is."""
    try:
        sale = json.loads(text)
        return sale, faults(sale)
    except ValueError as error:
        return None, [f"not JSON: {error}"]
    except RecursionError:
        return None, ["not a sale: nested too deeply"]


def faults(sale: Any) -> list[str]:
    """What keeps a decoded message from being a store sale, in words that name the place; empty where it is one."""
    found = sorted(_validator().iter_errors(sale), key=lambda error: [str(part) for part in error.absolute_path])
    words = [
        f"{'.'.join(str(part) for part in error.absolute_path) or 'message'}: {_says(error)[:LONGEST_WORDS]}"
        for error in found
    ]
    return words or [*_letters(sale), *_totals(sale)]


def _says(error: ValidationError) -> str:
    """In words, also where the schema says it with a pattern."""
    if error.validator == "pattern" and error.validator_value == one_line():
        return "holds a line break, a NUL or another control character; it is a name of one line"
    return error.message


def one_line() -> str:
    """The pattern of everything that names something: a number, a store, a product."""
    pattern: str = schema()["properties"]["number"]["pattern"]
    return pattern


def _letters(sale: Any) -> list[str]:
    """JSON can spell half of a letter, which is no text anywhere else."""
    try:
        json.dumps(sale, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return ["message: holds half of a letter (a lone surrogate such as \\ud800)"]
    return []


def _totals(sale: dict[str, Any]) -> list[str]:
    with localcontext(prec=EXACT):
        return [
            f"lines.{place}: quantity × unit_price is too large"
            for place, line in enumerate(sale["lines"])
            if "net_amount" not in line and abs(Decimal(line["quantity"]) * Decimal(line["unit_price"])) >= _TOO_LARGE
        ]
