"""Sales that are being loaded: files that are not settled yet, and sets of files such as the samples.

A job that makes its result from the sales waits for them, because a result of a part of the files would remain until
the next one. Micro-batches of store sales are no load: they come all day, and each is complete by itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import chain, product
from uuid import uuid4

from tillstream.model.batch import STATES_BEFORE_LEDGER, Batch, BatchKind
from tillstream.ports import Ports
from tillstream.records import batch_records

COLLECTION = "loads"
LONGEST = timedelta(hours=1)
"""Longest wait of a job, so that a home into which files come all the time has its results too. A file or a set of
files without progress for so long is no load."""
_KINDS = (BatchKind.UPLOAD, BatchKind.REPLAY, BatchKind.CORRECTION)
_PAGE = 500


@contextmanager
def loading(ports: Ports, what: str) -> Iterator[None]:
    """Load a set of files within the block: jobs wait between two of them, too."""
    name = f"{what} {uuid4().hex}"
    begin(ports, name)
    try:
        yield
    finally:
        end(ports, name)


def begin(ports: Ports, name: str) -> None:
    """Begin or continue a load. Without `end`, it ends after `LONGEST`."""
    ports.documents.put(COLLECTION, name, {"until": (ports.clock.now() + LONGEST).isoformat()})


def end(ports: Ports, name: str) -> None:
    """End a load. Idempotent."""
    ports.documents.delete(COLLECTION, name)


def is_under_way(ports: Ports) -> bool:
    """Whether sales are being loaded."""
    now = ports.clock.now()
    if any(now < datetime.fromisoformat(one.data["until"]) for one in ports.documents.find(COLLECTION)):
        return True
    progress = (now - LONGEST).isoformat()
    return any(batch.state_at > progress for batch in chain(_newest(ports), _others(ports)))


def _newest(ports: Ports) -> Iterator[Batch]:
    """The newest batch of each kind and state, which nearly always decides: thousands of files may be open."""
    for kind, state in product(_KINDS, STATES_BEFORE_LEDGER):
        yield from batch_records.find_batches(ports, state=state, kind=kind, limit=1)


def _others(ports: Ports) -> Iterator[Batch]:
    for kind, state in product(_KINDS, STATES_BEFORE_LEDGER):
        offset = 1
        while page := batch_records.find_batches(ports, state=state, kind=kind, limit=_PAGE, offset=offset):
            yield from page
            offset += len(page)
