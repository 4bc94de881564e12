"""A resource as it should be: how its state is asked for, how a difference is seen, what makes it so."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

NOTHING: Mapping[str, str] = MappingProxyType({})
NOTHING_ASKED: Mapping[str, tuple[str, ...]] = MappingProxyType({})
FILES = "{files}"
"""In the words of a command: the folder where its files are."""


@dataclass(frozen=True)
class Command:
    """One call of gcloud, or of bq where gcloud lacks it. `files`: name → text, written before it runs."""

    words: tuple[str, ...]
    files: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    program: str = "gcloud"
    answers: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: NOTHING_ASKED)
    """Word in braces → the words of the call whose answer stands there: what only the project knows."""
    random_input: bool = False
    """Whether it reads a new secret, which is kept nowhere else."""


def gcloud(*words: str, files: Mapping[str, str] = NOTHING) -> Command:
    return Command(words, files)


@dataclass(frozen=True)
class Ask:
    """One question that answers for many resources. `named` gives each item of the answer its name."""

    words: tuple[str, ...]
    named: Callable[[Any], str]
    api: str
    """The service that must be enabled before it can be asked."""
    program: str = "gcloud"

    def states(self, answer: Any) -> dict[str, Any]:
        items = answer if isinstance(answer, list) else [answer]
        return {self.named(item): item for item in items if item}


def last(field_name: str = "name") -> Callable[[Any], str]:
    """Items go by the last part of `projects/…/topics/NAME`."""
    return lambda item: str(item[field_name]).rpartition("/")[2]


def labelled(labels: Mapping[str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in labels.items())


@dataclass(frozen=True)
class Resource:
    """`wanted` is what must be found in its state, in the words of the service's API; the rest is not ours."""

    kind: str
    name: str
    ask: Ask
    wanted: Mapping[str, Any]
    create: tuple[Command, ...]
    change: tuple[Command, ...] = ()
    """Brings any state to the wanted one; none where nothing of it can be changed."""
    remove: tuple[Command, ...] = ()
    holds_data: bool = False
    fixed: frozenset[str] = frozenset()
    """Fields of `wanted` that no command changes once it exists."""
    replaced: bool = False
    """Whether `change` takes it away and makes it anew, and with it what is within it."""
    within: "Resource | None" = None
    """While that one does not exist, this one cannot either and is not asked for."""
    state_of: str = ""
    """Under which name its state is found in the answer, where that is not its own."""

    @property
    def title(self) -> str:
        return f"{self.kind} {self.name}"

    def named_in(self, answer: Any) -> Any:
        """Its state in the answer to `ask`; None where it is not in it."""
        return self.ask.states(answer).get(self.state_of or self.name)

    def differences(self, state: Any) -> list[str]:
        """In words; none where it is as it should be."""
        return list(differences(self.wanted, state))

    def commands(self, state: Any) -> tuple[Command, ...]:
        """What makes it as it should be; `state` None: it is not there."""
        return self.create if state is None else self.change

    def stuck(self, state: Any) -> list[str]:
        """Differences that no command mends, in words."""
        if state is None:
            return []
        held = {name: self.wanted[name] for name in self.fixed}
        return list(differences(held, state))


def differences(wanted: Any, found: Any, where: str = "") -> Iterator[str]:
    """Where `found` lacks something of `wanted`. Lists are equal in any order."""
    if isinstance(wanted, Mapping):
        for name, value in wanted.items():
            inner = found.get(name) if isinstance(found, Mapping) else None
            yield from differences(value, inner, f"{where}.{name}" if where else name)
    elif isinstance(wanted, list | tuple) and _nested(wanted):
        rest = found if isinstance(found, list) else []
        if len(wanted) != len(rest):
            yield f"{where}: {len(rest)} entries instead of {len(wanted)}"
            return
        if len(rest) == 1:
            yield from differences(wanted[0], rest[0], where)
            return
        for value in wanted:
            if all(any(differences(value, inner)) for inner in rest):
                yield f"{where}: {value} is missing"
    elif _plain(wanted) != _plain(found):
        yield f"{where} is {_told(found)} instead of {_told(wanted)}"


EMPTY = {"", "0", "False", "[]", "{}"}


def _nested(values: list[Any] | tuple[Any, ...]) -> bool:
    return any(isinstance(value, Mapping | list | tuple) for value in values)


def _plain(value: Any) -> Any:
    """Services leave out what is false, zero or empty, and write large numbers as text."""
    if isinstance(value, list | tuple | set | frozenset):
        return sorted(map(str, value)) or ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None or str(value) in EMPTY else str(value)


def _told(value: Any) -> str:
    return str(value) if value or value is False else "not set"
