"""A store sale as a message: its versioned JSON schema and what is wrong with a message that does not follow it."""

import json
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

SCHEMA_V1 = "store-sale/1"
_formats = FormatChecker(formats=())


@_formats.checks("date-time", raises=ValueError)
def _instant(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@cache
def schema() -> dict[str, Any]:
    text = resources.files("tillstream.domain").joinpath("store-sale.v1.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(schema(), format_checker=_formats)


def faults(sale: Any) -> list[str]:
    """What keeps a decoded message from being a store sale, in words that name the place; empty where it is one."""
    found = sorted(_validator().iter_errors(sale), key=lambda error: [str(part) for part in error.absolute_path])
    return [f"{'.'.join(str(part) for part in error.absolute_path) or 'message'}: {error.message}" for error in found]
