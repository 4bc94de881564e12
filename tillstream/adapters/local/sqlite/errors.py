"""Errors of SQLite files as those of the domain."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tillstream.adapters.local.sqlite import damage
from tillstream.domain.errors import DamagedFile, Unavailable


class Damaged(DamagedFile):
    """A file, or its log, that cannot be read whole. reason: the text of SQLite's error."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} is damaged ({reason}).",
            "Stop the server, if one runs. Restore a backup with `tillstream restore`, or run `tillstream rebuild "
            "--from-originals`, which takes what is readable into a new file and keeps the damaged one; "
            "docs/local-mode.md says what can be lost then.",
        )
        self.path, self.reason = path, reason


@contextmanager
def translate_errors(path: Path) -> Iterator[None]:
    """Translate SQLite's errors of the file: `Damaged` if it is, `Unavailable` if it is locked or the disk is full."""
    try:
        yield
    except damage.DAMAGE as exc:
        if damage.is_damage(exc):
            raise Damaged(path, str(exc)) from exc
        if not isinstance(exc, sqlite3.OperationalError):
            raise
        raise Unavailable(f"{path.name} cannot be used: {exc}.") from exc
