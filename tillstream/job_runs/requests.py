"""Requests for a run of a job: each is kept until a run has ended that started after it."""

from contextlib import suppress
from dataclasses import dataclass

from tillstream.domain.errors import Conflict
from tillstream.ports import Ports
from tillstream.ports.document_store import Document


@dataclass(frozen=True)
class JobRequest:
    """The request for a run of one job: a document with the time at which it was made."""

    collection: str
    id: str = "requested"

    def make(self, ports: Ports) -> None:
        """Request a run. One that is under way does not answer it, because it may have read its input before."""
        ports.documents.put(self.collection, self.id, {"at": ports.clock.now().isoformat(timespec="seconds")})

    def pending(self, ports: Ports) -> Document | None:
        """The request that a run which starts now answers."""
        return ports.documents.get(self.collection, self.id)

    def answer(self, ports: Ports, request: Document | None) -> None:
        """Delete the request that was pending when a run started, unless it was made again since."""
        if request:
            with suppress(Conflict):
                ports.documents.delete(self.collection, self.id, if_version=request.version)
