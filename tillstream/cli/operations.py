"""Commands that repeat the work of the pipeline, back up and restore, and show losses and the audit log."""

from pathlib import Path
from typing import Any

import click

from tillstream.cli.runner import FILE, as_json, fail, read_settings, run
from tillstream.model.errors import Occupied, TillstreamError
from tillstream.server.process import Done
from tillstream.settings import Settings


@click.command()
@as_json
def announce(json_: bool) -> None:
    """Publish the events of settlements that were not announced."""
    from tillstream.cli.output.maintenance import show_announced

    run("announce", json_=json_, show=show_announced)


@click.command()
@as_json
def settle(json_: bool) -> None:
    """Settle all staged files. In a Google Cloud project: those that are too large for its functions, and large undos.

    In a project, the job settle-large runs this command. TILLSTREAM_SETTLE_MEMORY sets the memory that it can use.
    """
    from tillstream.cli.output.maintenance import show_settled

    run("settle", json_=json_, show=show_settled)


@click.command()
@as_json
def sweep(json_: bool) -> None:
    """Ingest the files in the watched folder and resume interrupted work."""
    from tillstream.cli.output.maintenance import show_swept

    run("sweep", json_=json_, show=show_swept)


@click.command()
@click.option(
    "--check", "originals", flag_value=False, default=False, help="Rebuild from the rows in the ledger.", type=bool
)
@click.option("--from-originals", "originals", flag_value=True, help="Rebuild from the kept originals.", type=bool)
@as_json
def rebuild(originals: bool, json_: bool) -> None:
    """Settle everything again in a copy and compare it with the ledger; rebuild a ledger of an older version."""
    from tillstream.cli.output.maintenance import show_rebuilt

    run("rebuild", json_=json_, show=show_rebuilt, originals=originals)


@click.command()
@click.option("--all", "everything", is_flag=True, help="All checks on all days, not only on days that changed.")
@as_json
def quality(everything: bool, json_: bool) -> None:
    """Check keys, values and totals of the marts. Ends with 1 if a check fails."""
    from tillstream.cli.output.maintenance import show_quality

    run("quality", json_=json_, show=show_quality, everything=everything)


OPERATIONS = (announce, settle, sweep, rebuild, quality)

TURN = 2.0
GS = "gs://"


class _FileOrBucket(click.ParamType[str]):
    """A bucket folder, gs://BUCKET/FOLDER, unchanged; else a file path."""

    name = "path"

    def __init__(self, file: click.Path) -> None:
        self._file = file

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value if value.startswith(GS) else self._file.convert(value, param, ctx)


@click.command()
@click.argument("out", type=_FileOrBucket(click.Path(dir_okay=False, resolve_path=True, path_type=str)))
@as_json
def backup(out: str, json_: bool) -> None:
    """Back up everything to one archive: ledger, documents, queue, kept originals, contracts.

    For a Google Cloud project, OUT is an empty bucket folder, gs://BUCKET/FOLDER. A running server is not interrupted.
    The backup contains password hashes and every sale: keep it safe.
    """
    from tillstream.cli.output.maintenance import show_backup

    _check_target(read_settings(), out, json_=json_)
    run("backup", json_=json_, show=show_backup, out=out)


@click.command()
@click.argument("archive", type=_FileOrBucket(FILE))
@click.option(
    "--replace", is_flag=True, help="Replace existing data: local data is moved aside, data of a project is deleted."
)
@click.option("--without-damaged", is_flag=True, help="Restore the rest if kept originals are damaged.")
@as_json
def restore(archive: str, replace: bool, without_damaged: bool, json_: bool) -> None:
    """Restore a backup to the local folder; the backup is checked completely before anything is changed.

    For a Google Cloud project, ARCHIVE is gs://BUCKET/FOLDER, and the project must be deployed. Stop the server
    first, and stop everything that writes to the project: see docs/runbook.md, Restore.
    """
    import json

    from tillstream.cli.output.maintenance import show_restored

    settings = read_settings()
    _check_target(settings, archive, json_=json_)
    try:
        report = _bring_back(settings, archive, replace=replace, without_damaged=without_damaged)
    except Occupied:
        fail(f"A Tillstream process uses {settings.home}. Stop its server, then restore.", json_=json_)
    except TillstreamError as error:
        fail(str(error), json_=json_)
    if json_:
        click.echo(json.dumps(report, ensure_ascii=False))
    else:
        show_restored(report)
    raise Done(0)


def _bring_back(settings: Settings, archive: str, *, replace: bool, without_damaged: bool) -> dict[str, Any]:
    if settings.project:
        from tillstream.app.google.project_restore import restore_project

        return restore_project(settings, archive, replace=replace)
    from tillstream.app.local_recovery import restore_home

    return restore_home(settings, Path(archive), replace=replace, without_damaged=without_damaged, wait=TURN)


def _check_target(settings: Settings, place: str, *, json_: bool) -> None:
    if settings.project and not place.startswith(GS):
        fail(f"The backup of the project {settings.project} must be in a bucket. Use gs://BUCKET/FOLDER.", json_=json_)
    if not settings.project and place.startswith(GS):
        fail(f"{place} is only for a project, but TILLSTREAM_PROJECT is not set. Use a file.", json_=json_)


@click.group(invoke_without_command=True)
@click.option("--all", "everything", is_flag=True, help="Also list those that were dealt with.")
@as_json
@click.pass_context
def losses(context: click.Context, everything: bool, json_: bool) -> None:
    """List what is lost or damaged, and decide about it. Ends with 1 while a loss is open."""
    if context.invoked_subcommand:
        return
    from tillstream.cli.output.maintenance import show_losses

    run("losses", json_=json_, show=show_losses, everything=everything)


@losses.command("restore")
@click.argument("archive", type=FILE)
@as_json
def restore_losses(archive: str, json_: bool) -> None:
    """Put lost originals back from a backup, and load what waits for them. Ends with 1 while a loss is open."""
    from tillstream.cli.output.maintenance import show_put_back

    run("losses-restore", json_=json_, show=show_put_back, archive=archive)


@losses.command("restored")
@click.argument("loss")
@as_json
def loss_restored(loss: str, json_: bool) -> None:
    """The loss with this ID was put back from a backup: check it, and load what waits for it."""
    _decide_loss(loss, "restored", "", json_=json_)


@losses.command("sent-again")
@click.argument("loss")
@click.option("--reason", default="", help="A note, kept in the audit log.")
@as_json
def loss_sent_again(loss: str, reason: str, json_: bool) -> None:
    """What is lost was received again from its source."""
    _decide_loss(loss, "sent-again", reason, json_=json_)


@losses.command("accept")
@click.argument("loss")
@click.option("--reason", required=True, help="Why nothing can be done, kept in the audit log.")
@as_json
def accept_loss(loss: str, reason: str, json_: bool) -> None:
    """Accept the loss with this ID."""
    _decide_loss(loss, "accepted", reason, json_=json_)


@losses.command("reopen")
@click.argument("loss")
@as_json
def reopen_loss(loss: str, json_: bool) -> None:
    """Take back what was decided about the loss with this ID."""
    from tillstream.cli.output.maintenance import show_loss

    run("losses-reopen", json_=json_, show=show_loss, loss=loss)


def _decide_loss(loss: str, resolution: str, reason: str, *, json_: bool) -> None:
    from tillstream.cli.output.maintenance import show_loss

    values: dict[str, Any] = {"loss": loss, "resolution": resolution, "reason": reason}
    run("losses-decide", json_=json_, show=show_loss, **values)
