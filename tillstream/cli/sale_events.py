"""Command `subscribe`: sale events for another program."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Protocol

import click

from tillstream.cli.runner import fail, read_settings
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import TillstreamError, Unavailable
from tillstream.model.safe_text import escape_bidi_json
from tillstream.server.process import Done, interrupt_on_stop
from tillstream.settings import Settings

WAIT, PAUSE = 1.0, 0.5
"""Seconds that a server waits for events; seconds between two looks where none runs."""
BATCH = 100


class RunsCommands(Protocol):
    def __call__(self, command: str, /, **arguments: Any) -> Any: ...


@click.command()
@click.option(
    "--filter",
    "filter_",
    help="Only these events, for example 'region=UK store=LON1 type=sale.changed'; a durable subscription keeps it.",
)
@click.option(
    "--name", default="", help="Name of a durable subscription, which collects events while nothing reads them."
)
@click.option("--from-now", is_flag=True, help="With --name: discard the events collected so far.")
@click.option(
    "--change-filter",
    is_flag=True,
    help="With --name: replace its filter by --filter; collected events that do not match are lost.",
)
@click.option("--max", "max_", type=click.IntRange(min=1), help="End after so many events.")
def subscribe(filter_: str | None, name: str, from_now: bool, change_filter: bool, max_: int | None) -> None:
    """Print sale events as JSON lines as they arrive, until Ctrl-C.

    An event is acknowledged when it is printed; a command that is killed gets its last events again. Without --name,
    the subscription starts now and ends with the command.
    """
    interrupt_on_stop()
    try:
        with _caller(read_settings()) as call, suppress(KeyboardInterrupt, BrokenPipeError):
            begin = {"name": name, "filter": filter_, "from_now": from_now, "change_filter": change_filter}
            _print_events(call, begin, max_)
    except TillstreamError as error:
        fail(str(error), json_=False)
    raise Done(0)


def _print_events(call: RunsCommands, begin: JsonObject, limit: int | None) -> None:
    begun, printed = call("subscribe-begin", **begin), 0
    subscription, filter_ = begun["subscription"], begun["filter"]
    done: list[str] = []
    try:
        while limit is None or printed < limit:
            most = BATCH if limit is None else min(BATCH, limit - printed)
            try:
                events = call(
                    "subscribe-next", subscription=subscription, filter=filter_, done=done, limit=most, wait=WAIT
                )["events"]
            except Unavailable:  # the server ends or starts; nothing is lost: what is not acknowledged comes again
                time.sleep(WAIT)
                continue
            done = []
            for each in events:
                click.echo(escape_bidi_json(json.dumps(each["event"], ensure_ascii=False)))
                done.append(each["lease"])
            printed += len(events)
            sys.stdout.flush()
    finally:
        with suppress(TillstreamError):
            if done:
                call("subscribe-next", subscription=subscription, done=done, limit=0)
            call("subscribe-end", subscription=subscription)


@contextmanager
def _caller(settings: Settings) -> Iterator[RunsCommands]:
    """Run commands on one connection to the project, else in the server or, between other commands, here."""
    from tillstream.app import open_app
    from tillstream.commands.dispatch import execute, find_server
    from tillstream.commands.registry import COMMANDS
    from tillstream.commands.result import quiet

    with ExitStack() as stack:
        app = stack.enter_context(open_app(settings)) if settings.project else None

        def call(command: str, /, **arguments: Any) -> Any:
            if app:
                return COMMANDS[command](app, quiet, **arguments).data
            if arguments.get("wait") and not find_server(settings):
                # the folder is not held while there is nothing to read, so that other commands can use it
                time.sleep(PAUSE)
                arguments["wait"] = 0.0
            return execute(settings, command, arguments, quiet).data

        yield call
