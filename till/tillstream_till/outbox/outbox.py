"""Opens the outbox of a till: finishes or repairs it where needed, and recognises a copy."""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import ModuleType

from tillstream_till.errors import DamagedOutbox
from tillstream_till.outbox import database
from tillstream_till.outbox.file_lock import locked
from tillstream_till.outbox.instance import Instance
from tillstream_till.outbox.messages import Messages
from tillstream_till.outbox.state import INCOMPLETE, State

COPY, MISSING = "outbox-copied", "outbox-missing"
OPEN_LOCK = "open.lock"


@dataclass
class Outbox:
    """An open outbox."""

    path: Path
    connection: sqlite3.Connection
    state: State
    messages: Messages
    instance: Instance
    identity: tuple[int, int]
    """Device and inode of the open file."""

    def close(self) -> None:
        self.connection.close()

    def recognise_copy(self, reason: str) -> None:
        """Start a new epoch, because this outbox is a copy; the sales keep their numbers, so none counts twice."""
        self.messages.start_epoch()
        with database.transaction(self.connection):
            self.state.new_instance()
            self.state.notify(COPY, reason)
            self.state.set(INCOMPLETE, datetime.now().astimezone().date().isoformat())
        self.mark()

    def recognise_if_copy(self) -> None:
        """Start a new epoch if this outbox is a copy."""
        if self.instance.is_copy(self.state):
            self.recognise_copy("This outbox is a copy, or an older state of it was restored.")

    def dismiss(self, notices: Iterable[Mapping[str, str]]) -> None:
        """Remove notices that a person has read."""
        with database.transaction(self.connection):
            self.state.dismiss(notices)

    def mark(self) -> None:
        """Store apart from the outbox that this is the file in use. Raises `CannotStore`."""
        with database.translated():
            self.instance.mark(self.state)

    def mark_attempt(self, sequence: int) -> None:
        """Store apart from the outbox how far its messages may be sent; a full disk does not stop sending."""
        with suppress(OSError):
            self.instance.mark(self.state, sequence)

    @property
    def is_current(self) -> bool:
        """Whether the file at the path is still the one that is open."""
        try:
            file = self.path.stat()
        except OSError:
            return False
        return (file.st_dev, file.st_ino) == self.identity


def lock(path: Path) -> AbstractContextManager[None]:
    """Hold the lock under which an outbox is opened, repaired and written. Raises `Busy`."""
    return locked(path.with_name(OPEN_LOCK), database.PATIENCE, "Another process uses the outbox. Try again.")


def open_outbox(path: Path, markers: Path, cutoff: str, damage: str = "") -> Outbox:
    """Open the outbox, or create it. A damaged one is salvaged and a copied one gets a new epoch, with a notice.

    damage: what an earlier use of the outbox reported. The caller holds the lock. Raises `CannotStore`, `Busy`.
    """
    if not path.exists():
        _salvaging().finish_exchange(path)
    is_new = not path.exists()
    if is_new:
        database.create(path)
    if not damage:
        try:
            return _ready(path, markers, is_new=is_new)
        except DamagedOutbox as error:
            damage = str(error)
    _salvaging().salvage(path, cutoff, damage)
    return _ready(path, markers, is_new=True)


def _salvaging() -> ModuleType:
    from tillstream_till.outbox import salvage

    return salvage


def _ready(path: Path, markers: Path, *, is_new: bool) -> Outbox:
    connection = database.open_checked(path)
    try:
        state = State(connection)
        file = path.stat()
        messages, instance = Messages(connection, state), Instance(path, markers)
        outbox = Outbox(path, connection, state, messages, instance, (file.st_dev, file.st_ino))
        _recognise(outbox, is_new=is_new)
    except BaseException:
        connection.close()
        raise
    return outbox


def _recognise(outbox: Outbox, *, is_new: bool) -> None:
    with database.translated():
        if not outbox.state.epoch:
            _begin(outbox)
        elif is_new:
            outbox.mark()
        else:
            outbox.recognise_if_copy()


def _begin(outbox: Outbox) -> None:
    """Prepare a new outbox. If there was one at this path before, its unsent sales are lost, which is stated."""
    was_lost = outbox.instance.has_marker()
    with database.transaction(outbox.connection):
        outbox.state.new_epoch()
        outbox.state.new_instance()
        if was_lost:
            outbox.state.set(INCOMPLETE, datetime.now().astimezone().date().isoformat())
            outbox.state.notify(MISSING, "The file of the outbox was missing; sales that were not sent are lost.")
    outbox.mark()
