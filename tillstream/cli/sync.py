"""Commands `sync …`."""

import sys
import time
from typing import Any

import click

from tillstream.cli.runner import as_json, fail, print_result, read_settings, run
from tillstream.settings import Settings

EVERY_SECONDS, LONGEST_SECONDS = 60.0, 900.0
"""Pause between two syncs, and the longest one while the head office cannot be reached."""


@click.group(invoke_without_command=True)
@click.option("--to", metavar="URL", help="The address of the head office's portal; default: the one of the last sync.")
@click.option("--once", is_flag=True, help="Sync once, instead of once a minute until Ctrl-C.")
@as_json
@click.pass_context
def sync(context: click.Context, to: str | None, once: bool, json_: bool) -> None:
    """Send the sales of this home to a head office, and compare both ledgers."""
    if context.invoked_subcommand:
        if to or once or json_:
            raise click.UsageError("--to, --once and --json are not for the commands below sync. Enter them after it.")
        return
    from tillstream.cli.output.sync import show_sync

    if once:
        run("sync", json_=json_, show=show_sync, to=to or "")
    _keep_syncing(to or "", json_=json_)


def _keep_syncing(to: str, *, json_: bool) -> None:
    """Sync again and again, and show each new state. What fails is tried again after growing pauses."""
    from tillstream.analytics.json_values import to_json
    from tillstream.cli.output.sync import show_sync
    from tillstream.commands.dispatch import execute
    from tillstream.commands.result import quiet
    from tillstream.model.errors import Conflict, TillstreamError, Unavailable

    settings, pause, before = read_settings(), EVERY_SECONDS, None
    while True:
        try:
            state = to_json(execute(settings, "sync", {"to": to}, quiet).data)
            pause = following = EVERY_SECONDS
            if state != before:
                print_result(state, show_sync, json_=json_)
        except TillstreamError as error:
            if before is None and not isinstance(error, Conflict | Unavailable):
                fail(str(error), json_=json_)  # such as a wrong address
            state, following = f"{error} It is tried again in {pause:.0f} seconds.", min(pause * 2, LONGEST_SECONDS)
            if state != before:
                _show_failure(settings, state)
        time.sleep(pause)
        pause, before = following, state


def _show_failure(settings: Settings, sentence: str) -> None:
    """Print on a terminal, else log, why a sync that is tried again has failed."""
    if sys.stderr.isatty():
        click.echo(sentence, err=True)
        return
    from tillstream import logs

    logs.configure(settings)
    logs.warn("sync", [sentence])


@sync.command("init")
@as_json
def init_sync(json_: bool) -> None:
    """Create the key of this home, and show it for the head office."""
    from tillstream.cli.output.sync import show_identity

    run("sync-init", json_=json_, show=show_identity)


@sync.command("status")
@as_json
def sync_status(json_: bool) -> None:
    """Show what is not yet sent, the last agreement, and the last failure."""
    from tillstream.cli.output.sync import show_sync_status

    run("sync-status", json_=json_, show=show_sync_status)


@sync.command("stop")
@as_json
def stop_sync(json_: bool) -> None:
    """Stop the sync of this home until the next `sync --to`; what was sent stays at the head office."""
    from tillstream.cli.output.sync import show_sync_status

    run("sync-stop", json_=json_, show=show_sync_status)


@sync.command("questions")
@as_json
def list_questions(json_: bool) -> None:
    """List entries of the catalogue, goals and exchange rates that this home and the head office have both changed."""
    from tillstream.cli.output.sync import show_questions

    run("sync-questions", json_=json_, show=show_questions)


@sync.command("decide")
@click.argument("question", nargs=-1)
@click.option("--all", "all_", is_flag=True, help="Decide all questions, instead of the named ones.")
@click.option(
    "--keep",
    type=click.Choice(["here", "head-office"]),
    required=True,
    help="Whose entry counts: the one of this home, or the one of the head office.",
)
@as_json
def decide_questions(question: tuple[str, ...], all_: bool, keep: str, json_: bool) -> None:
    """Decide which entry counts on both sides after the next sync."""
    from tillstream.cli.output.sync import show_decided

    if all_ == bool(question):
        raise click.UsageError("Enter the IDs of questions, or --all.")
    run("sync-decide", json_=json_, show=show_decided, questions=question, keep=keep)


@sync.command("requests")
@as_json
def list_requests(json_: bool) -> None:
    """List requests to undo batches: of this head office to its homes, and to this home."""
    from tillstream.cli.output.sync import show_requests

    run("sync-requests", json_=json_, show=show_requests)


@sync.command("ask-undo")
@click.argument("batch")
@click.option("--reason", required=True, help="Why it must be undone.")
@as_json
def ask_undo(batch: str, reason: str, json_: bool) -> None:
    """Ask the home of a synced batch to undo it."""
    from tillstream.cli.output.sync import show_request

    run("sync-ask-undo", json_=json_, show=show_request, batch=batch, reason=reason)


@sync.command("decline")
@click.argument("batch")
@click.option("--reason", required=True, help="Why it stays.")
@as_json
def decline_undo(batch: str, reason: str, json_: bool) -> None:
    """Decline a request of the head office; to carry it out, undo the batch."""
    from tillstream.cli.output.sync import show_request

    run("sync-decline", json_=json_, show=show_request, batch=batch, reason=reason)


@sync.group()
def homes() -> None:
    """Manage the homes that sync to this one."""


@homes.command("list")
@as_json
def list_homes(json_: bool) -> None:
    """List the homes with their last contact, what they still have to send, and whether both sides agree."""
    from tillstream.cli.output.sync import show_homes

    run("sync-homes", json_=json_, show=show_homes)


@homes.command("add")
@click.argument("name")
@click.argument("key")
@as_json
def add_home(name: str, key: str, json_: bool) -> None:
    """Accept what the home with this KEY sends. `sync init` shows the key in the home."""
    _of_home("sync-homes-add", json_=json_, name=name, key=key)


@homes.command("remove")
@click.argument("name")
@as_json
def remove_home(name: str, json_: bool) -> None:
    """Accept nothing more from a home; what it sent stays."""
    _of_home("sync-homes-remove", json_=json_, name=name)


@homes.command("release")
@click.argument("name")
@as_json
def release_home(name: str, json_: bool) -> None:
    """Settle what is held because it was received at a time in the future, as the clock of the home was wrong."""
    _of_home("sync-homes-release", json_=json_, name=name)


def _of_home(command: str, *, json_: bool, **arguments: Any) -> None:
    from tillstream.cli.output.sync import show_home

    run(command, json_=json_, show=show_home, **arguments)
