"""The job that makes reports and sends all messages in a project: started when something is due, one run at a time.

One document. A run reserves the job until `ALIVE` after its last step, so one that ended with an error, or without a
trace, is followed by the next one after that time. Two runs at once would do no harm: each message is sent once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from tillstream.alert_channels import deliveries
from tillstream.domain.errors import Unavailable
from tillstream.mail import outbox
from tillstream.ports import Ports
from tillstream.ports.document_store import Document, Update, update
from tillstream.ports.jobs import REPORTS
from tillstream.reports import subscriptions

COLLECTION, ID = "report_runs", "job"
ALIVE = timedelta(minutes=30)
"""Longer than the start of the job, and than one report takes."""


def start_if_due(ports: Ports, *, sends_mail: bool) -> bool:
    """Start the job of a project if anything is to be made or sent and no run is at work. Raises `Unavailable`.

    sends_mail: whether e-mail is set up; without it, only channels of alerts get messages. Reads six documents if
    nothing is due and no notice waits.
    """
    is_due = deliveries.has_due(ports) or (sends_mail and (subscriptions.has_due(ports) or outbox.has_due(ports)))
    if not ports.jobs or not is_due or not _reserve(ports):
        return False
    try:
        ports.jobs.start(REPORTS)
    except Unavailable:
        _hold(ports, timedelta())
        raise
    return True


def renew(ports: Ports) -> None:
    """Reserve the job for the run that is at work."""
    if ports.jobs:
        _hold(ports, ALIVE)


@contextmanager
def run(ports: Ports) -> Iterator[None]:
    """Reserve the job within the block, and after it if that raises."""
    renew(ports)
    yield
    if ports.jobs:
        _hold(ports, timedelta())


def _reserve(ports: Ports) -> bool:
    now, is_free = ports.clock.now(), False

    def change(document: Document | None) -> Update | Document | None:
        nonlocal is_free
        is_free = document is None or datetime.fromisoformat(document.data["until"]) <= now
        return Update({"until": (now + ALIVE).isoformat()}) if is_free else document

    update(ports.documents, COLLECTION, ID, change)
    return is_free


def _hold(ports: Ports, longer: timedelta) -> None:
    ports.documents.put(COLLECTION, ID, {"until": (ports.clock.now() + longer).isoformat()})
