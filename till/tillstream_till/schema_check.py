"""Checks a message against a JSON schema, for the keywords that the schema of a store sale uses."""

import json
import re
from collections.abc import Iterator
from datetime import MAXYEAR, MINYEAR, datetime
from decimal import Decimal, localcontext
from functools import cache
from pathlib import Path
from typing import Any, TypedDict

MAX_MESSAGE_BYTES = 64 * 1024
PRECISION = 80
"""Decimal precision that holds the product of any two amounts."""
_TOO_LARGE = Decimal(10) ** 28
_FORBIDS = "^[^"
"""With which a pattern begins that forbids characters."""
_TYPES: dict[str, type] = {"object": dict, "array": list, "string": str}
JsonObject = dict[str, Any]
"""An object of JSON whose fields depend on who wrote it: a sale before it is checked, a part of a schema, a reply."""
Violation = tuple[str, str]
"""Path and message."""


class SaleOutcome(TypedDict, total=False):
    """What the server decided about a sale. problems: code, message and remedy of each."""

    number: str
    version: int
    outcome: str
    problems: list[dict[str, str]]
    at: str
    till: str
    settlement_no: int


@cache
def schema() -> JsonObject:
    """The schema of a store sale."""
    text = (Path(__file__).parent / "store-sale.v1.json").read_text(encoding="utf-8")
    loaded: JsonObject = json.loads(text)
    return loaded


def problems(sale: Any) -> list[str]:
    """Return the violations of a decoded message, each prefixed with its path; empty for a valid sale."""
    listed = [f"{path or 'message'}: {message}" for path, message in _check(sale, schema(), "")]
    if listed:
        return listed
    try:
        json.dumps(sale, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return ["message: contains half of a character (a lone surrogate)"]
    return [*_totals(sale)]


def _check(value: Any, node: JsonObject, path: str) -> Iterator[Violation]:
    if "$ref" in node:
        node = schema()["$defs"][node["$ref"].removeprefix("#/$defs/")]
    if "type" in node and not _is_type(value, node["type"]):
        shown = "" if isinstance(value, dict | list) else f", not {json.dumps(value)[:80]}"
        yield path, f"must be of type {node['type']}{shown}"
        return
    if "const" in node and value != node["const"]:
        yield path, f"must be {node['const']}"
    if "enum" in node and value not in node["enum"]:
        yield path, f"must be one of {', '.join(node['enum'])}"
    if isinstance(value, str):
        yield from _text(value, node, path)
    elif isinstance(value, list):
        yield from _list(value, node, path)
    elif isinstance(value, dict):
        yield from _object(value, node, path)
    elif isinstance(value, int | float) and not node.get("minimum", value) <= value <= node.get("maximum", value):
        yield path, f"must be from {node['minimum']} to {node['maximum']}"


def _is_type(value: Any, name: str) -> bool:
    if name in _TYPES:
        return isinstance(value, _TYPES[name])
    return value.is_integer() if isinstance(value, float) else type(value) is int


def _text(value: str, node: JsonObject, path: str) -> Iterator[Violation]:
    if len(value) < node.get("minLength", 0):
        yield path, "is empty"
    if len(value) > node.get("maxLength", len(value)):
        yield path, f"has more than {node['maxLength']} letters"
    if "pattern" in node and not re.search(node["pattern"], value):
        yield path, f"{value[:80]!r} {_wrong_form(node)}"
    if node.get("format") == "date-time" and not is_instant(value):
        yield path, f"{value[:80]!r} is not a time with an offset, such as 2026-11-20T10:03:00+00:00"


def _wrong_form(node: JsonObject) -> str:
    """What is wrong with a text that does not match the pattern of its field."""
    if node["pattern"].startswith(_FORBIDS):
        return "contains a line break, NUL or another control character"
    description = node.get("description", "")
    return f"is not valid: {description[:1].lower()}{description[1:]}" if description else "has the wrong form"


def is_instant(value: str) -> bool:
    """Whether a text is a time with an offset."""
    try:
        timestamp = datetime.fromisoformat(value)
    except ValueError:
        return False
    return timestamp.tzinfo is not None and MINYEAR < timestamp.year < MAXYEAR


def _list(value: list[Any], node: JsonObject, path: str) -> Iterator[Violation]:
    if not node.get("minItems", 0) <= len(value) <= node.get("maxItems", len(value)):
        yield path, f"must have from {node['minItems']} to {node['maxItems']} entries"
    for index, item in enumerate(value):
        yield from _check(item, node.get("items", {}), f"{path}.{index}")


def _object(value: JsonObject, node: JsonObject, path: str) -> Iterator[Violation]:
    properties, other = node.get("properties", {}), node.get("additionalProperties", True)
    for name in node.get("required", ()):
        if name not in value:
            yield path, f"{name} is missing"
    for name, item in value.items():
        inner = f"{path}.{name}".lstrip(".")
        if name in properties:
            yield from _check(item, properties[name], inner)
        elif not other:
            yield path, f"{name[:80]!r} is not a field"
        elif isinstance(other, dict):
            yield from _check(item, other, inner)
    options = [option["required"] for option in node.get("anyOf", ())]
    if options and not any(all(name in value for name in names) for names in options):
        yield path, "lacks " + ", or ".join(" and ".join(names) for names in options)


def _totals(sale: JsonObject) -> Iterator[str]:
    with localcontext(prec=PRECISION):
        for index, line in enumerate(sale["lines"]):
            if "net_amount" not in line and abs(Decimal(line["quantity"]) * Decimal(line["unit_price"])) >= _TOO_LARGE:
                yield f"lines.{index}: quantity × unit_price is too large"
