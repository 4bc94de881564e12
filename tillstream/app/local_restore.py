"""Restore a backup of one machine, whose kept originals are compared with the records in it."""

from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from tillstream.adapters.local.clock import SystemClock
from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.adapters.local.files import restore
from tillstream.adapters.local.files.object_store import FolderObjectStore
from tillstream.adapters.local.sqlite.document_store import SQLiteDocumentStore
from tillstream.adapters.local.sqlite.event_bus import SQLiteEventBus
from tillstream.app.local import folder
from tillstream.model.errors import Rejected
from tillstream.operations import kept_originals
from tillstream.ports import Ports
from tillstream.settings import Settings


def restore_home(
    settings: Settings, archive: Path, *, replace: bool, without_damaged: bool = False, wait: float | None = None
) -> dict[str, Any]:
    """Restore a backup into the home folder after a complete check. Raises `Rejected`, `Occupied`.

    without_damaged: restore the rest, if files are damaged.
    """
    if settings.project:
        raise Rejected(f"Data of the project {settings.project} can only be restored to that project.")
    with folder(settings).own(wait):
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
