"""Put lost originals and packs of one machine back from a backup."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

from tillstream.adapters.local.durable_files import sync_file, sync_folder
from tillstream.adapters.local.files.backup import OBJECTS, READ_BYTES, DamagedArchive, HashingStream, check_archive
from tillstream.adapters.local.files.object_files import bucket_path, object_path
from tillstream.app.app import App
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.events import INBOX
from tillstream.operations import kept_originals
from tillstream.records import batch_records, losses
from tillstream.records.losses import LossKind, LossRecord, Resolution

FOLDER = "put-back.tmp"
REPLACED = "damaged-objects"
"""Folder of the home with the damaged files that were replaced."""


def put_back(app: App, archive: Path, *, by: str) -> list[LossRecord]:
    """Put back what the archive has of the open losses, and resolve those that are whole then. Idempotent.

    A file that is not whole in the archive is left out. Raises `Rejected` if the archive is no backup.
    """
    if app.settings.project:
        raise Rejected(
            "In a project, copy the objects from the folder `originals` of the backup, then run `losses restored`."
        )
    home = app.settings.home
    wanted = dict(_wanted(app))
    scratch = home / FOLDER
    shutil.rmtree(scratch, ignore_errors=True)  # of a killed run
    files: dict[str, Path] = {}

    def keep(name: str, content: HashingStream) -> None:
        if _loss_of(name, wanted) is None:
            return
        files[name] = scratch / f"{len(files)}"
        scratch.mkdir(exist_ok=True)
        with files[name].open("wb") as out:
            while data := content.read(READ_BYTES):
                out.write(data)
        sync_file(files[name])

    try:
        with suppress(DamagedArchive), archive.open("rb") as stream:  # each file is compared with its own hash below
            check_archive(stream, keep)
        return [done for name, file in files.items() if (done := _replace(app, name, file, wanted, by))]
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _wanted(app: App) -> Iterator[tuple[str, LossRecord]]:
    """How the names of the files of an open loss begin in an archive, and the loss."""
    for one in losses.open_losses(app.ports):
        if one.loss.kind is LossKind.PACK:
            yield f"{_folder(INBOX, one.loss.name)}/", one
        elif one.loss.kind is LossKind.ORIGINAL:
            with suppress(NotFound):
                batch = batch_records.get_batch(app.ports, one.loss.batch)
                yield f"{_folder(batch.bucket, batch.object)}/{batch.generation}-", one


def _folder(bucket: str, name: str) -> str:
    return PurePosixPath(OBJECTS, bucket_path(bucket), object_path(name)).as_posix()


def _loss_of(name: str, wanted: Mapping[str, LossRecord]) -> LossRecord | None:
    return next((one for start, one in wanted.items() if name.startswith(start)), None)


def _replace(app: App, name: str, file: Path, wanted: Mapping[str, LossRecord], by: str) -> LossRecord | None:
    """Replace a file of the home, and resolve its loss; if it is not whole either, the old one is put back."""
    home, loss = app.settings.home, _loss_of(name, wanted)
    if loss is None:
        return None
    target, aside = home / name, home / REPLACED / Path(name).name
    if target.exists():
        aside.parent.mkdir(exist_ok=True)
        target.replace(aside)
    target.parent.mkdir(parents=True, exist_ok=True)
    file.replace(target)
    sync_folder(target.parent)
    try:
        return kept_originals.decide_loss(app.ports, loss.id, Resolution.RESTORED, "Put back from a backup.", by=by)
    except Rejected:
        target.unlink()
        if aside.exists():
            aside.replace(target)
        return None
