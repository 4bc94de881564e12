"""Checks by a JSON schema: all violations of a value, and a compiled test that accepts most valid ones.

Listing violations takes ten times as long as ruling them out.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sized
from dataclasses import dataclass
from typing import Any

from tillstream.model.document_json import JsonObject

_ANNOTATIONS = frozenset({"$schema", "$id", "$defs", "title", "description", "default", "examples"})
_TYPES: dict[str, type] = {"object": dict, "array": list, "string": str}
ValuePath = tuple[str, ...]
TextFormats = Mapping[str, Callable[[str], bool]]
"""Format → whether a text has it; a `ValueError` means that it does not."""
Accepts = Callable[[Any], bool]
_TEXT_KEYWORDS = frozenset({"type", "pattern", "minLength", "maxLength", "format", "description"})
_OBJECT_KEYWORDS = frozenset({"type", "properties", "required", "additionalProperties", "anyOf"})
_NUMBER_KEYWORDS = frozenset({"type", "minimum", "maximum"})
_ARRAY_KEYWORDS = frozenset({"type", "items", "minItems", "maxItems"})
_NO_LIMIT = float("inf")
_OF_PARTS = frozenset({"$ref", "properties", "items", "additionalProperties", "required", "format"})


@dataclass(frozen=True)
class Violation:
    """One keyword of the schema that a value violates. limit: the keyword's value in the schema."""

    path: ValuePath
    message: str
    keyword: str
    limit: Any


def find_violations(value: Any, schema: JsonObject, formats: TextFormats) -> Iterator[Violation]:
    """The violations of a value, in the schema's order of keywords.

    Raises `KeyError` for a keyword or a format that is not supported.
    """
    return _Walk(schema, formats).violations(value, schema, ())


@dataclass(frozen=True)
class _Walk:
    """Through a value and the parts of the schema that are about it."""

    schema: JsonObject
    formats: TextFormats

    def violations(self, value: Any, node: JsonObject, path: ValuePath) -> Iterator[Violation]:
        for keyword, limit in node.items():
            if keyword not in _ANNOTATIONS:
                for part, inner, *name in self._parts(value, keyword, limit, node):
                    yield from self.violations(part, inner, (*path, *name))
                yield from (
                    Violation(path, words, keyword, limit) for words in self._words(value, keyword, limit, node)
                )

    def _parts(self, value: Any, keyword: str, limit: Any, node: JsonObject) -> Iterator[tuple[Any, ...]]:
        """Each part of a value with its schema, and its name unless it is the value itself."""
        match keyword, value:
            case "$ref", _:
                yield value, _definition(self.schema, limit)
            case "properties", dict():
                yield from ((value[name], inner, name) for name, inner in limit.items() if name in value)
            case "additionalProperties", dict() if limit:
                yield from ((value[name], limit, name) for name in value.keys() - node.get("properties", {}).keys())
            case "items", list():
                yield from ((item, limit, str(index)) for index, item in enumerate(value))

    def _words(self, value: Any, keyword: str, limit: Any, node: JsonObject) -> Iterator[str]:
        match keyword, value:
            case "additionalProperties", dict():
                yield from _unexpected(value, node)
            case "required", dict():
                yield from (f"{name!r} is a required property" for name in limit if name not in value)
            case "anyOf", _:
                if all(any(self.violations(value, inner, ())) for inner in limit):
                    yield f"{value!r} is not valid under any of the given schemas"
            case "format", str():
                if not _has_format(value, self.formats[limit]):
                    yield f"{value!r} is not a {limit!r}"
            case _ if keyword not in _OF_PARTS and (words := _RULES[keyword](value, limit)):
                yield words


def _unexpected(value: JsonObject, node: JsonObject) -> Iterator[str]:
    extras = [] if node["additionalProperties"] else sorted(value.keys() - node["properties"].keys())
    if extras:
        words = f"{', '.join(map(repr, extras))} {'was' if len(extras) == 1 else 'were'} unexpected"
        yield f"Additional properties are not allowed ({words})"


def _definition(schema: JsonObject, reference: str) -> JsonObject:
    definition: JsonObject = schema["$defs"][reference.removeprefix("#/$defs/")]
    return definition


def _has_format(text: str, holds: Callable[[str], bool]) -> bool:
    try:
        return holds(text)
    except ValueError:
        return False


