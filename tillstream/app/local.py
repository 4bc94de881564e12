"""Composition root for one machine: all data is in the local home folder."""

import json
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from tillstream import audit
from tillstream.adapters.local.clock import SystemClock
from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.adapters.local.duckdb.warehouse_file import is_damaged, is_older, set_aside, swap
from tillstream.adapters.local.files import backup, restore
from tillstream.adapters.local.files.home_files import lost_files, lost_messages, note_queue
from tillstream.adapters.local.files.home_folder import Folder
from tillstream.adapters.local.files.object_names import is_object, object_name
from tillstream.adapters.local.files.object_store import FolderObjectStore
from tillstream.adapters.local.files.watched_folder import WatchedFolder
from tillstream.adapters.local.sqlite.document_store import SQLiteDocumentStore
from tillstream.adapters.local.sqlite.event_bus import SQLiteEventBus
from tillstream.analytics import reference
from tillstream.analytics.query_cache import QueryCache
from tillstream.app import custom_contracts
from tillstream.app.app import App
from tillstream.batches import freshness
from tillstream.contracts.registry import ContractRegistry
from tillstream.domain.errors import Rejected
from tillstream.domain.events import INBOX, OBJECT_FINALIZED, SUBSCRIPTIONS, TOPIC_OBJECTS
from tillstream.domain.object_names import PACK_NAME
from tillstream.ports import Clock, EventBus, Ports
from tillstream.ports.drop import DropFolder
from tillstream.ports.event_bus import Message
from tillstream.ports.object_store import StoredObject
from tillstream.settings import Settings
from tillstream.sync import noted
from tillstream.workflows.intake.inbox_object import RESERVED_FOLDERS
from tillstream.workflows.intake.micro_batch import is_name
from tillstream.workflows.operations import maintenance_log

WAREHOUSE = "warehouse.duckdb"


def build(
    settings: Settings,
    clock: Clock | None = None,
    warehouse_file: str = WAREHOUSE,
    *,
    rates: bool = True,
    read_only: bool = False,
) -> App:
    """Build the local app; the caller owns the folder, unless it is read-only.

    Raises `Rejected` if it is not a Tillstream home.
    """
    home = settings.home
    clock = clock or SystemClock()
    lost: list[str] = []
    if not read_only:
        home.mkdir(parents=True, exist_ok=True)
        restore.finish(home)
        lost = lost_files(home)
    documents = SQLiteDocumentStore(home / "documents.sqlite", read_only=True) if read_only else None
    # opened before files are created, because it may reject the folder
    warehouse = _warehouse(settings, warehouse_file, read_only=read_only)
    documents = documents or SQLiteDocumentStore(home / "documents.sqlite")
    bus = SQLiteEventBus(home / "queue.sqlite", clock, read_only=read_only, note=partial(note_queue, documents))
    if not read_only:
        lost += [sentence for sentence in lost_messages(documents, bus) if sentence not in lost]
        for subscription, topic in SUBSCRIPTIONS.items():
            bus.subscribe(topic, subscription)
    objects = FolderObjectStore(home / "objects", clock, on_finalized=_notify(bus), read_only=read_only)
    ports = Ports(objects, warehouse, bus, documents, clock, settings.limits)
    if rates and not read_only:
        lost += reference.refresh_rates(ports, settings.reporting_currency)
        reference.ensure_secret(ports)
        reference.refresh_calendar(ports, settings.fiscal_month, settings.retail_calendar)
    if lost:
        from tillstream import logs  # lazy: only servers log otherwise

        logs.warn("files of the home are lost", lost)
        maintenance_log.note_repair(ports, lost)
    own = custom_contracts.InFolder(settings.contracts, ports)
    return App(
        settings,
        ports,
        ContractRegistry(documents, own.read(), own.save),
        QueryCache(version=partial(freshness.version, documents)),
        partial(_warehouse, settings, ":memory:"),  # spills to disk
        _drops(settings, clock),
        _backup_writer(home, warehouse, clock),
        notices=tuple(lost),
    )


def _backup_writer(
    home: Path, warehouse: DuckDBWarehouse, clock: Clock
) -> Callable[[str, Callable[[int], None]], dict[str, Any]]:
    def keep(out: str, progress: Callable[[int], None]) -> dict[str, Any]:
        return backup.write(home, Path(out), warehouse.copy_to, clock.now().isoformat(timespec="seconds"), progress)

    return keep


def _drops(settings: Settings, clock: Clock) -> tuple[DropFolder, ...]:
    return (
        WatchedFolder(settings.dropped, clock, settings.drop_settle),
        # a file copied into the inbox folder becomes an object; no original remains
        WatchedFolder(
            settings.home / "objects" / INBOX,
            clock,
            settings.drop_settle,
            keep=False,
            skip=lambda name: is_object(name) or name in RESERVED_FOLDERS,
            spelled=object_name,
        ),
    )


