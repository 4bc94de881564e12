"""A quick test of values against a JSON schema: it accepts most valid values, and `violations` judges the others.

Listing violations takes ten times as long as ruling them out.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from tillstream.domain.json_schemas.violations import Formats, compile_schema

Accepts = Callable[[Any], bool]
_TEXT = frozenset({"type", "pattern", "minLength", "maxLength", "format", "description"})
_OBJECT = frozenset({"type", "properties", "required", "additionalProperties", "anyOf"})
_NUMBER = frozenset({"type", "minimum", "maximum"})
_ARRAY = frozenset({"type", "items", "minItems", "maxItems"})
_NO_LIMIT = float("inf")


def compile_acceptor(schema: Mapping[str, Any], formats: Formats) -> Accepts:
    """Return a test that is true only for values without violations; for some of these it is false.

    Raises `KeyError` as `compile_schema`.
    """
    return _compile(schema, schema, formats)


def _compile(node: Mapping[str, Any], root: Mapping[str, Any], formats: Formats) -> Accepts:
    if node.keys() == {"$ref"}:
        node = root["$defs"][node["$ref"].removeprefix("#/$defs/")]
    keywords = node.keys() - {"$schema", "$id", "$defs", "title", "description", "default", "examples"}
    kind = node.get("type")
    if keywords in ({"const"}, {"enum"}):
        return _one_of(frozenset(node.get("enum", [node.get("const")])))
    if kind == "integer" and keywords <= _NUMBER:
        return _integer(node)
    if kind == "string" and keywords <= _TEXT:
        return _text(node, formats)
    if kind == "array" and keywords <= _ARRAY and "items" in node:
        return _array(node, _compile(node["items"], root, formats))
    if kind == "object" and keywords <= _OBJECT and node.get("additionalProperties") is False:
        return _object(node, {name: _compile(part, root, formats) for name, part in node["properties"].items()})
    return _judged(node, root, formats)


def _judged(node: Mapping[str, Any], root: Mapping[str, Any], formats: Formats) -> Accepts:
    violations = compile_schema({**node, "$defs": root.get("$defs", {})}, formats)
    return lambda value: not violations(value)


def _one_of(words: frozenset[str]) -> Accepts:
    return lambda value: type(value) is str and value in words


def _integer(node: Mapping[str, Any]) -> Accepts:
    least, most = node.get("minimum", -_NO_LIMIT), node.get("maximum", _NO_LIMIT)
    return lambda value: type(value) is int and least <= value <= most


def _text(node: Mapping[str, Any], formats: Formats) -> Accepts:
    least, most = node.get("minLength", 0), node.get("maxLength", _NO_LIMIT)
    search = re.compile(node["pattern"]).search if "pattern" in node else None
    has_format = formats[node["format"]] if "format" in node else None

    def accepts(value: Any) -> bool:
        if type(value) is not str or not least <= len(value) <= most or (search and not search(value)):
            return False
        try:
            return has_format is None or has_format(value)
        except ValueError:
            return False

    return accepts


def _array(node: Mapping[str, Any], accepts_item: Accepts) -> Accepts:
    least, most = node.get("minItems", 0), node.get("maxItems", _NO_LIMIT)

    def accepts(value: Any) -> bool:
        return type(value) is list and least <= len(value) <= most and all(map(accepts_item, value))

    return accepts


def _object(node: Mapping[str, Any], properties: Mapping[str, Accepts]) -> Accepts:
    alternatives = node.get("anyOf", [{}])
    required = [frozenset({*node.get("required", ()), *part.get("required", ())}) for part in alternatives]
    if any(part.keys() - {"required"} for part in alternatives):
        raise KeyError("anyOf")

    def accepts(value: Any) -> bool:
        if type(value) is not dict or not any(names <= value.keys() for names in required):
            return False
        for name, part in value.items():
            test = properties.get(name)
            if test is None or not test(part):
                return False
        return True

    return accepts