def _wrong_type(value: Any, name: str) -> str:
    if name in _TYPES:
        fits = isinstance(value, _TYPES[name])
    else:  # the only other type: a whole number, also one written as 2.0
        fits = value.is_integer() if isinstance(value, float) else type(value) is int
    return "" if fits else f"{value!r} is not of type {name!r}"


def _too_short(kind: type[Sized]) -> Callable[[Any, int], str]:
    words = "{!r} is too short", "{!r} should be non-empty"
    return lambda value, least: (
        words[least == 1].format(value) if isinstance(value, kind) and len(value) < least else ""
    )


def _too_long(kind: type[Sized]) -> Callable[[Any, int], str]:
    return lambda value, most: f"{value!r} is too long" if isinstance(value, kind) and len(value) > most else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_RULES: Mapping[str, Callable[[Any, Any], str]] = {
    "type": _wrong_type,
    "const": lambda value, expected: "" if value == expected else f"{expected!r} was expected",
    "enum": lambda value, words: "" if value in words else f"{value!r} is not one of {words!r}",
    "pattern": lambda value, pattern: (
        f"{value!r} does not match {pattern!r}" if isinstance(value, str) and not re.search(pattern, value) else ""
    ),
    "minLength": _too_short(str),
    "maxLength": _too_long(str),
    "minItems": _too_short(list),
    "maxItems": _too_long(list),
    "minimum": lambda value, least: (
        f"{value!r} is less than the minimum of {least!r}" if _is_number(value) and value < least else ""
    ),
    "maximum": lambda value, most: (
        f"{value!r} is greater than the maximum of {most!r}" if _is_number(value) and value > most else ""
    ),
}
"""Keyword → what is wrong with a value; empty for one that fits, or is of another type."""


def compile_acceptor(schema: JsonObject, formats: TextFormats) -> Accepts:
    """Return a test that is true only for values without violations; for some of these it is false.

    Raises `KeyError` as `find_violations`.
    """
    return _compile_test(schema, schema, formats)


def _compile_test(node: JsonObject, root: JsonObject, formats: TextFormats) -> Accepts:
    if node.keys() == {"$ref"}:
        node = _definition(root, node["$ref"])
    keywords = node.keys() - _ANNOTATIONS
    kind = node.get("type")
    if keywords in ({"const"}, {"enum"}):
        return _accepts_words(frozenset(node.get("enum", [node.get("const")])))
    if kind == "integer" and keywords <= _NUMBER_KEYWORDS:
        return _accepts_integer(node)
    if kind == "string" and keywords <= _TEXT_KEYWORDS:
        return _accepts_text(node, formats)
    if kind == "array" and keywords <= _ARRAY_KEYWORDS and "items" in node:
        return _accepts_array(node, _compile_test(node["items"], root, formats))
    if kind == "object" and keywords <= _OBJECT_KEYWORDS and node.get("additionalProperties") is False:
        return _accepts_object(
            node, {name: _compile_test(part, root, formats) for name, part in node["properties"].items()}
        )
    walk = _Walk(root, formats)
    return lambda value: not any(walk.violations(value, node, ()))


def _accepts_words(words: frozenset[str]) -> Accepts:
    return lambda value: type(value) is str and value in words


def _accepts_integer(node: JsonObject) -> Accepts:
    least, most = node.get("minimum", -_NO_LIMIT), node.get("maximum", _NO_LIMIT)
    return lambda value: type(value) is int and least <= value <= most


def _accepts_text(node: JsonObject, formats: TextFormats) -> Accepts:
    least, most = node.get("minLength", 0), node.get("maxLength", _NO_LIMIT)
    search = re.compile(node["pattern"]).search if "pattern" in node else None
    has_format = formats[node["format"]] if "format" in node else None

    def accepts(value: Any) -> bool:
        if type(value) is not str or not least <= len(value) <= most or (search and not search(value)):
            return False
        return has_format is None or _has_format(value, has_format)

    return accepts


def _accepts_array(node: JsonObject, accepts_item: Accepts) -> Accepts:
    least, most = node.get("minItems", 0), node.get("maxItems", _NO_LIMIT)

    def accepts(value: Any) -> bool:
        return type(value) is list and least <= len(value) <= most and all(map(accepts_item, value))

    return accepts


def _accepts_object(node: JsonObject, properties: Mapping[str, Accepts]) -> Accepts:
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
