"""Recover a home: restore a backup, put lost originals back, and make damaged databases again."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath

from tillstream.adapters.local.clock import SystemClock
from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.adapters.local.duckdb.warehouse_file import is_damaged_file, is_older_file, set_file_aside, swap_files
from tillstream.adapters.local.durable_files import sync_file, sync_folder
from tillstream.adapters.local.files import restore
from tillstream.adapters.local.files.backup import OBJECTS, READ_BYTES, DamagedArchive, HashingStream, check_archive
from tillstream.adapters.local.files.object_files import bucket_path, object_path
from tillstream.adapters.local.files.object_store import FolderObjectStore
from tillstream.adapters.local.sqlite import document_store
from tillstream.adapters.local.sqlite.document_store import SQLiteDocumentStore
from tillstream.adapters.local.sqlite.event_bus import SQLiteEventBus
from tillstream.analytics import reference
from tillstream.app.app import App
from tillstream.app.local import WAREHOUSE_FILE, build_local, local_home_folder, open_warehouse
from tillstream.model import audit
from tillstream.model.document_json import ActionFacts
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.events import INBOX
from tillstream.operations import kept_originals
from tillstream.operations.rebuild import RebuildReport
from tillstream.ports import Ports
from tillstream.records import audit_log, batch_records, losses
from tillstream.records.losses import LossKind, LossRecord, Resolution
from tillstream.settings import Settings
from tillstream.sync import digest_notes

PUT_BACK_FOLDER = "put-back.tmp"
REPLACED_FOLDER = "damaged-objects"
"""Folder of the home with the damaged files that were replaced."""


def restore_home(
    settings: Settings, archive: Path, *, replace: bool, without_damaged: bool = False, wait: float | None = None
) -> ActionFacts:
    """Restore a backup into the home folder after a complete check. Raises `Rejected`, `Occupied`.

    without_damaged: restore the rest, if files are damaged.
    """
    if settings.project:
        raise Rejected(f"Data of the project {settings.project} can only be restored to that project.")
    with local_home_folder(settings).own(wait):
        aside = f"set-aside-{SystemClock().now():%Y%m%dT%H%M%S}"
        inspect = partial(_damaged_originals, settings)
        return restore.restore(settings.home, archive, aside, inspect, replace=replace, without_damaged=without_damaged)


def _damaged_originals(settings: Settings, home: Path) -> list[str]:
    """A sentence about each kept original that is not whole, in a home that is only read."""
    clock = SystemClock()
    with (
        closing(DuckDBWarehouse(":memory:", threads=settings.threads)) as empty,  # that in the backup may be older
        closing(SQLiteDocumentStore(home / "documents.sqlite", read_only=True)) as documents,
        closing(SQLiteEventBus(home / "queue.sqlite", clock, read_only=True)) as bus,
    ):
        objects = FolderObjectStore(home / "objects", clock, read_only=True)
        return kept_originals.damaged_originals(Ports(objects, empty, bus, documents, clock, settings.limits))


def put_back_lost(app: App, archive: Path, *, by: str) -> list[LossRecord]:
    """Put back what the archive has of the open losses, and resolve those that are whole then. Idempotent.

    A file that is not whole in the archive is left out. Raises `Rejected` if the archive is no backup.
    """
    if app.settings.project:
        raise Rejected(
            "In a project, copy the objects from the folder `originals` of the backup, then run `losses restored`."
        )
    home = app.settings.home
    wanted = dict(_wanted_names(app))
    scratch = home / PUT_BACK_FOLDER
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
        return [done for name, file in files.items() if (done := _replace_file(app, name, file, wanted, by))]
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _wanted_names(app: App) -> Iterator[tuple[str, LossRecord]]:
    """How the names of the files of an open loss begin in an archive, and the loss."""
    for one in losses.open_losses(app.ports):
        if one.loss.kind is LossKind.PACK:
            yield f"{_archive_folder(INBOX, one.loss.name)}/", one
        elif one.loss.kind is LossKind.ORIGINAL:
            with suppress(NotFound):
                batch = batch_records.get_batch(app.ports, one.loss.batch)
                yield f"{_archive_folder(batch.bucket, batch.object)}/{batch.generation}-", one


def _archive_folder(bucket: str, name: str) -> str:
    return PurePosixPath(OBJECTS, bucket_path(bucket), object_path(name)).as_posix()


def _loss_of(name: str, wanted: Mapping[str, LossRecord]) -> LossRecord | None:
    return next((one for start, one in wanted.items() if name.startswith(start)), None)


def _replace_file(app: App, name: str, file: Path, wanted: Mapping[str, LossRecord], by: str) -> LossRecord | None:
    """Replace a file of the home, and resolve its loss; if it is not whole either, the old one is put back."""
    home, loss = app.settings.home, _loss_of(name, wanted)
    if loss is None:
        return None
    target, aside = home / name, home / REPLACED_FOLDER / Path(name).name
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


def renew_warehouse(
    settings: Settings, progress: Callable[[int], None] | None = None, wait: float | None = None
) -> RebuildReport | None:
    """Rebuild a warehouse that is damaged, of an older version, or lacks rows, from the stored originals; None if it is
    current and its batches have the rows of their records.

    The old file stays in the folder, and stays in use unless the rebuild succeeds. Raises `Rejected`, `Occupied`.
    """
    live, new = settings.home / WAREHOUSE_FILE, settings.home / f"new.{WAREHOUSE_FILE}"
    with local_home_folder(settings).own(wait):
        damaged = is_damaged_file(live)
        is_current = not damaged and not is_older_file(live)
        differences = _batch_differences(settings, WAREHOUSE_FILE) if is_current and live.exists() else []
        if is_current and not differences:
            return None
        for partial_file in settings.home.glob(f"{new.name}*"):  # left by a killed attempt
            partial_file.unlink()
        if damaged:
            return _replace_damaged(settings, live, new)
        try:
            report, at = _rebuild_from_originals(settings, new.name, progress)
        except Rejected as error:
            raise Rejected(
                f"The warehouse in {settings.home} cannot be rebuilt: {error} It is unchanged. To start with an empty "
                "warehouse, set TILLSTREAM_HOME to another folder."
            ) from error
        if differences and _batch_differences(settings, new.name):
            return None  # the records are wrong
        aside = live.with_name(f"warehouse.until-{at:%Y%m%dT%H%M%S}.duckdb")
        swap_files(live, new, aside)
        return report | {"kept_aside": str(aside)} | ({"repaired": differences} if differences else {})


def _batch_differences(settings: Settings, name: str) -> list[str]:
    """The batches whose rows or amounts in a warehouse are not those of their records, as sentences."""
    from tillstream.operations import ledger_agreement  # lazy: only this command needs it

    with closing(build_local(settings, warehouse_file=name, rates=False)) as app:
        return ledger_agreement.batch_content_differences(app.ports)


def _rebuild_from_originals(
    settings: Settings, name: str, progress: Callable[[int], None] | None
) -> tuple[RebuildReport, datetime]:
    from tillstream.operations import document_mirrors, rebuild  # lazy: imports all staging code

    with closing(open_warehouse(settings, WAREHOUSE_FILE, any_schema=True)) as old:
        app = build_local(settings, warehouse_file=name, rates=False)
        try:
            report = rebuild.rebuild_warehouse(app.ports, app.contracts, old, progress)
            reference.copy_rates(app.ports, old, settings.reporting_currency)
            reference.copy_secret(app.ports, old)
            reference.refresh_calendar(app.ports, settings.fiscal_month, settings.retail_calendar)
            document_mirrors.fill_mirrors(app.ports)
            digest_notes.delete_all_notes(app.ports)
            counts = {name: report[name] for name in ("settlements", "batches")}
            audit_log.record(app.ports, "command line", audit.AuditAction.DATA_REBUILT, "warehouse", None, counts)
            return report, app.ports.clock.now()
        finally:
            app.close()


def _replace_damaged(settings: Settings, live: Path, new: Path) -> RebuildReport:
    """Settle all that the records name in a new warehouse, and set the damaged one aside."""
    from tillstream.operations import document_mirrors, ledger_repair  # lazy: imports the settling code

    app = build_local(settings, warehouse_file=new.name)
    try:
        repair = ledger_repair.repair_ledger(app.ports, app.contracts, whole=True)
        document_mirrors.fill_mirrors(app.ports)
        digest_notes.delete_all_notes(app.ports)
        (row,) = app.ports.warehouse.query("SELECT COUNT(*) AS batches FROM batches").to_pylist()
        counts = {"settlements": repair.settlements, "batches": row["batches"]}
        audit_log.record(app.ports, "command line", audit.AuditAction.DATA_REBUILT, "warehouse", None, counts)
        at = app.ports.clock.now()
    finally:
        app.close()
    aside = live.with_name(f"warehouse.until-{at:%Y%m%dT%H%M%S}.duckdb")
    set_file_aside(live, new, aside)
    sentences = [f"{live.name} was damaged.", *app.notices, *repair.lost]
    return {
        "settlements": repair.settlements,
        "batches": row["batches"],
        "differences": [],
        "kept_aside": str(aside),
        "repaired": sentences,
    }


def salvage_documents(settings: Settings, wait: float | None = None) -> list[str]:
    """Replace damaged documents by those that are readable, and report the loss; return its sentences.

    Records of uploads that are missing are written again by the next repair. Raises `Unavailable`, `Occupied`.
    """
    path = settings.home / "documents.sqlite"
    if settings.project or not path.exists():
        return []
    with local_home_folder(settings).own(wait):
        restore.finish(settings.home)
        aside = path.with_name(f"documents.until-{SystemClock().now():%Y%m%dT%H%M%S}.sqlite")
        noticed = document_store.salvage_documents(path, aside)
        if noticed is None:
            return []
        # the warehouse may be damaged too, and is not needed
        with closing(build_local(settings, warehouse_file=":memory:", rates=False)) as app:
            return app.home.note([noticed]) if app.home else []
