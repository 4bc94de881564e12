"""The objects of an installation for processes that stage its files and open nothing else of it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from tillstream.adapters.local.clock import SystemClock
from tillstream.adapters.local.files.object_store import FolderObjectStore
from tillstream.settings import Settings
from tillstream.spark.file_tasks import OpenedHome


def objects_opener(settings: Settings) -> Callable[[], OpenedHome]:
    """What opens the objects of a home or a project in another process; it can be pickled."""
    if settings.project:
        return partial(open_project_objects, settings.project, dict(settings.buckets))
    return partial(open_home_objects, str(settings.home.absolute()))


def open_home_objects(folder: str) -> OpenedHome:
    """folder: the home, at the same path on every machine that stages files."""
    clock = SystemClock()
    return OpenedHome(FolderObjectStore(Path(folder) / "objects", clock), clock)


def open_project_objects(project: str, buckets: dict[str, str]) -> OpenedHome:
    """buckets: logical bucket → real bucket. The account of the process reads the inbox, and writes into staging."""
    from tillstream.adapters.google.object_store import connect_buckets

    return OpenedHome(connect_buckets(project, buckets), SystemClock())
