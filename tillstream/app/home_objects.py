"""The objects of a home for processes that stage its files and open nothing else of it."""

from pathlib import Path

from tillstream.adapters.local.clock import SystemClock
from tillstream.adapters.local.files.object_store import FolderObjectStore
from tillstream.spark.file_tasks import Opened


def open_home(folder: str) -> Opened:
    """folder: the home, at the same path on every machine that stages files."""
    clock = SystemClock()
    return Opened(FolderObjectStore(Path(folder) / "objects", clock), clock)
