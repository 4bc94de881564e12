"""Checks compiled from a JSON schema: all violations of a value, and a quick test that accepts most valid ones.

Listing violations takes ten times as long as ruling them out.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_ANNOTATIONS = frozenset({"$schema", "$id", "$defs", "title", "description", "default", "examples"})
_TYPES: dict[str, type] = {"object": dict, "array": list, "string": str}
ValuePath = tuple[str, ...]

ViolationRule = Callable[[Any], Iterable[str]]
"""Takes a value and returns a message for each violation; a value of another type than the keyword's has none."""
TextFormats = Mapping[str, Callable[[str], bool]]
"""Format → whether a text has it; a `ValueError` means that it does not."""

Accepts = Callable[[Any], bool]
_TEXT_KEYWORDS = frozenset({"type", "pattern", "minLength", "maxLength", "format", "description"})
_OBJECT_KEYWORDS = frozenset({"type", "properties", "required", "additionalProperties", "anyOf"})
_NUMBER_KEYWORDS = frozenset({"type", "minimum", "maximum"})
_ARRAY_KEYWORDS = frozenset({"type", "items", "minItems", "maxItems"})
_NO_LIMIT = float("inf")


@dataclass(frozen=True)
class Violation:
    """One keyword of the schema that a value violates. limit: the keyword's value in the schema."""

    path: tuple[str, ...]
    message: str
    keyword: str
    limit: Any


ValueCheck = Callable[[Any, ValuePath, list[Violation]], None]


def compile_schema(schema: Mapping[str, Any], formats: TextFormats) -> Callable[[Any], list[Violation]]:
    """Return the check of a schema, which lists the violations in the schema's order of keywords.

    Raises `KeyError` for a keyword or a format that is not supported.
    """
    check = _compile_check(schema, schema, formats)

    def check_all(value: Any) -> list[Violation]:
        violations: list[Violation] = []
        check(value, (), violations)
        return violations

    return check_all


def _compile_check(node: Mapping[str, Any], root: Mapping[str, Any], formats: TextFormats) -> ValueCheck:
    checks = [_keyword(name, limit, node, root, formats) for name, limit in node.items() if name not in _ANNOTATIONS]
    if len(checks) == 1:
        return checks[0]

    def check(value: Any, path: ValuePath, violations: list[Violation]) -> None:
        for each in checks:
            each(value, path, violations)

    return check


def _keyword(
    name: str, limit: Any, node: Mapping[str, Any], root: Mapping[str, Any], formats: TextFormats
) -> ValueCheck:
    def compiled(part: Mapping[str, Any]) -> ValueCheck:
        return _compile_check(part, root, formats)

    if name == "$ref":
        return compiled(root["$defs"][limit.removeprefix("#/$defs/")])
    if name == "properties":
        return _properties({key: compiled(part) for key, part in limit.items()})
    if name == "additionalProperties" and limit:
        return _other_properties(frozenset(node.get("properties", ())), compiled(limit))
    if name == "items":
        return _items(compiled(limit))
    rule = _any_of([compiled(part) for part in limit]) if name == "anyOf" else _rule(name, limit, node, formats)

    def check(value: Any, path: ValuePath, violations: list[Violation]) -> None:
        violations.extend(Violation(path, message, name, limit) for message in rule(value))

    return check


def _properties(checks: Mapping[str, ValueCheck]) -> ValueCheck:
    def check(value: Any, path: ValuePath, violations: list[Violation]) -> None:
        if isinstance(value, dict):
            for name, each in checks.items():
                if name in value:
                    each(value[name], (*path, name), violations)

    return check


def _other_properties(declared: frozenset[str], each: ValueCheck) -> ValueCheck:
    def check(value: Any, path: ValuePath, violations: list[Violation]) -> None:
        if isinstance(value, dict):
            for name in value.keys() - declared:
                each(value[name], (*path, name), violations)

    return check


def _items(each: ValueCheck) -> ValueCheck:
    def check(value: Any, path: ValuePath, violations: list[Violation]) -> None:
        if isinstance(value, list):
            for index, item in enumerate(value):
                each(item, (*path, str(index)), violations)

    return check


def _any_of(checks: list[ValueCheck]) -> ViolationRule:
    def holds(check: ValueCheck, value: Any) -> bool:
        violations: list[Violation] = []
        check(value, (), violations)
        return not violations

    def rule(value: Any) -> Iterable[str]:
        if any(holds(check, value) for check in checks):
            return ()
        return (f"{value!r} is not valid under any of the given schemas",)

    return rule


def _rule(name: str, limit: Any, node: Mapping[str, Any], formats: TextFormats) -> ViolationRule:
    if name == "format":
        return _format(limit, formats[limit])
    if name == "additionalProperties":
        return _only(frozenset(node["properties"]))
    return _RULES[name](limit)


