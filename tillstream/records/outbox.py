"""An outbox: entries that wait, are being sent, or were sent. One collection of documents.

Before an entry is sent, it is noted as `sending` by compare-and-set: no other process sends it. If the process ends
then, it is not clear whether the receiver took it. Such an entry is not sent again by itself, but shown.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tillstream.model import audit
from tillstream.model.dates import instant_text
from tillstream.model.errors import Conflict, NotFound, Rejected, Unavailable
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put
from tillstream.records import audit_log

WAITING, SENDING, SENT, FAILED, UNCLEAR = "waiting", "sending", "sent", "failed", "unclear"
SUPERSEDED = "superseded"
"""State of an entry that is not sent, because a newer one takes its place."""
ENDED_BADLY = (FAILED, UNCLEAR)
"""States of entries that are sent again only on request."""
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=8))
"""Time before each further try; after the last one the entry has failed."""
LONGEST = timedelta(minutes=15)
"""Time after which an entry that is being sent belongs to a process that ended."""
NOT_SENT = "message not sent"
"""Line of the log for an entry that has failed or is unclear; an alert counts it."""
Report = Callable[[str], None]
"""Receives a sentence for operators."""


class Superseded(Exception):
    """A newer entry takes the place of this one."""


def ignore(_: str) -> None:
    """Report nothing."""


def never(_: Document) -> bool:
    """No entry is repeatable."""
    return False


def own_lane(document: Document) -> str:
    """Each entry has a lane of its own."""
    return document.id


@dataclass(frozen=True)
class Outbox:
    """collection: of the documents. noun: what an entry is called, such as message.

    Documents have the fields that the caller adds, and state, tries, error (of the last try), created_at, next_try_at
    and changed_at. Times are ISO 8601 UTC text.
    """

    collection: str
    noun: str

    def new(self, ports: Ports, id: str, fields: Mapping[str, Any], due: datetime | None = None) -> Put:
        """A new entry to write; `Conflict` if there is one with its id. due: instant of the first try, or now."""
        at = instant_text(ports.clock.now())
        data = {"state": WAITING, "tries": 0, "error": "", "created_at": at, "changed_at": at}
        next_try = instant_text(due) if due else at
        return Put(self.collection, id, {**fields, **data, "next_try_at": next_try}, if_version=0)

    def send_due(
        self,
        ports: Ports,
        send: Callable[[Document], None],
        report: Report = ignore,
        is_repeatable: Callable[[Document], bool] = never,
        lane: Callable[[Document], str] = own_lane,
    ) -> Iterator[Document]:
        """Send the entries whose time has come, one after the other, the oldest first; yield each that was sent.

        send: raises `Rejected` or `NotFound` if it failed for good, `Unavailable` to be tried again, `Superseded` if
        a newer entry takes its place. report: of those that failed or are unclear. is_repeatable: whether it does no
        harm to send the entry twice. lane: of one receiver; after an entry that is to be tried again, the rest of its
        lane is left to the next run.
        """
        now = ports.clock.now()
        for document in self._abandoned(ports, now):
            with suppress(Conflict):  # another process noticed it too
                if is_repeatable(document):
                    self._change(ports, document, WAITING)
                else:
                    text = f"The process ended while it sent the {self.noun}."
                    self._end(ports, document, UNCLEAR, text, report)
        stopped: set[str] = set()
        for document in self._due(ports, now):
            tried = self._send(ports, document, send, report) if lane(document) not in stopped else None
            if tried and tried.data["state"] == SENT:
                yield tried
            elif tried and tried.data["state"] == WAITING:
                stopped.add(lane(document))

    def has_due(self, ports: Ports) -> bool:
        """Whether an entry waits whose time has come, or belongs to a process that ended."""
        now = ports.clock.now()
        return bool(self._due(ports, now) or self._abandoned(ports, now))

    def listed(self, ports: Ports, limit: int) -> list[Document]:
        """The entries that were changed last, newest first."""
        return ports.documents.find(self.collection, order_by="changed_at", descending=True, limit=limit)

    def try_again(
        self, ports: Ports, id: str, by: str, action: audit.AuditAction, subject: Callable[[Document], str]
    ) -> None:
        """Send an entry that failed, or whose fate is unclear, with the next ones. Raises `NotFound`, `Rejected`.

        action, subject: of the record in the audit log.
        """
        document = ports.documents.get(self.collection, id)
        if document is None:
            raise NotFound(f"There is no such {self.noun}.")
        if document.data["state"] not in ENDED_BADLY:
            raise Rejected(f"The {self.noun} is {document.data['state']}.")
        audit_log.record(ports, by, action, subject(document))
        self._change(ports, document, WAITING, tries=0)

    def _due(self, ports: Ports, now: datetime) -> list[Document]:
        waiting = ports.documents.find(self.collection, {"state": WAITING})
        due = [one for one in waiting if one.data["next_try_at"] <= instant_text(now)]
        return sorted(due, key=lambda one: (one.data["created_at"], one.id))

    def _abandoned(self, ports: Ports, now: datetime) -> list[Document]:
        begun = ports.documents.find(self.collection, {"state": SENDING})
        return [one for one in begun if one.data["changed_at"] < instant_text(now - LONGEST)]

    def _send(
        self, ports: Ports, document: Document, send: Callable[[Document], None], report: Report
    ) -> Document | None:
        """Try an entry once; return it as it is then, or None if another process sends it."""
        try:
            noted = self._change(ports, document, SENDING, tries=document.data["tries"] + 1)
        except Conflict:
            return None
        try:
            send(noted)
        except Superseded:
            return self._change(ports, noted, SUPERSEDED)
        except (Rejected, NotFound) as error:
            return self._end(ports, noted, FAILED, str(error), report)
        except Unavailable as error:
            tries = noted.data["tries"]
            if tries > len(PAUSES):
                return self._end(ports, noted, FAILED, str(error), report)
            later = ports.clock.now() + PAUSES[tries - 1]
            return self._change(ports, noted, WAITING, error=str(error), next_try_at=instant_text(later))
        return self._change(ports, noted, SENT)

    def _end(self, ports: Ports, document: Document, state: str, error: str, report: Report) -> Document:
        """Note an entry that is not tried again by itself."""
        ended = self._change(ports, document, state, error=error)
        report(f"{document.id}: {state}. {error}")
        return ended

    def _change(self, ports: Ports, document: Document, state: str, error: str = "", **changes: object) -> Document:
        data = document.data | {"state": state, "error": error, "changed_at": instant_text(ports.clock.now())} | changes
        return ports.documents.put(self.collection, document.id, data, if_version=document.version)
