"""A command is declared once: a typed function with its options, help and output.

The command of the terminal (`tillstream.cli.declared`) and the one of the command API are created from it. Positional
parameters are arguments of the terminal, keyword-only ones its options, the docstring is the help. Modules of commands
are imported to show help and to complete words, so they import what does the work in their functions.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, Protocol, TypeVar, get_args, get_origin

from tillstream.commands.result import Progress, Result
from tillstream.model.errors import Rejected

if TYPE_CHECKING:
    from tillstream.settings import Settings

_PLAIN_TYPES: Mapping[Any, tuple[type, ...]] = {str: (str,), bool: (bool,), int: (int,), float: (int, float)}
_TYPE_NAMES = {str: "text", bool: "true or false", int: "a whole number", float: "a number", NoneType: "null"}
ANY_SCHEME = "://"
PROGRESS = "progress"
"""The parameter of functions that report their progress."""
F = TypeVar("F", bound=Callable[..., Any])
Show = Callable[..., None]
"""Prints the data of a result; if it has only keyword parameters, they are the fields that it prints."""
Check = Callable[[Mapping[str, Any]], str]
"""Why values cannot be combined; empty if they can."""


@dataclass(frozen=True)
class Option:
    """What a parameter is on the terminal, beside its type and default, as part of `Annotated`.

    names: of an option with their hyphens, or of an argument; none: that of the parameter. least, most: limits;
    is_open: they are excluded. api_requires: whether calls of the API pass it although it has a default.
    """

    help: str = ""
    names: tuple[str, ...] = ()
    metavar: str | None = None
    choices: Sequence[str] = ()
    least: float | None = None
    most: float | None = None
    is_open: bool = False
    hides_default: bool = False
    api_requires: bool = False


@dataclass(frozen=True)
class PathKind:
    """A text that is a path; the command gets it absolute, and an address with :// as it is, where one is allowed.

    address: how an address begins; ANY_SCHEME: also after its scheme. is_output: whether the command writes there.
    """

    exists: bool = False
    is_folder: bool = False
    is_checked: bool = True
    is_resolved: bool = True
    is_output: bool = False
    address: str = ""


InputFile = Annotated[str, PathKind(exists=True)]
OutputFile = Annotated[str, PathKind(is_output=True)]
FileAsEntered = Annotated[str, PathKind(is_resolved=False)]
Folder = Annotated[str, PathKind(is_folder=True, address=ANY_SCHEME)]
AnyPath = Annotated[str, PathKind(is_checked=False, address=ANY_SCHEME)]


@dataclass(frozen=True)
class Parameter:
    """A parameter of a declared function.

    name: in the API; python_name can have a _ more. hint: its type. kind: that type, or that of one of several values.
    """

    name: str
    python_name: str
    hint: Any
    kind: Any
    option: Option
    path: PathKind | None
    default: Any
    is_required: bool
    is_argument: bool
    is_multiple: bool
    is_optional: bool

    @classmethod
    def of_signature(cls, one: inspect.Parameter) -> "Parameter":
        kind, details = _without_details(one.annotation)
        if is_optional := isinstance(kind, UnionType):
            kind = next(part for part in get_args(kind) if part is not NoneType)
        if is_multiple := get_origin(kind) is Sequence:
            kind, more = _without_details(get_args(kind)[0])
            details += more
        return cls(
            name=one.name.rstrip("_"),
            python_name=one.name,
            hint=one.annotation,
            kind=kind,
            option=next((detail for detail in details if isinstance(detail, Option)), Option()),
            path=next((detail for detail in details if isinstance(detail, PathKind)), None),
            default=None if one.default is one.empty else one.default,
            is_required=one.default is one.empty,
            is_argument=one.kind is not one.KEYWORD_ONLY,
            is_multiple=is_multiple,
            is_optional=is_optional,
        )

    @property
    def entered_as(self) -> str:
        """The name of an argument on the terminal; that of an option is its own."""
        return self.option.names[0] if self.is_argument and self.option.names else self.name

    @property
    def is_mapping(self) -> bool:
        """Whether its values are entered as KEY=VALUE."""
        return get_origin(self.kind) is Mapping


def _without_details(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    if get_origin(hint) is not Annotated:
        return hint, ()
    plain, *details = get_args(hint)
    return plain, tuple(details)


class Terminal(Protocol):
    """The terminal where a command was entered, for commands that do something there."""

    is_json: bool

    @property
    def settings(self) -> "Settings": ...

    @property
    def is_interactive(self) -> bool:
        """Whether a person can answer."""

    def run(self, command: str, show: Show, **arguments: Any) -> NoReturn:
        """Run a command, print its result, and exit with its code."""

    def read(self, command: str, /, **arguments: Any) -> Any:
        """Run a command without progress, and return its data. Prints an error and exits with 1 if it fails."""

    def print(self, data: Any, show: Show) -> None: ...

    def confirm(self, question: str) -> None:
        """Ask a person, and exit with 4 unless the answer is yes."""

    def end(self, code: int = 0) -> NoReturn: ...

    def fail(self, message: str) -> NoReturn:
        """Print an error and exit with 1."""

    def misuse(self, message: str) -> NoReturn:
        """Print how the command is used and exit with 2."""


@dataclass(frozen=True)
class Command:
    """A declared command. function: takes the app, or the terminal if `is_local`, then its arguments.

    show: its output, or one for each form of the output. reads: whether it also works on a home that cannot be written.
    never_writes: whether it opens every home for reading only. ends_with_client: whether it ends in the server when its
    client has ended. check: of its values, before it runs. sized: a parameter with files, whose bytes are progress.
    """

    name: str
    api_name: str
    function: Callable[..., Any]
    show: Show | Mapping[str, Show]
    is_local: bool = False
    reads: bool = False
    never_writes: bool = False
    ends_with_client: bool = False
    check: Check | None = None
    sized: str = ""

    @cached_property
    def help(self) -> str:
        return inspect.getdoc(self.function) or ""

    @cached_property
    def parameters(self) -> list[Parameter]:
        declared = list(inspect.signature(self.function).parameters.values())[1:]
        return [Parameter.of_signature(one) for one in declared if one.name != PROGRESS]

    def __call__(self, app: Any, progress: Progress, /, **values: object) -> Result:
        """Run it, as the command API does.

        Raises `Rejected` for unknown, missing and wrongly typed arguments, and for an output where nothing is written.
        """
        _check_arguments(self.parameters, values)
        outputs = [one.name for one in self.parameters if one.name == "out" or (one.path and one.path.is_output)]
        places = [place for place in map(values.get, outputs) if isinstance(place, str) and place]
        if files := [place for place in places if ANY_SCHEME not in place]:
            from tillstream.app.output_places import check_output  # lazy: help needs none of it

            for file in files:
                check_output(app.settings, file)
        arguments = {one.python_name: values[one.name] for one in self.parameters if one.name in values}
        if PROGRESS in inspect.signature(self.function).parameters:
            arguments[PROGRESS] = progress
        result: Result = self.function(app, **arguments)
        return result


@dataclass
class Group:
    """Commands with a first word in common; without a name, they are commands of `tillstream` itself.

    Its own command has the name "" and runs without a further word. refuses_options: before a further word.
    default: the command whose arguments follow the name of the group; other words are looked up first.
    """

    name: str = ""
    help: str = ""
    parent: "Group | None" = None
    refuses_options: bool = False
    default: str = ""
    commands: dict[str, Command] = field(default_factory=dict)
    internal_commands: list[Command] = field(default_factory=list)
    groups: dict[str, "Group"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.parent:
            self.parent.groups[self.name] = self

    @property
    def path(self) -> tuple[str, ...]:
        return (*(self.parent.path if self.parent else ()), *filter(None, [self.name]))

    def command(
        self, name: str, show: Show | Mapping[str, Show], *, api: str = "", **properties: Any
    ) -> Callable[[F], F]:
        """Declare a command of the API, which the terminal runs. api: its name there; default: by its words."""
        words = "-".join((*self.path, *(() if name in ("", "list") else (name,))))
        return self._declared(Command(name, api or words, do_nothing, show, **properties))

    def local(self, name: str, **properties: Any) -> Callable[[F], F]:
        """Declare a command that runs on the terminal only, and may run others."""
        return self._declared(Command(name, "", do_nothing, do_nothing, is_local=True, **properties))

    def internal(self, api: str, **properties: Any) -> Callable[[F], F]:
        """Declare a command of the API that another command runs."""

        def declare(function: F) -> F:
            self.internal_commands.append(Command(api, api, function, do_nothing, **properties))
            return function

        return declare

    def _declared(self, command: Command) -> Callable[[F], F]:
        def declare(function: F) -> F:
            self.commands[command.name] = replace(command, function=function)
            return function

        return declare

    def of_api(self) -> dict[str, Command]:
        """Its commands and those of its groups by their names in the API."""
        declared = (*self.commands.values(), *self.internal_commands)
        commands = {one.api_name: one for one in declared if one.api_name}
        for group in self.groups.values():
            commands |= group.of_api()
        return commands


def show_answer(show: Show, data: Any) -> None:
    names = list(inspect.signature(show).parameters.values())
    if any(one.kind is not one.KEYWORD_ONLY for one in names):
        show(data)
    else:
        show(**{one.name: data[one.name] for one in names if one.name in data})


def do_nothing(_: Any) -> None:
    """The function of a command until it is declared, and the output of one that prints nothing."""


def _check_arguments(parameters: Sequence[Parameter], values: Mapping[str, object]) -> None:
    """Raise `Rejected` for unknown, missing and wrongly typed arguments."""
    declared = {one.name: one for one in parameters}
    if unknown := sorted(set(values) - set(declared)):
        takes = f"it takes {', '.join(declared)}" if declared else "it takes none"
        raise Rejected(f"The command has no argument {', '.join(unknown)}; {takes}.")
    required = {one.name for one in parameters if one.is_required or one.option.api_requires}
    if missing := sorted(required - set(values)):
        raise Rejected(f"The command needs the argument {', '.join(missing)}.")
    for name, value in values.items():
        if not _is_of_type(value, declared[name].hint):
            raise Rejected(f"The argument {name} must be {_type_name(declared[name].hint)}.")


def _is_of_type(value: object, hint: Any) -> bool:
    hint, _ = _without_details(hint)
    parts = get_args(hint)
    if hint is object:
        return True
    if isinstance(hint, UnionType):
        return any(_is_of_type(value, part) for part in parts)
    if hint is NoneType:
        return value is None
    if get_origin(hint) is Sequence:
        return isinstance(value, list | tuple) and all(_is_of_type(each, parts[0]) for each in value)
    if get_origin(hint) is Mapping:
        return isinstance(value, Mapping) and all(_is_of_type(each, parts[1]) for each in value.values())
    return isinstance(value, _PLAIN_TYPES[hint]) and (hint is bool or not isinstance(value, bool))


def _type_name(hint: Any) -> str:
    hint, _ = _without_details(hint)
    parts = get_args(hint)
    if isinstance(hint, UnionType):
        return " or ".join(map(_type_name, parts))
    if get_origin(hint) is Sequence:
        return f"a list of {_type_name(parts[0])}"
    if get_origin(hint) is Mapping:
        return "an object" if parts[1] is object else f"an object whose values are {_type_name(parts[1])}"
    return _TYPE_NAMES[hint]


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
