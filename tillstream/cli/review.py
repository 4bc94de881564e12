"""Commands that propose a contract for a file, and decide about held and settled batches."""

import sys
from functools import partial
from typing import Any

import click

from tillstream.cli.runner import FILE, HELD, as_json, fail, print_result, read_settings, run
from tillstream.model.errors import TillstreamError
from tillstream.server.process import Done
from tillstream.settings import Settings


@click.command()
@click.argument("file", type=FILE)
@click.option(
    "--answer", "answers", multiple=True, metavar="KEY=VALUE", help="Answer a question by its key; can be repeated."
)
@click.option("--save", "name", default="", help="Save the contract under this name, unless a question is open.")
@click.option("--yaml", "as_yaml", is_flag=True, help="Print only the contract, as YAML.")
@as_json
def detect(file: str, answers: tuple[str, ...], name: str, as_yaml: bool, json_: bool) -> None:
    """Propose a contract for a file, with evidence and open questions; exits with 4 while a question is open.

    If contracts fit the file, asks for its source first; an answer to a question about the content means a new one.
    While a question is open, samples at most two megabytes of the file. Then reads all of it and prints its figures;
    --save prints them, and confirms them for the first load. If its region has sales already, a sample of the file is
    compared with them.
    """
    from tillstream.commands.detect import detect as detect_contract
    from tillstream.commands.dispatch import has_ledger

    invalid = [answer for answer in answers if "=" not in answer]
    if invalid:
        raise click.BadParameter(f"{invalid[0]!r}: write KEY=VALUE", param_hint="--answer")
    settings = read_settings()
    try:
        search = partial(_run_quietly, settings, "delivered-lines") if has_ledger(settings) else None
        answers_by_key = dict(answer.split("=", 1) for answer in answers)
        result = detect_contract(file, answers_by_key, name, settings.contracts, search)
        result.data["saved"] = None
        if name and not result.code:
            result.data["saved"] = _run_quietly(settings, "contracts-save", contract=result.data["contract"])
    except TillstreamError as error:
        fail(str(error), json_=json_)
    from tillstream.cli.output.detect import show_proposal

    print_result(result.data, lambda data: show_proposal(data, as_yaml=as_yaml), json_=json_)
    raise Done(result.code)


def _run_quietly(settings: Settings, command: str, **arguments: object) -> Any:
    from tillstream.commands.dispatch import execute
    from tillstream.commands.result import quiet

    return execute(settings, command, arguments, quiet).data


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


ALL_ALIKE = click.option(
    "--all", "all_", is_flag=True, help="Also the other files of its sender that are held for the same reasons."
)


@click.command()
@click.argument("batch")
@click.option("--as-new", is_flag=True, help="Treat a file with known content as a new file.")
@click.option("--region", "contract", default="", help="The contract of the held file.")
@ALL_ALIKE
@as_json
def confirm(batch: str, as_new: bool, contract: str, all_: bool, json_: bool) -> None:
    """Release a held batch, or choose its contract."""
    from tillstream.cli.output.tables import show_receipts

    if as_new and contract:
        raise click.UsageError("--as-new and --region cannot be combined: --as-new uses the original contract.")
    run("confirm", json_=json_, show=show_receipts, batch=batch, as_new=as_new, contract=contract, all=all_)


@click.command()
@click.argument("batch")
@ALL_ALIKE
@as_json
def accept(batch: str, all_: bool, json_: bool) -> None:
    """Save the contract version proposed for a held file, and read the file with it."""
    from tillstream.cli.output.tables import show_receipts

    run("accept", json_=json_, show=show_receipts, batch=batch, all=all_)


@click.command()
@click.argument("batch")
@click.option("--reason", default="", help="The reason, stored with the batch.")
@ALL_ALIKE
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
