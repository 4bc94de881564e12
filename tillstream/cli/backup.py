"""Commands `backup` and `restore`, for local data or a Google Cloud project."""

from pathlib import Path
from typing import Any

import click

from tillstream.cli.runner import FILE, as_json, fail, run
from tillstream.domain.errors import Occupied, TillstreamError
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
    """Write everything to one archive: ledger, documents, queue, kept originals, contracts.

    On a project of Google Cloud, OUT is an empty folder of a bucket, gs://BUCKET/FOLDER. Also while a server runs:
    nobody waits for it. The backup holds passwords' hashes and every sale: keep it safe.
    """
    from tillstream.cli.output.backup import show_backup

    _check_target(Settings(), out, json_=json_)
    run("backup", json_=json_, show=show_backup, out=out)


@click.command()
@click.argument("archive", type=_FileOrBucket(FILE))
@click.option("--replace", is_flag=True, help="Over what is there: a folder's is set aside, a project's is gone.")
@as_json
def restore(archive: str, replace: bool, json_: bool) -> None:
    """Bring a backup back into the folder of everything local, checked whole before anything is put in place.

    On a project of Google Cloud, ARCHIVE is gs://BUCKET/FOLDER, and the project was deployed. No server may run in the
    folder, and nothing may write to the project meanwhile: see docs/runbook.md, Restore.
    """
    import json

    from tillstream.cli.output.backup import show_restored

    settings = Settings()
    _check_target(settings, archive, json_=json_)
    try:
        report = _bring_back(settings, archive, replace=replace)
    except Occupied:
        fail(f"A Tillstream works in {settings.home}. Stop its server first, then restore.", json_=json_)
    except TillstreamError as error:
        fail(str(error), json_=json_)
    if json_:
        click.echo(json.dumps(report, ensure_ascii=False))
    else:
        show_restored(report)
    raise Done(0)


def _bring_back(settings: Settings, archive: str, *, replace: bool) -> dict[str, Any]:
    if settings.project:
        from tillstream.app.google.restore import restore

        return restore(settings, archive, replace=replace)
    from tillstream.app import local

    return local.restore_home(settings, Path(archive), replace=replace, wait=TURN)


def _check_target(settings: Settings, place: str, *, json_: bool) -> None:
    if settings.project and not place.startswith(GS):
        fail(f"The project {settings.project} is backed up in a bucket: say gs://BUCKET/FOLDER.", json_=json_)
    if not settings.project and place.startswith(GS):
        fail(f"{place} is for a project: TILLSTREAM_PROJECT names none. Name a file.", json_=json_)
