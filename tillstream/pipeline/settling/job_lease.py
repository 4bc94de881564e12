"""The lease of the job `settle-large`: one run at a time, and a pause of other settlements while it commits.

One document. A run renews it every minute, so a run that died blocks nothing for longer than `ALIVE`. A lost lease does
no harm: the warehouse rejects a commit that another one preceded.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from tillstream.domain.errors import Conflict, TillstreamError
from tillstream.ports import Ports
from tillstream.ports.document_store import Document, Update, update

COLLECTION, ID = "settling", "settle-large"
STARTS_WITHIN = timedelta(minutes=10)
"""A run that did not begin in this time after its start is started again."""
BEAT, ALIVE = timedelta(minutes=1), timedelta(minutes=3)
LONGEST_PAUSE = timedelta(hours=1)
"""After this, other settlements continue even if the run is still at work; its commit then fails and is repeated."""
WAITS = tuple(timedelta(minutes=minutes) for minutes in (0, 5, 20, 80, 320))
"""Pauses before the next start, by the number of runs since the last one that succeeded."""
_NEVER = datetime.min.replace(tzinfo=UTC).isoformat()


@dataclass(frozen=True)
class Lease:
    """The document. Times are ISO 8601 texts."""

    holder: str = ""
    """The run that is at work; empty: none, or one that was started and has not begun."""
    until: str = _NEVER
    paused_at: str = ""
    """When the pause of other settlements began; empty: there is none."""
    starts: int = 0
    """Runs since the last one that succeeded."""

    def is_active(self, now: datetime) -> bool:
        return now < datetime.fromisoformat(self.until)


def _read(document: Document | None) -> Lease:
    return Lease(**document.data) if document else Lease()


def reserve(ports: Ports) -> bool:
    """Reserve the next run for the caller, who starts it; False if one is active or the last one failed recently."""
    now, is_reserved = ports.clock.now(), False

    def change(document: Document | None) -> Update | Document | None:
        nonlocal is_reserved
        lease = _read(document)
        wait = WAITS[min(lease.starts, len(WAITS) - 1)]
        is_reserved = now >= datetime.fromisoformat(lease.until) + wait
        if not is_reserved:
            return document
        return Update(asdict(Lease("", (now + STARTS_WITHIN).isoformat(), "", lease.starts + 1)))

    update(ports.documents, COLLECTION, ID, change)
    return is_reserved


def unreserve(ports: Ports) -> None:
    """Give up a reservation whose run could not be started."""
    _change(ports, lambda lease: replace(lease, until=_NEVER, starts=max(0, lease.starts - 1)), holder="")


def is_paused(ports: Ports) -> bool:
    """Whether a run is about to commit, so that other settlements wait."""
    lease, now = _read(ports.documents.get(COLLECTION, ID)), ports.clock.now()
    if not lease.paused_at or not lease.is_active(now):
        return False
    return now < datetime.fromisoformat(lease.paused_at) + LONGEST_PAUSE


def is_active(ports: Ports) -> bool:
    """Whether a run is at work, or was started and is about to begin."""
    return _read(ports.documents.get(COLLECTION, ID)).is_active(ports.clock.now())


class Run:
    """A run that holds the lease."""

    def __init__(self, ports: Ports, holder: str) -> None:
        self._ports, self._holder = ports, holder

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Pause other settlements within the block."""
        now = self._ports.clock.now().isoformat()
        self._change(lambda lease: replace(lease, paused_at=now))
        try:
            yield
        finally:
            self._change(lambda lease: replace(lease, paused_at=""))

    def beat(self) -> None:
        """Renew the lease."""
        self._change(lambda lease: lease)

    def _change(self, change: Callable[[Lease], Lease]) -> None:
        until = (self._ports.clock.now() + ALIVE).isoformat()
        _change(self._ports, lambda lease: replace(change(lease), until=until), self._holder)


@contextmanager
def held(ports: Ports) -> Iterator[Run]:
    """Hold the lease within the block, and renew it. Raises `Conflict` if another run is at work."""
    holder, now = uuid4().hex, ports.clock.now()

    def claim(document: Document | None) -> Update:
        lease = _read(document)
        if lease.holder and lease.is_active(now):
            raise Conflict("Another run settles large batches. Wait until it has finished.")
        return Update(asdict(Lease(holder, (now + ALIVE).isoformat(), "", max(1, lease.starts))))

    update(ports.documents, COLLECTION, ID, claim)
    run, ending = Run(ports, holder), threading.Event()
    beats = threading.Thread(target=_beat, args=(run, ending), name="job-lease", daemon=True)
    beats.start()
    succeeded = False
    try:
        yield run
        succeeded = True
    finally:
        ending.set()
        beats.join()
        ended = ports.clock.now().isoformat()
        _change(ports, lambda lease: Lease("", ended, "", 0 if succeeded else lease.starts), holder)


def _beat(run: Run, ending: threading.Event) -> None:
    while not ending.wait(BEAT.total_seconds()):
        try:
            run.beat()
        except TillstreamError:
            continue  # the next beat comes before the lease ends


def _change(ports: Ports, change: Callable[[Lease], Lease], holder: str) -> None:
    """Change the lease while it has this holder."""

    def changed(document: Document | None) -> Update | Document | None:
        lease = _read(document)
        return document if lease.holder != holder else Update(asdict(change(lease)))

    update(ports.documents, COLLECTION, ID, changed)
