"""Contract validation errors as messages for users, each with the path of its field."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

FieldPath = tuple[int | str, ...]

_PREFIXED = re.compile(r"(?P<path>[a-z_]\w*(?:\.[^\s:,]+)*): (?P<message>.+)", re.DOTALL)
"""A validator of several fields prefixes its message with the path of one: `columns.date: …`."""


@dataclass(frozen=True)
class Mistake:
    path: FieldPath
    message: str
    at_key: bool = True
    """Whether the field's key is the error, by its name or presence; otherwise the field's value is."""

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.path)) or 'contract'}: {self.message}"


def translate_errors(errors: Iterable[Mapping[str, Any]], fields: Mapping[str, Mapping[str, Any]]) -> Iterator[Mistake]:
    """Translate pydantic's errors. fields: section ("" for the contract's own) → its fields."""
    for error in errors:
        path, message = tuple(error["loc"]), str(error["msg"]).removeprefix("Value error, ")
        match error["type"]:
            case "extra_forbidden":
                yield Mistake(path, _unknown(path, fields))
            case "missing":
                yield Mistake(path, "is required")
            case "value_error":
                yield from (_parse_prefix(path, line) for line in message.split("\n"))
            case "literal_error":
                yield Mistake(path, f"{_must(message)}, not {error['input']!r}.{_suggestion(error)}", at_key=False)
            case _:
                yield Mistake(path, _must(message), at_key=False)


def suggest_nearest(word: str, choices: Iterable[str]) -> str:
    """` Did you mean …?` with the closest of the choices, or an empty string."""
    matches = get_close_matches(word, choices, n=1, cutoff=0.7)
    return f" Did you mean {matches[0]}?" if matches else ""


def _unknown(path: FieldPath, fields: Mapping[str, Mapping[str, Any]]) -> str:
    name = str(path[-1])
    siblings = fields.get(".".join(part for part in path[:-1] if isinstance(part, str)), {})
    hint = suggest_nearest(name, siblings)
    section = next((section for section, names in fields.items() if section and name in names), None)
    if section and not hint:
        hint = f" It belongs in the section {section}: {section}.{name}."
    if siblings and not hint:
        hint = f" Allowed fields: {', '.join(siblings)}."
    return f"unknown field.{hint}"


def _parse_prefix(path: FieldPath, line: str) -> Mistake:
    match = _PREFIXED.fullmatch(line)
    if match is None:
        return Mistake(path, line, at_key=False)
    return Mistake((*path, *match["path"].split(".")), match["message"])


def _must(message: str) -> str:
    text = re.sub(r"^(Input|String|Value|Tuple|Dictionary|Decimal input) should ", "must ", message)
    return text.replace("a valid tuple", "a list").replace("a valid dictionary", "a section: name: value")


def _suggestion(error: Mapping[str, Any]) -> str:
    expected = re.findall(r"'([^']*)'", str(error.get("ctx", {}).get("expected", "")))
    return suggest_nearest(str(error["input"]), expected)
