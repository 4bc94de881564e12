"""Ways in which a file is torn. Each changes the file in place, as a disk, a full one or a person does."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

LOGS = ("-wal", "-shm", ".wal")
"""What follows the name of a database in those of its logs."""
Change = Callable[[Path, Path], None]
"""Tears a file; its older copy is given too, and need not exist."""


@dataclass(frozen=True)
class Tear:
    """name: for reports. needs: bytes that the file must have, and whether an older copy that differs."""

    name: str
    change: Change
    needs: int = 1
    needs_older: bool = False
    is_of_databases: bool = False

    def fits(self, path: Path, older: Path) -> bool:
        """Whether this tear changes the file."""
        if self.needs_older and not (older.exists() and older.read_bytes() != path.read_bytes()):
            return False
        return path.stat().st_size >= self.needs


def _cut(path: Path, _older: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def _empty(path: Path, _older: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(0)


def _remove(path: Path, _older: Path) -> None:
    path.unlink()


def _put_older(path: Path, older: Path) -> None:
    new = path.with_name(f".{path.name}.older")
    shutil.copyfile(older, new)
    new.replace(path)


def _put_older_with_log(path: Path, older: Path) -> None:
    for log in LOGS:
        path.with_name(f"{path.name}{log}").unlink(missing_ok=True)
        if (old := older.with_name(f"{older.name}{log}")).exists():
            shutil.copyfile(old, path.with_name(f"{path.name}{log}"))
    _put_older(path, older)


def flip(place: Callable[[int], int]) -> Change:
    """Flip one bit at a place of the file, by its size."""

    def change(path: Path, _older: Path) -> None:
        with path.open("r+b") as file:
            file.seek(place(path.stat().st_size))
            byte = file.read(1)[0]
            file.seek(-1, 1)
            file.write(bytes([byte ^ 0x10]))

    return change


TEARS = (
    Tear("cut", _cut, 2),
    Tear("flip head", flip(lambda _: 5), 6),
    Tear("flip 120", flip(lambda _: 120), 121),
    Tear("flip 4177", flip(lambda _: 4177), 4178),
    Tear("flip middle", flip(lambda size: size // 2), 2),
    Tear("flip last", flip(lambda size: size - 1)),
    Tear("empty", _empty),
    Tear("remove", _remove, 0),
    Tear("older", _put_older, 0, needs_older=True),
    Tear("older with its log", _put_older_with_log, 0, needs_older=True, is_of_databases=True),
)
