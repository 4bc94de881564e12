"""Run a command here or in the running server, and exit with its code."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

import click

from tillstream.commands.declaration import Show
from tillstream.model.errors import TillstreamError
from tillstream.model.text import escape_bidi_json, neutralize_bidi, neutralize_bidi_values
from tillstream.server.process import Done, advise_on_interrupt

if TYPE_CHECKING:
    from tillstream.settings import Settings

FAILED, WRONG, HELD = 1, 2, 4
COMPLETE = "The command was complete; only its output may be missing."
FILE = click.Path(exists=True, dir_okay=False, resolve_path=True, path_type=str)


def as_json(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--json", "json_", is_flag=True, help="Print one JSON value instead of text.")(command)


def run(
    command: str,
    /,
    *,
    json_: bool,
    show: Callable[[Any], None],
    total: int | None = None,
    **arguments: Any,
) -> NoReturn:
    """Run a command here or in the running server, print its result, and exit with its code."""
    CommandTerminal(is_json=json_).run_with_progress(command, show, total, arguments)


@dataclass(frozen=True)
class CommandTerminal:
    """The terminal where a command was entered."""

    is_json: bool

    @cached_property
    def settings(self) -> "Settings":
        return read_settings()

    @property
    def is_interactive(self) -> bool:
        return not self.is_json and sys.stdin.isatty()

    def run(self, command: str, show: Show, **arguments: Any) -> NoReturn:
        self.run_with_progress(command, show, None, arguments)

    def run_with_progress(self, command: str, show: Show, total: int | None, arguments: Mapping[str, Any]) -> NoReturn:
        """Run a command here or in the running server, print its result, and exit with its code.

        total: bytes of its files, if it has some.
        """
        from tillstream.analytics.json_values import to_json
        from tillstream.cli.progress import progress_bars
        from tillstream.commands.dispatch import execute
        from tillstream.commands.result import KeptFiles

        try:
            with progress_bars(total, hidden=self.is_json) as progress:
                kept = KeptFiles(progress)
                advise_on_interrupt(lambda: neutralize_bidi(kept.advice_if_interrupted(arguments)))
                result = execute(self.settings, command, arguments, kept)
                advise_on_interrupt(lambda: COMPLETE)
        except TillstreamError as error:
            self.fail(str(error))
        self.print(to_json(result.data), show)
        self.end(result.code)

    def read(self, command: str, /, **arguments: Any) -> Any:
        from tillstream.commands.dispatch import execute
        from tillstream.commands.result import quiet

        try:
            return execute(self.settings, command, arguments, quiet).data
        except TillstreamError as error:
            self.fail(str(error))

    def print(self, data: Any, show: Show) -> None:
        print_result(data, show, json_=self.is_json)

    def confirm(self, question: str) -> None:
        if not click.confirm(question):
            raise Done(HELD)

    def end(self, code: int = 0) -> NoReturn:
        raise Done(code)

    def fail(self, message: str) -> NoReturn:
        fail(message, json_=self.is_json)

    def misuse(self, message: str) -> NoReturn:
        raise click.UsageError(message)


def print_result(data: Any, show: Callable[[Any], None], *, json_: bool) -> None:
    """Print a result without bidirectional control characters, which could change what a terminal shows."""
    if json_:
        click.echo(escape_bidi_json(json.dumps(data, ensure_ascii=False)))
    else:
        show(neutralize_bidi_values(data))


def read_settings() -> "Settings":
    """Read the settings. A value of the wrong type is a usage error."""
    from tillstream.settings import InvalidSettings, Settings  # lazy: help needs none of it

    try:
        return Settings.read()
    except InvalidSettings as error:
        raise click.UsageError(str(error)) from error


def fail(message: str, *, json_: bool) -> NoReturn:
    if json_:
        click.echo(escape_bidi_json(json.dumps({"error": message}, ensure_ascii=False)))
    click.echo(neutralize_bidi(message), err=True)
    sys.exit(FAILED)