def _only(declared: frozenset[str]) -> ViolationRule:
    def rule(value: Any) -> Iterable[str]:
        if not isinstance(value, dict) or value.keys() <= declared:
            return ()
        extras = sorted(value.keys() - declared)
        verb = "was" if len(extras) == 1 else "were"
        return (f"Additional properties are not allowed ({', '.join(map(repr, extras))} {verb} unexpected)",)

    return rule


def _format(name: str, holds: Callable[[str], bool]) -> ViolationRule:
    def rule(value: Any) -> Iterable[str]:
        try:
            fits = not isinstance(value, str) or holds(value)
        except ValueError:
            fits = False
        return () if fits else (f"{value!r} is not a {name!r}",)

    return rule


def _type(name: str) -> ViolationRule:
    def is_type(value: Any) -> bool:
        if name in _TYPES:
            return isinstance(value, _TYPES[name])
        # the only other type: a whole number, also one written as 2.0
        return value.is_integer() if isinstance(value, float) else type(value) is int

    return lambda value: () if is_type(value) else (f"{value!r} is not of type {name!r}",)


def _required(names: list[str]) -> ViolationRule:
    def rule(value: Any) -> Iterable[str]:
        if not isinstance(value, dict) or value.keys() >= present:
            return ()
        return [f"{name!r} is a required property" for name in names if name not in value]

    present = frozenset(names)
    return rule


def _const(expected: str) -> ViolationRule:
    return lambda value: () if value == expected else (f"{expected!r} was expected",)


def _enum(words: list[str]) -> ViolationRule:
    return lambda value: () if value in words else (f"{value!r} is not one of {words!r}",)


def _pattern(pattern: str) -> ViolationRule:
    search = re.compile(pattern).search
    return lambda value: (
        (f"{value!r} does not match {pattern!r}",) if isinstance(value, str) and not search(value) else ()
    )


def _min_length(limit: int) -> ViolationRule:
    return lambda value: (_too_short(value, limit),) if isinstance(value, str) and len(value) < limit else ()


def _max_length(limit: int) -> ViolationRule:
    return lambda value: (f"{value!r} is too long",) if isinstance(value, str) and len(value) > limit else ()


def _min_items(limit: int) -> ViolationRule:
    return lambda value: (_too_short(value, limit),) if isinstance(value, list) and len(value) < limit else ()


def _max_items(limit: int) -> ViolationRule:
    return lambda value: (f"{value!r} is too long",) if isinstance(value, list) and len(value) > limit else ()


def _too_short(value: Any, limit: int) -> str:
    return f"{value!r} should be non-empty" if limit == 1 else f"{value!r} is too short"


def _minimum(limit: int) -> ViolationRule:
    return lambda value: (
        (f"{value!r} is less than the minimum of {limit!r}",) if _is_number(value) and value < limit else ()
    )


def _maximum(limit: int) -> ViolationRule:
    return lambda value: (
        (f"{value!r} is greater than the maximum of {limit!r}",) if _is_number(value) and value > limit else ()
    )


_RULES: dict[str, Callable[[Any], ViolationRule]] = {
    "type": _type,
    "required": _required,
    "const": _const,
    "enum": _enum,
    "pattern": _pattern,
    "minLength": _min_length,
    "maxLength": _max_length,
    "minItems": _min_items,
    "maxItems": _max_items,
    "minimum": _minimum,
    "maximum": _maximum,
}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def compile_acceptor(schema: Mapping[str, Any], formats: TextFormats) -> Accepts:
    """Return a test that is true only for values without violations; for some of these it is false.

    Raises `KeyError` as `compile_schema`.
    """
    return _compile_test(schema, schema, formats)


def _compile_test(node: Mapping[str, Any], root: Mapping[str, Any], formats: TextFormats) -> Accepts:
    if node.keys() == {"$ref"}:
        node = root["$defs"][node["$ref"].removeprefix("#/$defs/")]
    keywords = node.keys() - {"$schema", "$id", "$defs", "title", "description", "default", "examples"}
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
    return _judged_by_violations(node, root, formats)


def _judged_by_violations(node: Mapping[str, Any], root: Mapping[str, Any], formats: TextFormats) -> Accepts:
    violations = compile_schema({**node, "$defs": root.get("$defs", {})}, formats)
    return lambda value: not violations(value)


def _accepts_words(words: frozenset[str]) -> Accepts:
    return lambda value: type(value) is str and value in words


def _accepts_integer(node: Mapping[str, Any]) -> Accepts:
    least, most = node.get("minimum", -_NO_LIMIT), node.get("maximum", _NO_LIMIT)
    return lambda value: type(value) is int and least <= value <= most


def _accepts_text(node: Mapping[str, Any], formats: TextFormats) -> Accepts:
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


def _accepts_array(node: Mapping[str, Any], accepts_item: Accepts) -> Accepts:
    least, most = node.get("minItems", 0), node.get("maxItems", _NO_LIMIT)

    def accepts(value: Any) -> bool:
        return type(value) is list and least <= len(value) <= most and all(map(accepts_item, value))

    return accepts


def _accepts_object(node: Mapping[str, Any], properties: Mapping[str, Accepts]) -> Accepts:
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
