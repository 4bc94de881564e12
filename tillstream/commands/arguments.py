"""Typed arguments of commands, checked as they come from the command API, and the files that they name."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from tillstream.model.errors import Rejected

A = TypeVar("A")
_PLAIN: Mapping[Any, tuple[type, ...]] = {str: (str,), bool: (bool,), int: (int,), float: (int, float)}
_NAMES = {str: "text", bool: "true or false", int: "a whole number", float: "a number", NoneType: "null"}


@dataclass(frozen=True, kw_only=True)
class NoArguments:
    """The command takes no arguments."""


@dataclass(frozen=True, kw_only=True)
class OfBatch:
    """A batch by its id."""

    batch: str


@dataclass(frozen=True, kw_only=True)
class OfUser:
    """An account by its sign-in name."""

    login: str


def parse(kind: type[A], values: Mapping[str, object]) -> A:
    """Build the arguments of a command. Raises `Rejected` for unknown, missing and wrongly typed ones."""
    hints = get_type_hints(kind)
    if unknown := sorted(set(values) - set(hints)):
        takes = f"it takes {', '.join(hints)}" if hints else "it takes none"
        raise Rejected(f"The command has no argument {', '.join(unknown)}; {takes}.")
    required = {field.name for field in fields(kind) if field.default is field.default_factory is MISSING}  # type: ignore[arg-type]
    if missing := sorted(required - set(values)):
        raise Rejected(f"The command needs the argument {', '.join(missing)}.")
    for name, value in values.items():
        if not _matches(value, hints[name]):
            raise Rejected(f"The argument {name} must be {_name(hints[name])}.")
    return kind(**values)


def check_arguments(declared: Mapping[str, inspect.Parameter], values: Mapping[str, object]) -> None:
    """Compare arguments with the parameters of a function. Raises `Rejected` as `parse`."""
    if unknown := sorted(set(values) - set(declared)):
        takes = f"it takes {', '.join(declared)}" if declared else "it takes none"
        raise Rejected(f"The command has no argument {', '.join(unknown)}; {takes}.")
    required = {name for name, one in declared.items() if one.default is one.empty}
    if missing := sorted(required - set(values)):
        raise Rejected(f"The command needs the argument {', '.join(missing)}.")
    for name, value in values.items():
        if not _matches(value, declared[name].annotation):
            raise Rejected(f"The argument {name} must be {_name(declared[name].annotation)}.")


def _matches(value: object, hint: Any) -> bool:
    hint = _without_details(hint)
    parts = get_args(hint)
    if hint is object:
        return True
    if isinstance(hint, UnionType):
        return any(_matches(value, part) for part in parts)
    if hint is NoneType:
        return value is None
    if get_origin(hint) is Sequence:
        return isinstance(value, list | tuple) and all(_matches(each, parts[0]) for each in value)
    if get_origin(hint) is Mapping:
        return isinstance(value, Mapping) and all(_matches(each, parts[1]) for each in value.values())
    return isinstance(value, _PLAIN[hint]) and (hint is bool or not isinstance(value, bool))


def _name(hint: Any) -> str:
    hint = _without_details(hint)
    parts = get_args(hint)
    if isinstance(hint, UnionType):
        return " or ".join(map(_name, parts))
    if get_origin(hint) is Sequence:
        return f"a list of {_name(parts[0])}"
    if get_origin(hint) is Mapping:
        return "an object" if parts[1] is object else f"an object whose values are {_name(parts[1])}"
    return _NAMES[hint]


def _without_details(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def read_file(path: str) -> bytes:
    """Raises `Rejected` for a file that cannot be read."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise Rejected(f"{path} cannot be read: {error.strerror}.") from error


def write_file(path: str, content: bytes) -> None:
    """Raises `Rejected` for a file that cannot be written."""
    try:
        Path(path).write_bytes(content)
    except OSError as error:
        raise Rejected(f"{path} cannot be written: {error.strerror}.") from error
