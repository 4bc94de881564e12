"""Run a command here or in the running server, and exit with its code."""

import json
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import click

from tillstream.model.errors import TillstreamError
from tillstream.model.text import escape_bidi_json, neutralize_bidi, neutralize_bidi_values
from tillstream.server.process import Done, advise_on_interrupt
from tillstream.settings import InvalidSettings, Settings

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
) -> None:
    """Run a command here or in the running server, print its result, and exit with its code."""
    from tillstream.analytics.json_values import to_json
    from tillstream.cli.progress import progress_bars
    from tillstream.commands.dispatch import execute
    from tillstream.commands.result import KeptFiles

    settings = read_settings()
    try:
        with progress_bars(total, hidden=json_) as progress:
            kept = KeptFiles(progress)
            advise_on_interrupt(lambda: neutralize_bidi(kept.advice_if_interrupted(arguments)))
            result = execute(settings, command, arguments, kept)
            advise_on_interrupt(lambda: COMPLETE)
    except TillstreamError as error:
        fail(str(error), json_=json_)
    data = to_json(result.data)
    print_result(data, show, json_=json_)
    raise Done(result.code)


def print_result(data: Any, show: Callable[[Any], None], *, json_: bool) -> None:
    """Print a result without bidirectional control characters, which could change what a terminal shows."""
    if json_:
        click.echo(escape_bidi_json(json.dumps(data, ensure_ascii=False)))
    else:
        show(neutralize_bidi_values(data))


def read_settings() -> Settings:
    """Read the settings. A value of the wrong type is a usage error."""
    try:
        return Settings.read()
    except InvalidSettings as error:
        raise click.UsageError(str(error)) from error


def fail(message: str, *, json_: bool) -> NoReturn:
    if json_:
        click.echo(escape_bidi_json(json.dumps({"error": message}, ensure_ascii=False)))
    click.echo(neutralize_bidi(message), err=True)
    sys.exit(FAILED)
