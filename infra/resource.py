"""A declared resource: the query of its state, its differences, and the commands that resolve them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

NO_FILES: Mapping[str, str] = MappingProxyType({})
NO_LOOKUPS: Mapping[str, tuple[str, ...]] = MappingProxyType({})
FILES = "{files}"
"""Placeholder in a command: the folder of its files."""

RestObject = dict[str, Any]
"""A resource, or a part of one, in the form that an API of Google documents."""
EMPTY = {"", "0", "False", "[]", "{}"}


@dataclass(frozen=True)
class Command:
    """One call of gcloud, or of bq if gcloud lacks it. files: name → text, written before it runs."""

    words: tuple[str, ...]
    files: Mapping[str, str] = field(default_factory=lambda: NO_FILES)
    program: str = "gcloud"
    answers: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: NO_LOOKUPS)
    """Placeholder → the arguments of a call whose output replaces it, for names that only the project contains."""
    random_input: bool = False
    """Whether it reads a new secret from standard input, which is stored nowhere else."""


def gcloud(*words: str, files: Mapping[str, str] = NO_FILES) -> Command:
    return Command(words, files)


@dataclass(frozen=True)
class StateQuery:
    """One query that returns the states of many resources. name_of: the name of each item of the result."""

    words: tuple[str, ...]
    name_of: Callable[[Any], str]
    api: str
    """The service that must be enabled for the query."""
    program: str = "gcloud"

    def states(self, answer: Any) -> RestObject:
        items = answer if isinstance(answer, list) else [answer]
        return {self.name_of(item): item for item in items if item}


def last(field_name: str = "name") -> Callable[[Any], str]:
    """The name of an item: the last part of `projects/…/topics/NAME`."""
    return lambda item: str(item[field_name]).rpartition("/")[2]


def labelled(labels: Mapping[str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in labels.items())


@dataclass(frozen=True)
class Resource:
    """A declared resource. wanted: the part of its state that is declared, in the format of the API."""

    kind: str
    name: str
    ask: StateQuery
    wanted: Mapping[str, Any]
    create: tuple[Command, ...]
    change: tuple[Command, ...] = ()
    """Commands that change any state to the wanted one; empty if nothing of it can be changed."""
    remove: tuple[Command, ...] = ()
    holds_data: bool = False
    fixed: frozenset[str] = frozenset()
    """Fields of `wanted` that no command changes after creation."""
    replaced: bool = False
    """Whether `change` deletes and recreates it, together with everything within it."""
    within: "Resource | None" = None
    """Its parent: while that does not exist, this resource cannot exist and is not queried."""
    follows: "Resource | None" = None
    """A resource whose changes can undo this one, so that each of them is followed by this one's commands."""
    state_key: str = ""
    """Its name in the result of the query, if that differs from `name`."""

    @property
    def title(self) -> str:
        return f"{self.kind} {self.name}"

    def state_in(self, answer: Any) -> Any:
        """Its state in the result of `ask`; None if it is missing."""
        return self.ask.states(answer).get(self.state_key or self.name)

    def differences(self, state: Any) -> list[str]:
        """Descriptions of the differences; empty if there are none."""
        return list(differences(self.wanted, state))

    def commands(self, state: Any) -> tuple[Command, ...]:
        """The commands that bring it to the wanted state; state None: it does not exist."""
        return self.create if state is None else self.change

    def unfixable(self, state: Any) -> list[str]:
        """Descriptions of the differences that no command resolves."""
        if state is None:
            return []
        wanted = {name: self.wanted[name] for name in self.fixed}
        return list(differences(wanted, state))


class Retired(Resource):
    """A resource of an earlier version, which is removed if it exists."""

    def differences(self, state: Any) -> list[str]:
        return [] if state is None else ["is no longer used"]

    def commands(self, state: Any) -> tuple[Command, ...]:
        return () if state is None else self.remove


def differences(wanted: Any, actual: Any, path: str = "") -> Iterator[str]:
    """Describe what `actual` lacks of `wanted`. Lists are compared in any order."""
    if isinstance(wanted, Mapping):
        for name, value in wanted.items():
            entry = actual.get(name) if isinstance(actual, Mapping) else None
            yield from differences(value, entry, f"{path}.{name}" if path else name)
    elif isinstance(wanted, list | tuple) and _is_nested(wanted):
        entries = actual if isinstance(actual, list) else []
        if len(wanted) != len(entries):
            yield f"{path}: {len(entries)} entries instead of {len(wanted)}"
            return
        if len(entries) == 1:
            yield from differences(wanted[0], entries[0], path)
            return
        for value in wanted:
            if all(any(differences(value, entry)) for entry in entries):
                yield f"{path}: {value} is missing"
    elif _normalised(wanted) != _normalised(actual):
        yield f"{path} is {_display(actual)} instead of {_display(wanted)}"


def _is_nested(values: list[Any] | tuple[Any, ...]) -> bool:
    return any(isinstance(value, Mapping | list | tuple) for value in values)


def _normalised(value: Any) -> Any:
    """The value for a comparison: services omit false, zero and empty values, and return large numbers as strings."""
    if isinstance(value, list | tuple | set | frozenset):
        return sorted(map(str, value)) or ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None or str(value) in EMPTY else str(value)


def _display(value: Any) -> str:
    return str(value) if value or value is False else "not set"
