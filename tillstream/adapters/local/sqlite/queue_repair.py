"""Opens and checks the queue: a damaged file is replaced by what is readable of it and of the accepted messages."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tillstream.adapters.local.numbering import Ahead, of_ahead
from tillstream.adapters.local.sqlite import event_bus_sql as sql
from tillstream.adapters.local.sqlite.connection import SQLiteFile, salvage
from tillstream.adapters.local.sqlite.damage import Salvaged
from tillstream.adapters.local.sqlite.errors import Damaged
from tillstream.adapters.local.sqlite.kept_messages import Comparison, KeptMessages
from tillstream.ports.finding import Finding, Lost

SEND_AGAIN = (
    "Sales that tills or forms sent shortly before may be missing, as accepted.log is missing or damaged too. Tills of "
    "the till agent send again by themselves what is missing, which is a loss of its own until then. Compare the day "
    "closes of the stores, and send other sales again that are missing: a sale counts once."
)
EVENTS = (
    "No accepted sale is lost. Failed messages, and events for programs that receive sale events, may be missing: let "
    "these programs read the sales of the day again."
)


@dataclass(frozen=True)
class _Replaced:
    reason: str
    salvaged: Salvaged


class QueueRepair:
    """now: the time, for names of files that are kept aside. kept: None for a queue without a second file."""

    def __init__(self, path: Path, kept: KeptMessages | None, now: Callable[[], datetime]) -> None:
        self._path, self._kept, self._now = path, kept, now
        self.keeps_accepted = False
        """Whether the file of accepted messages was there and whole at the last comparison."""
        self._aheads: list[Ahead] = []

    def note_ahead(self, ahead: Ahead | None) -> None:
        """Note sequences that came from a clock ahead, for the next check."""
        self._aheads += [ahead] if ahead else []

    def open(self, *, read_only: bool) -> tuple[SQLiteFile, list[Finding]]:
        """Open the queue. Raises `Damaged` if it has no second file, or cannot be written; `Unavailable`."""
        replaced = None
        try:
            file = SQLiteFile(self._path, sql.SCHEMA, read_only=read_only)
        except Damaged as damaged:
            if read_only or not self._kept:
                raise
            replaced = _Replaced(damaged.reason, salvage(self._path, sql.SCHEMA, self._aside(self._path)))
            file = SQLiteFile(self._path, sql.SCHEMA)
        return file, [] if read_only else self._compare(file, replaced, broken=file.lost_commits)

    def check(self, file: SQLiteFile) -> list[Finding]:
        """Check the open queue, and repair it; other threads wait meanwhile. Raises `Damaged`, `Unavailable`."""
        replaced = None
        try:
            file.check()
        except Damaged as damaged:
            if not self._kept:
                raise
            replaced = _Replaced(damaged.reason, file.salvage(self._aside(self._path)))
        aheads, self._aheads = self._aheads, []
        return [*self._compare(file, replaced), *(of_ahead(self._path.name, "sales", each) for each in aheads)]

    def _compare(self, file: SQLiteFile, replaced: _Replaced | None, *, broken: bool = False) -> list[Finding]:
        if not self._kept:
            return []
        now = round(self._now().timestamp() * 1_000_000)
        aside = self._aside(self._kept.path)
        with file.transaction() as sqlite:
            compared = self._kept.compare(sqlite, now, aside)
        self.keeps_accepted = compared.had_file and not compared.unreadable
        return [*self._of_queue(compared, replaced, broken=broken), *self._of_accepted(compared, aside)]

    def _of_queue(self, compared: Comparison, replaced: _Replaced | None, *, broken: bool) -> list[Finding]:
        """What is found of the queue. broken: its log has commits that cannot be read."""
        if not replaced and not compared.put_back and not broken:
            return []
        name = self._path.name
        if replaced:
            message = (
                f"{name} was damaged ({replaced.reason}) and is kept as {replaced.salvaged.aside.name}. Messages taken "
                f"from it into a new one: {replaced.salvaged.rows.get('messages', 0):,}."
            )
        else:
            message = f"The end of {name} was lost."
        if compared.put_back:
            message += f" Accepted sales that it lacked, put back from {self._accepted}: {compared.put_back:,}."
        if not self.keeps_accepted:
            return [Finding(name, message, SEND_AGAIN, Lost.SALES)]
        if replaced and replaced.salvaged.lost:
            return [Finding(replaced.salvaged.aside.name, message, EVENTS, Lost.STATE)]
        return [Finding(name, f"{message} No accepted sale is lost.")]

    def _of_accepted(self, compared: Comparison, aside: Path) -> list[Finding]:
        if not compared.unreadable:
            return []
        message = (
            f"{self._accepted} was damaged and is kept as {aside.name}. It is written again from {self._path.name}."
        )
        return [Finding(self._accepted, message)]

    @property
    def _accepted(self) -> str:
        return self._kept.path.name if self._kept else ""

    def _aside(self, path: Path) -> Path:
        return path.with_name(f"{path.stem}.until-{self._now():%Y%m%dT%H%M%S%f}{path.suffix}")
