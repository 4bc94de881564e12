"""`tillstream backup`, `restore` and `losses …`: what is kept elsewhere, and what is lost or damaged here."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tillstream.commands.declaration import Group, InputFile, Option, PathKind, Terminal
from tillstream.commands.printing import print_line, print_title, show_each
from tillstream.commands.result import COMMAND_LINE, DONE, FAILED, Progress, Result
from tillstream.model.errors import Occupied, Rejected, TillstreamError

if TYPE_CHECKING:
    from tillstream.app import App
    from tillstream.settings import Settings

root = Group()
losses = Group("losses")

TURN = 2.0
"""Seconds to wait for the folder."""
GS = "gs://"


def show_backup(
    *,
    archive: str,
    made_at: str,
    files: int,
    bytes: int,
    damaged: list[str] | None = None,
    rows: int = 0,
    documents: int | None = None,
    originals: int = 0,
) -> None:
    print_line(f"{archive} contains everything as of {made_at}: {files:,} files, {_size_text(bytes)}.")
    _print_parts(rows, documents, originals)
    print_line("Every file in it was read back and is as it was copied. To restore it, run `tillstream restore`.")
    if damaged is None:
        return
    if not damaged:
        print_line("All kept originals have the content that was received.")
    for sentence in damaged:
        print_line(f"Not whole in it: {sentence}")


def show_restored(
    *,
    home: str,
    made_at: str,
    files: int,
    bytes: int,
    set_aside: str,
    left_out: Sequence[str] = (),
    damaged: Sequence[str] = (),
    rows: int = 0,
    documents: int | None = None,
    originals: int = 0,
) -> None:
    print_line(f"{home} is restored to its state of {made_at}: {files:,} files, {_size_text(bytes)}.")
    _print_parts(rows, documents, originals)
    for name in left_out:
        print_line(f"Left out, because it is damaged in the backup: {name}")
    for sentence in damaged:
        print_line(f"Not whole in the backup: {sentence}")
    if set_aside:
        print_line(f"The previous data is in {set_aside}.")
    print_line(
        "To verify it, run `tillstream rebuild --check`, which settles everything again in a copy and compares the two."
    )


def _print_parts(rows: int, documents: int | None, originals: int) -> None:
    """Print row, document and original counts, which only a project's backup has."""
    if documents is not None:
        counts = (("row", rows), ("document", documents), ("original", originals))
        print_line(", ".join(f"{count:,} {what}{'' if count == 1 else 's'}" for what, count in counts) + ".")


def _size_text(count: int) -> str:
    return f"{count / 1_000_000:,.1f} MB" if count >= 1_000_000 else f"{count / 1_000:,.1f} kB"


def show_loss(
    *,
    resolution: str,
    resolved_by: str,
    resolved_at: str,
    id: str,
    is_open: bool,
    since: str,
    message: str,
    stores: list[str],
    regions: list[str],
    reason: str,
    remedy: str,
) -> None:
    decided = f"{resolution} by {resolved_by}, {resolved_at}"
    print_title(id, f" · {'open' if is_open else decided} · since {since}")
    print_line(f"  {message}")
    places = stores or regions
    if places:
        print_line(f"  {'Stores' if stores else 'Regions'}: {', '.join(places)}")
    if reason:
        print_line(f"  {reason}")
    if is_open:
        print_line(f"  {remedy}")


show_losses = show_each(show_loss, "Nothing is lost or damaged.")
show_put_back = show_each(show_loss, "The backup has nothing of what is lost, or it is damaged there as well.")


@root.local("backup")
def backup_on_terminal(terminal: Terminal, out: Annotated[str, PathKind(address=GS)]) -> None:
    """Back up everything to one archive: ledger, documents, queue, kept originals, contracts.

    For a Google Cloud project, OUT is an empty bucket folder, gs://BUCKET/FOLDER. A running server is not interrupted.
    The backup contains password hashes and every sale: keep it safe.
    """
    _check_target(terminal, out)
    terminal.run("backup", show_backup, out=out)


@root.internal("backup")
def backup(app: "App", progress: Progress, *, out: str) -> Result:
    """out: the path of the archive, or a folder of a bucket.

    Ends with 1 if a kept original is lost or damaged, and so is in the backup: the backup is complete otherwise.
    """
    from tillstream.operations import kept_originals, maintenance_status

    if app.backup is None:
        raise Rejected("Backups are not available for this installation.")
    kept = app.backup(out, lambda size: progress("bytes", size))
    maintenance_status.note_run(app.ports, maintenance_status.BACKUP_TASK)
    if app.ports.objects.keeps_checksums:  # compared with the copies
        return Result(kept)
    damaged = kept_originals.verify_all_originals(app.ports)
    return Result(kept | {"damaged": damaged}, FAILED if damaged else DONE)


