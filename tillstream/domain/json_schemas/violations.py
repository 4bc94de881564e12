"""Checks compiled from a JSON schema, for the keywords that the schema of a store sale uses."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_ANNOTATIONS = frozenset({"$schema", "$id", "$defs", "title", "description", "default", "examples"})
_TYPES: dict[str, type] = {"object": dict, "array": list, "string": str}


@dataclass(frozen=True)
class Violation:
    """One keyword of the schema that a value violates. limit: the keyword's value in the schema."""

    path: tuple[str, ...]
    message: str
    keyword: str
    limit: Any


Path = tuple[str, ...]
Check = Callable[[Any, Path, list[Violation]], None]
Rule = Callable[[Any], Iterable[str]]
"""Takes a value and returns a message for each violation; a value of another type than the keyword's has none."""
Formats = Mapping[str, Callable[[str], bool]]
"""Format → whether a text has it; a `ValueError` means that it does not."""


def compile_schema(schema: Mapping[str, Any], formats: Formats) -> Callable[[Any], list[Violation]]:
    """Return the check of a schema, which lists the violations in the schema's order of keywords.

    Raises `KeyError` for a keyword or a format that is not supported.
    """
    check = _compile(schema, schema, formats)

    def check_all(value: Any) -> list[Violation]:
        violations: list[Violation] = []
        check(value, (), violations)
        return violations

    return check_all


def _compile(node: Mapping[str, Any], root: Mapping[str, Any], formats: Formats) -> Check:
    checks = [_keyword(name, limit, node, root, formats) for name, limit in node.items() if name not in _ANNOTATIONS]
    if len(checks) == 1:
        return checks[0]

    def check(value: Any, path: Path, violations: list[Violation]) -> None:
        for each in checks:
            each(value, path, violations)

    return check


def _keyword(name: str, limit: Any, node: Mapping[str, Any], root: Mapping[str, Any], formats: Formats) -> Check:
    def compiled(part: Mapping[str, Any]) -> Check:
        return _compile(part, root, formats)

    if name == "$ref":
        return compiled(root["$defs"][limit.removeprefix("#/$defs/")])
    if name == "properties":
        return _properties({key: compiled(part) for key, part in limit.items()})
    if name == "additionalProperties" and limit:
        return _other_properties(frozenset(node.get("properties", ())), compiled(limit))
    if name == "items":
        return _items(compiled(limit))
    rule = _any_of([compiled(part) for part in limit]) if name == "anyOf" else _rule(name, limit, node, formats)

    def check(value: Any, path: Path, violations: list[Violation]) -> None:
        violations.extend(Violation(path, message, name, limit) for message in rule(value))

    return check


def _properties(checks: Mapping[str, Check]) -> Check:
    def check(value: Any, path: Path, violations: list[Violation]) -> None:
        if isinstance(value, dict):
            for name, each in checks.items():
                if name in value:
                    each(value[name], (*path, name), violations)

    return check


def _other_properties(declared: frozenset[str], each: Check) -> Check:
    def check(value: Any, path: Path, violations: list[Violation]) -> None:
        if isinstance(value, dict):
            for name in value.keys() - declared:
                each(value[name], (*path, name), violations)

    return check


def _items(each: Check) -> Check:
    def check(value: Any, path: Path, violations: list[Violation]) -> None:
        if isinstance(value, list):
            for index, item in enumerate(value):
                each(item, (*path, str(index)), violations)

    return check


def _any_of(checks: list[Check]) -> Rule:
    def holds(check: Check, value: Any) -> bool:
        violations: list[Violation] = []
        check(value, (), violations)
        return not violations

    def rule(value: Any) -> Iterable[str]:
        if any(holds(check, value) for check in checks):
            return ()
        return (f"{value!r} is not valid under any of the given schemas",)

    return rule


def _rule(name: str, limit: Any, node: Mapping[str, Any], formats: Formats) -> Rule:
    if name == "format":
        return _format(limit, formats[limit])
    if name == "additionalProperties":
        return _only(frozenset(node["properties"]))
    return _RULES[name](limit)


def _only(declared: frozenset[str]) -> Rule:
    def rule(value: Any) -> Iterable[str]:
        if not isinstance(value, dict) or value.keys() <= declared:
            return ()
        extras = sorted(value.keys() - declared)
        verb = "was" if len(extras) == 1 else "were"
        return (f"Additional properties are not allowed ({', '.join(map(repr, extras))} {verb} unexpected)",)

    return rule


def _format(name: str, holds: Callable[[str], bool]) -> Rule:
    def rule(value: Any) -> Iterable[str]:
        try:
            fits = not isinstance(value, str) or holds(value)
        except ValueError:
            fits = False
        return () if fits else (f"{value!r} is not a {name!r}",)

    return rule


def _type(name: str) -> Rule:
    def is_type(value: Any) -> bool:
        if name in _TYPES:
            return isinstance(value, _TYPES[name])
        # the only other type: a whole number, also one written as 2.0
        return value.is_integer() if isinstance(value, float) else type(value) is int

    return lambda value: () if is_type(value) else (f"{value!r} is not of type {name!r}",)


def _required(names: list[str]) -> Rule:
    def rule(value: Any) -> Iterable[str]:
        if not isinstance(value, dict) or value.keys() >= present:
            return ()
        return [f"{name!r} is a required property" for name in names if name not in value]

    present = frozenset(names)
    return rule


def _const(expected: str) -> Rule:
    return lambda value: () if value == expected else (f"{expected!r} was expected",)


def _enum(words: list[str]) -> Rule:
    return lambda value: () if value in words else (f"{value!r} is not one of {words!r}",)


def _pattern(pattern: str) -> Rule:
    search = re.compile(pattern).search
    return lambda value: (
        (f"{value!r} does not match {pattern!r}",) if isinstance(value, str) and not search(value) else ()
    )


def _min_length(limit: int) -> Rule:
    return lambda value: (_too_short(value, limit),) if isinstance(value, str) and len(value) < limit else ()


def _max_length(limit: int) -> Rule:
    return lambda value: (f"{value!r} is too long",) if isinstance(value, str) and len(value) > limit else ()


def _min_items(limit: int) -> Rule:
    return lambda value: (_too_short(value, limit),) if isinstance(value, list) and len(value) < limit else ()


def _max_items(limit: int) -> Rule:
    return lambda value: (f"{value!r} is too long",) if isinstance(value, list) and len(value) > limit else ()


def _too_short(value: Any, limit: int) -> str:
    return f"{value!r} should be non-empty" if limit == 1 else f"{value!r} is too short"


def _minimum(limit: int) -> Rule:
    return lambda value: (
        (f"{value!r} is less than the minimum of {limit!r}",) if _is_number(value) and value < limit else ()
    )


def _maximum(limit: int) -> Rule:
    return lambda value: (
        (f"{value!r} is greater than the maximum of {limit!r}",) if _is_number(value) and value > limit else ()
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_RULES: dict[str, Callable[[Any], Rule]] = {
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
