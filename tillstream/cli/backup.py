"""Commands `backup` and `restore`, for local data or a Google Cloud project."""

from pathlib import Path
from typing import Any

import click

from tillstream.cli.runner import FILE, as_json, fail, read_settings, run
from tillstream.model.errors import Occupied, TillstreamError
from tillstream.server.process import Done
from tillstream.settings import Settings

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
    from tillstream.cli.output.backup import show_backup

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

    from tillstream.cli.output.backup import show_restored

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
        from tillstream.app.google.restore import restore

        return restore(settings, archive, replace=replace)
    from tillstream.app.local_restore import restore_home

    return restore_home(settings, Path(archive), replace=replace, without_damaged=without_damaged, wait=TURN)


def _check_target(settings: Settings, place: str, *, json_: bool) -> None:
    if settings.project and not place.startswith(GS):
        fail(f"The backup of the project {settings.project} must be in a bucket. Use gs://BUCKET/FOLDER.", json_=json_)
    if not settings.project and place.startswith(GS):
        fail(f"{place} is only for a project, but TILLSTREAM_PROJECT is not set. Use a file.", json_=json_)
