"""A watched folder.

ROOT/IN/july.csv                        dropped
ROOT/.taking/1759301234567890/IN/july.csv   claimed: one atomic rename
ROOT/taken/2026-11-20/IN/july.csv       archived
"""

import os
import shutil
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from tillstream.adapters.local.files.object_files import translate_file_errors
from tillstream.model.file_names import is_ignored_file
from tillstream.ports.files import DroppedFile
from tillstream.ports.machine import Clock

TAKEN, TAKING, NOTE = "taken", ".taking", ".note.txt"


class WatchedFolder:
    """Claims the files of a folder that have not changed for `settle` seconds.

    keep: archive processed files by day in the folder `taken`; otherwise delete them. skip: folders to ignore. spelled:
    converts the path of a folder to its display name. monotonic: seconds that only grow, whatever the clock is set to.
    """

    def __init__(
        self,
        root: Path,
        clock: Clock,
        settle: float,
        *,
        keep: bool = True,
        skip: Callable[[str], bool] = lambda _: False,
        spelled: Callable[[PurePosixPath], str] = str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._root, self._clock, self._settle, self._keep = root, clock, settle, keep
        self._skip, self._display_folder, self._monotonic = skip, spelled, monotonic
        self._taking = root / TAKING
        self._observed: dict[str, tuple[tuple[int, int], float]] = {}
        """Path → its size and modification time, and since when it has them."""
        self._watched = 0
        self._turn = threading.Lock()

    def lock(self) -> AbstractContextManager[object]:
        return self._turn

    def claim(self) -> list[DroppedFile]:
        with translate_file_errors():
            claimed = list(self._pending())
            self._watched = 0
            now, observed = self._monotonic(), {}
            for name, state in self._list():
                previous = self._observed.get(name)
                since = previous[1] if previous and previous[0] == state else now
                observed[name] = (state, since)
                complete = since < now and now - since >= self._settle
                dropped = self._take(name) if complete else None
                if dropped:
                    del observed[name]
                    claimed.append(dropped)
                else:
                    self._watched += 1
            self._observed = observed
        return claimed

    def incomplete_count(self) -> int:
        return self._watched

    def open(self, dropped: DroppedFile) -> BinaryIO:
        with translate_file_errors():
            return self._path(dropped).open("rb")

    def was_modified(self, dropped: DroppedFile) -> bool:
        with translate_file_errors():
            return _state(self._path(dropped).lstat()) != (dropped.size, dropped.modified)

    def release(self, dropped: DroppedFile) -> None:
        with translate_file_errors():
            self._move(self._path(dropped), _unused_path(self._root / dropped.path))
            self._forget(dropped)

    @property
    def keeps_archive(self) -> bool:
        return self._keep

    def archive_path(self, dropped: DroppedFile) -> str:
        day = datetime.fromtimestamp(int(dropped.claim) / 1e6, UTC).date().isoformat()
        with translate_file_errors():
            return _unused_path(self._root / TAKEN / day / dropped.path).relative_to(self._root).as_posix()

    def archive(self, dropped: DroppedFile, place: str) -> None:
        with translate_file_errors():
            if self._path(dropped).exists():
                if place:
                    self._move(self._path(dropped), self._root / place)
                else:
                    self._path(dropped).unlink()
            self._forget(dropped)

    def note(self, place: str, words: str) -> None:
        path = self._root / f"{place}{NOTE}"
        with translate_file_errors():
            if words and path.parent.is_dir():  # no notes if the folder was removed
                path.write_text(words, encoding="utf-8")
            else:
                path.unlink(missing_ok=True)

    # ---- scanning -------------------------------------------------------------------------------------------------

    def _list(self) -> Iterator[tuple[str, tuple[int, int]]]:
        for folder, folders, files in os.walk(self._root):
            top = Path(folder) == self._root
            folders[:] = [n for n in folders if not (n.startswith(".") or self._skip(n) or (top and n == TAKEN))]
            for name in files:
                path = Path(folder, name)
                if is_ignored_file(name):
                    continue
                with suppress(FileNotFoundError):
                    status = path.lstat()
                    if stat.S_ISREG(status.st_mode):  # skips links, which may point anywhere
                        yield path.relative_to(self._root).as_posix(), _state(status)

    def _take(self, name: str) -> DroppedFile | None:
        """Claim a file; None if it is still open for writing or not readable yet."""
        source, claim = self._root / name, str(self._clock.tick())
        target = self._taking / claim / name
        try:
            source.open("rb").close()
            self._move(source, target)
        except (PermissionError, FileNotFoundError):
            shutil.rmtree(self._taking / claim, ignore_errors=True)
            return None
        return self._dropped(claim, name, target)

    def _pending(self) -> Iterator[DroppedFile]:
        """Files that an earlier process claimed but did not archive."""
        for folder in sorted(self._taking.iterdir()) if self._taking.is_dir() else ():
            files = [path for path in folder.rglob("*") if path.is_file()]
            for path in files:
                yield self._dropped(folder.name, path.relative_to(folder).as_posix(), path)
            if not files:
                shutil.rmtree(folder, ignore_errors=True)

    def _dropped(self, claim: str, name: str, file: Path) -> DroppedFile:
        path = PurePosixPath(name)
        display_name = f"{self._display_folder(path.parent)}/{path.name}" if path.parent.name else path.name
        return DroppedFile(claim, name, display_name, *_state(file.lstat()))

    # ---- moving ---------------------------------------------------------------------------------------------------

    def _path(self, dropped: DroppedFile) -> Path:
        return self._taking / dropped.claim / dropped.path

    def _move(self, source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)

    def _forget(self, dropped: DroppedFile) -> None:
        shutil.rmtree(self._taking / dropped.claim, ignore_errors=True)


def _state(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns


def _unused_path(path: Path) -> Path:
    """The path, or the next one that does not exist, with a number before the extensions."""
    stem, dot, endings = path.name.partition(".")
    number = 1
    while path.exists():
        number += 1
        path = path.with_name(f"{stem} ({number}){dot}{endings}")
    return path
