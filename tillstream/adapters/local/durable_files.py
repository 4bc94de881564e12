"""Files and folders that are on the disk when a call returns."""

import os
from pathlib import Path


def sync_file(path: Path) -> None:
    _sync(path, os.O_RDWR)


def sync_folder(path: Path) -> None:
    if os.name != "nt":  # Windows makes renames durable itself and cannot open folders
        _sync(path, os.O_RDONLY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
