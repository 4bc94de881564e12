"""A command is declared once: a typed function with its options, help and output.

The command of the terminal (`tillstream.cli.declared`) and the one of the command API are created from it. Positional
parameters are arguments of the terminal, keyword-only ones its options, the docstring is the help. Modules of commands
are imported to show help and to complete words, so they import what does the work in their functions.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, Protocol, TypeVar, get_args, get_origin

from tillstream.commands.arguments import check_arguments
from tillstream.commands.result import Progress, Result

if TYPE_CHECKING:
    from tillstream.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])
Show = Callable[[Any], None]
"""Prints the data of a result."""
Check = Callable[[Mapping[str, Any]], str]
"""Why values cannot be combined; empty if they can."""


@dataclass(frozen=True)
class Option:
    """What a parameter is on the terminal, beside its type and default, as part of `Annotated`.

    names: with their hyphens; none: that of the parameter. least, most: limits; is_open: they are excluded.
    """

    help: str = ""
    names: tuple[str, ...] = ()
    metavar: str | None = None
    choices: Sequence[str] = ()
    least: float | None = None
    most: float | None = None
    is_open: bool = False
    hides_default: bool = False


@dataclass(frozen=True)
class PathKind:
    """A text that is a path; the command gets it absolute, and an address with :// as it is, where one is allowed."""

    exists: bool = False
    is_folder: bool = False
    is_checked: bool = True
    address: str = ""


InputFile = Annotated[str, PathKind(exists=True)]
OutputFile = Annotated[str, PathKind()]
Folder = Annotated[str, PathKind(is_folder=True, address="://")]
AnyPath = Annotated[str, PathKind(is_checked=False, address="://")]


@dataclass(frozen=True)
class Parameter:
    """A parameter of a declared function.

    name: in the API; python_name can have a _ more. kind: its type, or that of one of several values.
    """

    name: str
    python_name: str
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
        hint, details = _without_details(one.annotation)
        is_optional = isinstance(hint, UnionType)
        if is_optional:
            hint = next(part for part in get_args(hint) if part is not type(None))
        if is_multiple := get_origin(hint) is Sequence:
            hint, more = _without_details(get_args(hint)[0])
            details += more
        return cls(
            name=one.name.rstrip("_"),
            python_name=one.name,
            kind=hint,
            option=next((detail for detail in details if isinstance(detail, Option)), Option()),
            path=next((detail for detail in details if isinstance(detail, PathKind)), None),
            default=None if one.default is one.empty else one.default,
            is_required=one.default is one.empty,
            is_argument=one.kind is not one.KEYWORD_ONLY,
            is_multiple=is_multiple,
            is_optional=is_optional,
        )

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
        """Run a command without progress, and return its data. Raises as the command."""

    def print(self, data: Any, show: Show) -> None: ...

    def end(self, code: int = 0) -> NoReturn: ...

    def fail(self, message: str) -> NoReturn:
        """Print an error and exit with 1."""

    def misuse(self, message: str) -> NoReturn:
        """Print how the command is used and exit with 2."""


@dataclass(frozen=True)
class Command:
    """A declared command. function: takes the app, or the terminal if `is_local`, then its arguments.

    show: one, or one for each form of the output. reads: whether it also works on a home that cannot be written.
    check: of its values, before it runs. sized: a parameter with files, whose bytes are progress.
    """

    name: str
    api_name: str
    function: Callable[..., Any]
    show: Show | Mapping[str, Show]
    is_local: bool = False
    is_internal: bool = False
    reads: bool = False
    ends_with_client: bool = False
    check: Check | None = None
    sized: str = ""

    @cached_property
    def help(self) -> str:
        return inspect.getdoc(self.function) or ""

    @cached_property
    def parameters(self) -> list[Parameter]:
        declared = list(inspect.signature(self.function).parameters.values())[1:]
        return [Parameter.of_signature(one) for one in declared if one.name != "progress"]

    def __call__(self, app: Any, progress: Progress, /, **values: object) -> Result:
        """Run it, as the command API does.

        Raises `Rejected` for unknown, missing and wrongly typed arguments, and for an `out` where nothing is written.
        """
        signature = inspect.signature(self.function)
        declared = {one.name.rstrip("_"): one for one in list(signature.parameters.values())[1:]}
        more: dict[str, Any] = {"progress": progress} if declared.pop("progress", None) else {}
        check_arguments(declared, values)
        if (out := values.get("out")) and isinstance(out, str) and "://" not in out:
            from tillstream.app.output_places import check_output  # lazy: help needs none of it

            check_output(app.settings, out)
        result: Result = self.function(app, **more, **{declared[name].name: value for name, value in values.items()})
        return result


@dataclass
class Group:
    """Commands with a first word in common; without a name, they are commands of `tillstream` itself.

    Its own command has the name "" and runs without a further word. refuses_options: before a further word.
    """

    name: str = ""
    help: str = ""
    parent: "Group | None" = None
    refuses_options: bool = False
    commands: dict[str, Command] = field(default_factory=dict)
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
        return self._declared(Command(name, api or words, _undeclared, show, **properties))

    def local(self, name: str, **properties: Any) -> Callable[[F], F]:
        """Declare a command that runs on the terminal only, and may run others."""
        return self._declared(Command(name, "", _undeclared, _undeclared, is_local=True, **properties))

    def internal(self, api: str, **properties: Any) -> Callable[[F], F]:
        """Declare a command of the API that another command runs."""
        return self._declared(Command(api, api, _undeclared, _undeclared, is_internal=True, **properties))

    def _declared(self, command: Command) -> Callable[[F], F]:
        def declare(function: F) -> F:
            self.commands[command.name] = replace(command, function=function)
            return function

        return declare

    def of_terminal(self) -> dict[str, Command]:
        """Its commands by their words on the terminal."""
        return {name: one for name, one in self.commands.items() if not one.is_internal}

    def of_api(self) -> dict[str, Command]:
        """Its commands and those of its groups by their names in the API."""
        commands = {one.api_name: one for one in self.commands.values() if one.api_name}
        for group in self.groups.values():
            commands |= group.of_api()
        return commands


def _undeclared(_: Any) -> None:
    """The function of a command until it is declared, and the output of one that prints nothing."""
