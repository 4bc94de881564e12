"""Commands for decisions on held and settled batches: accept, confirm, reject, replay, undo."""

import sys

import click

from tillstream.cli.runner import HELD, as_json, fail, read_settings, run
from tillstream.model.errors import TillstreamError


@click.command()
@click.argument("batch")
@click.option("--region", "contract", default="", help="Read the file with another contract.")
@click.option(
    "--received",
    default="",
    metavar="TIME",
    help="When the file was received, if the clock was wrong: 2026-11-20 09:30 (UTC).",
)
@click.option(
    "--preview", "--dry-run", "preview", is_flag=True, help="Show what would change without storing anything."
)
@as_json
def replay(batch: str, contract: str, received: str, preview: bool, json_: bool) -> None:
    """Read a kept original and its corrections again; the new batch replaces the old one."""
    from tillstream.cli.output.maintenance import show_replay_preview
    from tillstream.cli.output.tables import show_receipts

    if preview:
        run("replay-preview", json_=json_, show=show_replay_preview, batch=batch, contract=contract, received=received)
    run("replay", json_=json_, show=show_receipts, batch=batch, contract=contract, received=received)


ALL = click.option(
    "--all", "all_", is_flag=True, help="Also the other files of its sender that are held for the same reasons."
)


@click.command()
@click.argument("batch")
@click.option("--as-new", is_flag=True, help="Treat a file with known content as a new file.")
@click.option("--region", "contract", default="", help="The contract of the held file.")
@ALL
@as_json
def confirm(batch: str, as_new: bool, contract: str, all_: bool, json_: bool) -> None:
    """Release a held batch, or choose its contract."""
    from tillstream.cli.output.tables import show_receipts

    if as_new and contract:
        raise click.UsageError("--as-new and --region cannot be combined: --as-new uses the original contract.")
    run("confirm", json_=json_, show=show_receipts, batch=batch, as_new=as_new, contract=contract, all=all_)


@click.command()
@click.argument("batch")
@ALL
@as_json
def accept(batch: str, all_: bool, json_: bool) -> None:
    """Save the contract version proposed for a held file, and read the file with it."""
    from tillstream.cli.output.tables import show_receipts

    run("accept", json_=json_, show=show_receipts, batch=batch, all=all_)


@click.command()
@click.argument("batch")
@click.option("--reason", default="", help="The reason, stored with the batch.")
@ALL
@as_json
def reject(batch: str, reason: str, all_: bool, json_: bool) -> None:
    """Reject a held batch permanently; the original file is kept."""
    from tillstream.cli.output.tables import show_receipts

    run("reject", json_=json_, show=show_receipts, batch=batch, reason=reason, all=all_)


@click.command()
@click.argument("batch")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@as_json
def undo(batch: str, yes: bool, json_: bool) -> None:
    """Undo a settled batch and its corrections, after a preview.

    Not possible while the batch is being replayed: wait until the replay is finished, or confirm or reject it first.
    """
    from tillstream.cli.output.tables import show_undo, show_undo_preview, show_undone
    from tillstream.commands.dispatch import execute
    from tillstream.commands.result import quiet

    if not yes:
        if json_ or not sys.stdin.isatty():
            run("undo-preview", json_=json_, show=show_undo_preview, batch=batch)
        try:
            show_undo(execute(read_settings(), "undo-preview", {"batch": batch}, quiet).data)
        except TillstreamError as error:
            fail(str(error), json_=json_)
        if not click.confirm("Undo this batch?"):
            sys.exit(HELD)
    run("undo", json_=json_, show=show_undone, batch=batch)


REVIEW_COMMANDS = (accept, confirm, reject, replay, undo)
