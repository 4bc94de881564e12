"""The files of one object, one per generation, and durable file operations."""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tillstream.adapters.local.durable import sync_folder
from tillstream.adapters.local.files.object_names import is_object
from tillstream.domain.errors import Unavailable

FILE = re.compile(r"([0-9]+)(-.*|\.gone)", re.DOTALL)
ABANDONED_SECONDS = 86_400.0


@dataclass(frozen=True, order=True)
class Generation:
    number: int
    path: Path

    @property
    def is_deleted(self) -> bool:
        """Whether this marks the deletion of the object instead of content."""
        return self.path.suffix == ".gone" and "-" not in self.path.name


@contextmanager
def translate_errors() -> Iterator[None]:
    """Translate disk errors and lock timeouts into `Unavailable`."""
    try:
        yield
    except OSError as exc:
        raise Unavailable(f"The folder of the stored files cannot be used: {exc}.") from exc


def generations(folder: Path) -> list[Generation]:
    """The generations in an object's folder, oldest first."""
    try:
        names = [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        return []
    return sorted(Generation(int(match[1]), folder / name) for name in names if (match := FILE.fullmatch(name)))


def live_generation(folder: Path) -> Generation | None:
    stored = generations(folder)
    return stored[-1] if stored and not stored[-1].is_deleted else None


def object_folders(start: Path) -> Iterator[Path]:
    for path, folders, _ in os.walk(start, onerror=_unless_missing):
        yield from (Path(path, folder) for folder in folders if is_object(folder))
        folders[:] = [folder for folder in folders if not is_object(folder)]


def make_folder(folder: Path) -> None:
    """Create the folder and its parents durably."""
    missing = [folder]
    while not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        sync_folder(path.parent)


def prune(folder: Path, root: Path) -> None:
    """Remove the folder and its parents below `root` while they are empty."""
    with suppress(OSError):
        while folder != root:
            folder.rmdir()
            folder = folder.parent


def sweep(folder: Path) -> None:
    """Remove files of killed writers; their age is measured by the clock of the file system."""
    probe = folder / secrets.token_hex(16)
    probe.touch()
    now = probe.stat().st_mtime
    for path in (probe, *folder.iterdir()):
        with suppress(OSError):
            if path == probe or now - path.stat().st_mtime > ABANDONED_SECONDS:
                path.unlink()


def _unless_missing(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error