@root.local("restore")
def restore_on_terminal(
    terminal: Terminal,
    archive: Annotated[str, PathKind(exists=True, address=GS)],
    *,
    replace: Annotated[
        bool, Option("Replace existing data: local data is moved aside, data of a project is deleted.")
    ] = False,
    without_damaged: Annotated[bool, Option("Restore the rest if kept originals are damaged.")] = False,
) -> None:
    """Restore a backup to the local folder; the backup is checked completely before anything is changed.

    For a Google Cloud project, ARCHIVE is gs://BUCKET/FOLDER, and the project must be deployed. Stop the server
    first, and stop everything that writes to the project: see docs/runbook.md, Restore.
    """
    _check_target(terminal, archive)
    try:
        report = _bring_back(terminal.settings, archive, replace=replace, without_damaged=without_damaged)
    except Occupied:
        terminal.fail(f"A Tillstream process uses {terminal.settings.home}. Stop its server, then restore.")
    except TillstreamError as error:
        terminal.fail(str(error))
    terminal.print(report, show_restored)
    terminal.end()


def _bring_back(settings: "Settings", archive: str, *, replace: bool, without_damaged: bool) -> Mapping[str, object]:
    if settings.project:
        from tillstream.app.google.project_restore import restore_project

        return restore_project(settings, archive, replace=replace)
    from tillstream.app.local_recovery import restore_home

    return restore_home(settings, Path(archive), replace=replace, without_damaged=without_damaged, wait=TURN)


def _check_target(terminal: Terminal, place: str) -> None:
    project, is_bucket = terminal.settings.project, place.startswith(GS)
    if project and not is_bucket:
        terminal.fail(f"The backup of the project {project} must be in a bucket. Use gs://BUCKET/FOLDER.")
    if is_bucket and not project:
        terminal.fail(f"{place} is only for a project, but TILLSTREAM_PROJECT is not set. Use a file.")


@losses.command("", show_losses, reads=True)
def list_losses(
    app: "App",
    *,
    everything: Annotated[bool, Option("Also list those that were dealt with.", names=("--all",))] = False,
) -> Result:
    """List what is lost or damaged, and decide about it. Ends with 1 while a loss is open."""
    from tillstream.records import losses

    open_ = losses.open_losses(app.ports)
    listed_losses = losses.all_losses(app.ports) if everything else open_
    return Result([one.to_json() for one in listed_losses], FAILED if open_ else DONE)


@losses.command("restore", show_put_back)
def restore_losses(app: "App", archive: InputFile) -> Result:
    """Put lost originals back from a backup, and load what waits for them. Ends with 1 while a loss is open."""
    from tillstream.app.local_recovery import put_back_lost  # lazy: the adapter of backups
    from tillstream.records import losses

    done = put_back_lost(app, Path(archive), by=COMMAND_LINE)
    return Result([one.to_json() for one in done], FAILED if losses.open_losses(app.ports) else DONE)


@losses.local("restored")
def loss_restored_on_terminal(terminal: Terminal, loss: str) -> None:
    """The loss with this ID was put back from a backup: check it, and load what waits for it."""
    terminal.run("losses-decide", show_loss, loss=loss, resolution="restored")


@losses.local("sent-again")
def loss_sent_again_on_terminal(
    terminal: Terminal, loss: str, *, reason: Annotated[str, Option("A note, kept in the audit log.")] = ""
) -> None:
    """What is lost was received again from its source."""
    terminal.run("losses-decide", show_loss, loss=loss, resolution="sent-again", reason=reason)


@losses.local("accept")
def accept_loss_on_terminal(
    terminal: Terminal, loss: str, *, reason: Annotated[str, Option("Why nothing can be done, kept in the audit log.")]
) -> None:
    """Accept the loss with this ID."""
    terminal.run("losses-decide", show_loss, loss=loss, resolution="accepted", reason=reason)


@losses.internal("losses-decide")
def decide_loss(app: "App", *, loss: str, resolution: str, reason: str = "") -> Result:
    """resolution: a value of `losses.Resolution`."""
    from tillstream.operations import kept_originals
    from tillstream.records import losses

    decided = kept_originals.decide_loss(
        app.ports, loss, losses.Resolution(resolution), reason, by=COMMAND_LINE, home=app.home
    )
    return Result(decided.to_json())


@losses.command("reopen", show_loss)
def reopen_loss(app: "App", loss: str) -> Result:
    """Take back what was decided about the loss with this ID."""
    from tillstream.records import losses

    return Result(losses.reopen_loss(app.ports, loss, by=COMMAND_LINE).to_json())
