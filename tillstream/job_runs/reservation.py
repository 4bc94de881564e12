"""Reserve a job for one run: one document for each job.

A run that is at work reserves its job until some time after its last step, so one that ended with an error, or without
a trace, is followed by the next one after that time. Two runs at once must do no harm.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from tillstream.domain.errors import Unavailable
from tillstream.ports import Ports
from tillstream.ports.document_store import Document, Update, update

COLLECTION = "job_runs"
ALIVE = timedelta(minutes=30)
"""Longer than the start of a job, and than one of its steps takes."""


def start(ports: Ports, job: str) -> bool:
    """Start a job of a project unless a run of it is at work. Raises `Unavailable`."""
    if not ports.jobs or not _reserve(ports, job):
        return False
    try:
        ports.jobs.start(job)
    except Unavailable:
        _hold(ports, job, timedelta())
        raise
    return True


def renew(ports: Ports, job: str) -> None:
    """Reserve the job for the run that is at work."""
    if ports.jobs:
        _hold(ports, job, ALIVE)


@contextmanager
def reserved(ports: Ports, job: str) -> Iterator[None]:
    """Reserve the job within the block, and after it if that raises."""
    renew(ports, job)
    yield
    if ports.jobs:
        _hold(ports, job, timedelta())


def _reserve(ports: Ports, job: str) -> bool:
    now, is_free = ports.clock.now(), False

    def change(document: Document | None) -> Update | Document | None:
        nonlocal is_free
        is_free = document is None or datetime.fromisoformat(document.data["until"]) <= now
        return Update({"until": (now + ALIVE).isoformat()}) if is_free else document

    update(ports.documents, COLLECTION, job, change)
    return is_free


def _hold(ports: Ports, job: str, longer: timedelta) -> None:
    ports.documents.put(COLLECTION, job, {"until": (ports.clock.now() + longer).isoformat()})
