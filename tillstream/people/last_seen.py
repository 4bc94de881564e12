"""People: what somebody had seen of the numbers when they last came by, so that a page can say what changed since."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tillstream.domain.errors import Conflict
from tillstream.ports import Ports

COLLECTION = "visits"
PAUSE = timedelta(hours=1)
"""Looks less than this apart are one visit."""


@dataclass(frozen=True)
class Seen:
    """The last settlement that the visit before this one could know, and when that visit ended; None: the first."""

    settlement_no: int
    at: datetime | None


def look(ports: Ports, login: str, settlement_no: int) -> Seen:
    """Note a look now, at the numbers of a settlement; what the visit before had seen. Repeatable."""
    now = ports.clock.now()
    document = ports.documents.get(COLLECTION, login)
    kept: dict[str, Any]
    if document is None:
        kept = {"before": settlement_no, "before_at": "", "last": settlement_no, "last_at": now.isoformat()}
    else:
        kept = {**document.data}
        if now - datetime.fromisoformat(kept["last_at"]) >= PAUSE:
            kept |= {"before": kept["last"], "before_at": kept["last_at"]}
        kept |= {"last": settlement_no, "last_at": now.isoformat()}
    try:
        ports.documents.put(COLLECTION, login, kept, if_version=document.version if document else 0)
    except Conflict:
        return look(ports, login, settlement_no)  # another window of the same person
    at = kept["before_at"]
    return Seen(int(kept["before"]), datetime.fromisoformat(at) if at else None)
