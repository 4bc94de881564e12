"""Visits: the last settlement that each user saw, so that a page can show what changed since."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tillstream.ports import Ports
from tillstream.ports.document_store import Document, Update, update

COLLECTION = "visits"
PAUSE = timedelta(hours=1)
"""Page views less than this apart belong to one visit."""


@dataclass(frozen=True)
class PreviousVisit:
    """The last settlement of the previous visit, and when that visit ended (None on the first visit)."""

    settlement_no: int
    at: datetime | None


def record_visit(ports: Ports, login: str, settlement_no: int) -> PreviousVisit:
    """Record a page view at `settlement_no` and return the state of the previous visit. Idempotent."""

    def visited(document: Document | None) -> Update:
        now = ports.clock.now()
        visit: dict[str, Any]
        if document is None:
            visit = {"before": settlement_no, "before_at": "", "last": settlement_no, "last_at": now.isoformat()}
        else:
            visit = {**document.data}
            if now - datetime.fromisoformat(visit["last_at"]) >= PAUSE:
                visit |= {"before": visit["last"], "before_at": visit["last_at"]}
            visit |= {"last": settlement_no, "last_at": now.isoformat()}
        return Update(visit)

    # A conflict comes from another window of the same user.
    visit = update(ports.documents, COLLECTION, login, visited).data
    at = visit["before_at"]
    return PreviousVisit(int(visit["before"]), datetime.fromisoformat(at) if at else None)
