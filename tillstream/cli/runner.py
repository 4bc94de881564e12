"""The terminal where commands are entered: they run here or in the server; progress and output are printed."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

import click

from tillstream.commands.declaration import Show, show_answer
from tillstream.commands.result import KEPT, SENT, KeptFiles, Progress, quiet
from tillstream.model.errors import TillstreamError
from tillstream.model.safe_text import escape_bidi_json, neutralize_bidi, neutralize_bidi_values
from tillstream.server.process import Done, advise_on_interrupt

if TYPE_CHECKING:
    from tillstream.settings import Settings

FAILED, HELD = 1, 4
COMPLETE = "The command was complete; only its output may be missing."

STAGES = {
    "bytes": "storing files",
    "rows": "reading rows",
    "settling": "settling",
    "files": "files done",
    "exported": "rows exported",
    "settlements": "settling again",
    "fits": "fitting models",
}


def as_json(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--json", "json_", is_flag=True, help="Print one JSON value instead of text.")(command)


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
        from tillstream.commands.dispatch import execute
        from tillstream.model.json_text import to_json

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


def print_result(data: Any, show: Show, *, json_: bool) -> None:
    """Print a result without bidirectional control characters, which could change what a terminal shows."""
    if json_:
        click.echo(escape_bidi_json(json.dumps(data, ensure_ascii=False)))
    else:
        show_answer(show, neutralize_bidi_values(data))


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


@contextmanager
def progress_bars(total: int | None, *, hidden: bool) -> Iterator[Progress]:
    """Show one bar per stage; nothing if hidden or not on a terminal. total: bytes of all files, if any."""
    if hidden or not sys.stderr.isatty():
        yield quiet
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[amount]}"), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks = {"bytes": bars.add_task(STAGES["bytes"], total=total, amount="")} if total else {}

        def advance(what: str, count: int = 1, about: str = "") -> None:  # noqa: ARG001 - only the client uses `about`
            if what in (KEPT, SENT):
                return
            if what not in tasks:
                tasks[what] = bars.add_task(STAGES.get(what, what), total=None, amount="")
            done = int(bars.tasks[tasks[what]].completed) + count
            bars.update(tasks[what], completed=done, amount=_amount(what, done, total))

        yield advance


def _amount(what: str, done: int, total: int | None) -> str:
    if what == "bytes":
        from rich.filesize import decimal

        return f"{decimal(done)} of {decimal(total)}" if total else decimal(done)
    return "" if what == "settling" else f"{done:,}"
