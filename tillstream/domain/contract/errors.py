"""What is wrong in a contract, in words: each mistake with the path of the field that it is about."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

Path = tuple[int | str, ...]

_ABOUT = re.compile(r"(?P<path>[a-z_]\w*(?:\.[^\s:,]+)*): (?P<words>.+)", re.DOTALL)
"""A message of a rule over several fields begins with the field it speaks of: `columns.date: …`."""


@dataclass(frozen=True)
class Mistake:
    path: Path
    words: str
    at_key: bool = True
    """Whether the name of the field is wrong, or that it stands there; else its value is."""

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.path)) or 'contract'}: {self.words}"


def mistakes(errors: Iterable[Mapping[str, Any]], fields: Mapping[str, Mapping[str, Any]]) -> Iterator[Mistake]:
    """errors: as pydantic lists them; fields: section ("" for the contract's own) → its fields."""
    for error in errors:
        path, words = tuple(error["loc"]), str(error["msg"]).removeprefix("Value error, ")
        match error["type"]:
            case "extra_forbidden":
                yield Mistake(path, _unknown(path, fields))
            case "missing":
                yield Mistake(path, "is needed, and is not there")
            case "value_error":
                yield from (_told(path, line) for line in words.split("\n"))
            case "literal_error":
                yield Mistake(path, f"{_must(words)}, not {error['input']!r}.{_like(error)}", at_key=False)
            case _:
                yield Mistake(path, _must(words), at_key=False)


def nearest(word: str, known: Iterable[str]) -> str:
    """` Did you mean …?` where something known is spelled nearly so, else nothing."""
    near = get_close_matches(word, known, n=1, cutoff=0.7)
    return f" Did you mean {near[0]}?" if near else ""


def _unknown(path: Path, fields: Mapping[str, Mapping[str, Any]]) -> str:
    name = str(path[-1])
    here = fields.get(".".join(part for part in path[:-1] if isinstance(part, str)), {})
    hint = nearest(name, here)
    section = next((section for section, names in fields.items() if section and name in names), None)
    if section and not hint:
        hint = f" Write it inside {section}: {section}.{name}."
    if here and not hint:
        hint = f" Known are {', '.join(here)}."
    return f"there is no such field.{hint}"


def _told(path: Path, line: str) -> Mistake:
    found = _ABOUT.fullmatch(line)
    if found is None:
        return Mistake(path, line, at_key=False)
    return Mistake((*path, *found["path"].split(".")), found["words"])


def _must(words: str) -> str:
    said = re.sub(r"^(Input|String|Value|Tuple|Dictionary|Decimal input) should ", "must ", words)
    return said.replace("a valid tuple", "a list").replace("a valid dictionary", "a section: name: value")


def _like(error: Mapping[str, Any]) -> str:
    expected = re.findall(r"'([^']*)'", str(error.get("ctx", {}).get("expected", "")))
    return nearest(str(error["input"]), expected)