def folder(settings: Settings) -> Folder:
    """Return the home folder with its lock and server address."""
    return Folder(settings.home)


def renew(
    settings: Settings, progress: Callable[[int], None] | None = None, wait: float | None = None
) -> dict[str, Any] | None:
    """Rebuild a warehouse that is damaged, of an older version, or lacks rows, from the stored originals; None if it is
    current and its batches have the rows of their records.

    The old file stays in the folder, and stays in use unless the rebuild succeeds. Raises `Rejected`, `Occupied`.
    """
    live, new = settings.home / WAREHOUSE, settings.home / f"new.{WAREHOUSE}"
    with folder(settings).own(wait):
        damaged = is_damaged(live)
        is_current = not damaged and not is_older(live)
        differences = _differences(settings, WAREHOUSE) if is_current and live.exists() else []
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
        if differences and _differences(settings, new.name):
            return None  # the records are wrong
        aside = live.with_name(f"warehouse.until-{at:%Y%m%dT%H%M%S}.duckdb")
        swap(live, new, aside)
        return report | {"kept_aside": str(aside)} | ({"repaired": differences} if differences else {})


def _differences(settings: Settings, name: str) -> list[str]:
    """The batches whose rows or amounts in a warehouse are not those of their records, as sentences."""
    from tillstream.workflows.operations import batch_contents  # lazy: only this command needs it

    with closing(build(settings, warehouse_file=name, rates=False)) as app:
        return batch_contents.differences(app.ports)


def _rebuild_from_originals(
    settings: Settings, name: str, progress: Callable[[int], None] | None
) -> tuple[dict[str, Any], datetime]:
    from tillstream.workflows.operations import mirrors, rebuild  # lazy: imports all staging code

    with closing(_warehouse(settings, WAREHOUSE, any_schema=True)) as old:
        app = build(settings, warehouse_file=name, rates=False)
        try:
            report = rebuild.rebuild_warehouse(app.ports, app.contracts, old, progress)
            reference.copy_rates(app.ports, old, settings.reporting_currency)
            reference.copy_secret(app.ports, old)
            reference.refresh_calendar(app.ports, settings.fiscal_month, settings.retail_calendar)
            mirrors.fill(app.ports)
            noted.delete_all(app.ports)
            counts = {name: report[name] for name in ("settlements", "batches")}
            audit.record(app.ports, "command line", audit.AuditAction.DATA_REBUILT, "warehouse", None, counts)
            return report, app.ports.clock.now()
        finally:
            app.close()


def _replace_damaged(settings: Settings, live: Path, new: Path) -> dict[str, Any]:
    """Settle all that the records name in a new warehouse, and set the damaged one aside."""
    from tillstream.workflows.operations import ledger_repair, mirrors  # lazy: imports the settling code

    app = build(settings, warehouse_file=new.name)
    try:
        repair = ledger_repair.run(app.ports, app.contracts, whole=True)
        mirrors.fill(app.ports)
        noted.delete_all(app.ports)
        (row,) = app.ports.warehouse.query("SELECT COUNT(*) AS batches FROM batches").to_pylist()
        counts: dict[str, Any] = {"settlements": repair.settlements, "batches": row["batches"]}
        audit.record(app.ports, "command line", audit.AuditAction.DATA_REBUILT, "warehouse", None, counts)
        at = app.ports.clock.now()
    finally:
        app.close()
    aside = live.with_name(f"warehouse.until-{at:%Y%m%dT%H%M%S}.duckdb")
    set_aside(live, new, aside)
    sentences = [f"{live.name} was damaged.", *app.notices, *repair.lost]
    return counts | {"differences": [], "kept_aside": str(aside), "repaired": sentences}


def _warehouse(settings: Settings, name: str, *, any_schema: bool = False, read_only: bool = False) -> DuckDBWarehouse:
    return DuckDBWarehouse(
        name if name == ":memory:" else settings.home / name,
        memory_limit=settings.memory_limit,
        reused_memory=settings.reused_memory,
        threads=settings.threads,
        spill=None if read_only else settings.home / "spill",
        any_schema=any_schema,
        read_only=read_only,
    )


def _notify(bus: EventBus) -> Callable[[StoredObject], None]:
    """Emulate bucket notifications of the cloud: publish an event for each new inbox object.

    Not for micro-batches of store sales: the code that stores one also records it, or the sweep does. Nor for packs.
    """

    def finalized(stored: StoredObject) -> None:
        if stored.bucket == INBOX and not is_name(stored.name) and not PACK_NAME.fullmatch(stored.name):
            data = {
                "bucket": stored.bucket,
                "name": stored.name,
                "generation": str(stored.generation),
                "size": str(stored.size),
            }
            bus.publish(TOPIC_OBJECTS, [Message(json.dumps(data).encode(), {"type": OBJECT_FINALIZED})])

    return finalized
