"""Run a command here or in the running server, and exit with its code."""

import json
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import click

from tillstream.domain.errors import TillstreamError
from tillstream.server.process import Done
from tillstream.settings import Settings

FAILED, WRONG, HELD = 1, 2, 4
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

    settings = Settings()
    try:
        with progress_bars(total, hidden=json_) as progress:
            result = execute(settings, command, arguments, progress)
    except TillstreamError as error:
        fail(str(error), json_=json_)
    data = to_json(result.data)
    if json_:
        click.echo(json.dumps(data, ensure_ascii=False))
    else:
        show(data)
    raise Done(result.code)


def fail(message: str, *, json_: bool) -> NoReturn:
    if json_:
        click.echo(json.dumps({"error": message}, ensure_ascii=False))
    click.echo(message, err=True)
    sys.exit(FAILED)
