"""Day closes of tills: kept when they are received, and accepted by a person if they do not agree.

`close_checks` compares them with the sales that count. One that does not agree is an open question after `CLOCK_GRACE`,
within which its sales may still arrive.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tillstream.model import audit
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import NotFound, Rejected
from tillstream.people import store_credentials
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document
from tillstream.records import audit_log

DAY_CLOSES_COLLECTION = "day_closes"
CLOCK_GRACE = timedelta(minutes=5)
MAX_EARLIER = 20
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class DayClose:
    """A day close and its last comparison. Times are ISO 8601 text, amounts decimal text."""

    id: str
    region: str
    store_id: str
    till_id: str
    date: str
    closed_at: str
    received_at: str
    sales: int
    state: str
    """open, agreed or accepted."""
    missing: tuple[str, ...] = ()
    """Sale numbers that do not count, as ranges."""
    counted: int | None = None
    """Number of its sales that count; None before the first comparison."""
    totals: tuple[tuple[str, str, str], ...] = ()
    """Totals that differ: currency, total of the till, total that counts."""
    surplus: tuple[str, ...] = ()
    """Numbers of further sales of the till and day that count, as ranges."""
    doubles: tuple[tuple[str, str], ...] = ()
    """Sales of the form that may be sales of the till as well: their two numbers."""
    accepted_by: str = ""
    reason: str = ""
    reopened_at: str = ""
    """When it was opened again, because its sales changed after it agreed or was accepted; empty if it was not."""

    def is_question(self, now: datetime) -> bool:
        """Whether it needs a person: compared, not in agreement, and not only just received or opened again."""
        is_due = now - datetime.fromisoformat(self.reopened_at or self.received_at) >= CLOCK_GRACE
        return self.state == "open" and self.counted is not None and is_due


def record_day_close(ports: Ports, payload: str) -> None:
    """Keep a valid day close; a later one of the same till and day replaces it, an earlier one changes nothing.

    A till whose clock is ahead does not prevent that it is replaced. Idempotent.
    """
    message = json.loads(payload)
    now = ports.clock.now().isoformat(timespec="seconds")
    order_at = min(_moment(message["closed_at"]), _moment(now) + _DAY).astimezone(UTC).isoformat()

    def recorded(document: Document | None) -> Update | Document:
        if document and (document.data["payload"] == payload or document.data["order_at"] >= order_at):
            return document
        earlier = [*document.data["earlier"], document.data["payload"]] if document else []
        names = ("region", "store_id", "till_id", "date", "closed_at", "sales")
        data: JsonObject = {name: message[name] for name in names}
        data |= {
            "order_at": order_at,
            "received_at": now,
            "payload": payload,
            "state": "open",
            "earlier": earlier[-MAX_EARLIER:],
        }
        result: JsonObject = {
            "counted": None,
            "missing": [],
            "surplus": [],
            "totals": [],
            "doubles": [],
            "checked": -1,
        }
        return Update(data | result)

    update_document(ports.documents, DAY_CLOSES_COLLECTION, day_close_id(message), recorded)


def day_close_id(message: Mapping[str, Any]) -> str:
    """ID of the day close of a till and day; IDs are in the order of days."""
    till = hashlib.sha256(message["till_id"].encode()).hexdigest()[:12]
    return f"{message['date']}-{store_credentials.store_document_id(message['region'], message['store_id'])}-{till}"


def find_day_closes(ports: Ports, state: str | None = None) -> list[DayClose]:
    """Day closes in the order of days; of all states by default."""
    documents = ports.documents.find(DAY_CLOSES_COLLECTION, {"state": state} if state else None)
    return [_to_close(document) for document in documents]


def day_closes_between(ports: Ports, first: date, last: date) -> list[DayClose]:
    """Day closes of these business days."""
    documents = ports.documents.find(DAY_CLOSES_COLLECTION, above=first.isoformat(), below=(last + _DAY).isoformat())
    return [_to_close(document) for document in documents]


def get_day_close(ports: Ports, close_id: str) -> DayClose:
    """Raises `NotFound`."""
    document = ports.documents.get(DAY_CLOSES_COLLECTION, close_id)
    if document is None:
        raise NotFound(f"There is no day close {close_id}.")
    return _to_close(document)


def accept_day_close(ports: Ports, close_id: str, by: str, reason: str) -> DayClose:
    """Accept a day close that does not agree. Idempotent. Raises `NotFound`, `Rejected` without a reason."""
    if not reason.strip():
        raise Rejected("Enter why the difference is right, for example “the till recorded a test sale”.")
    get_day_close(ports, close_id)

    def accepted(document: Document | None) -> Update | Document:
        if document is None:
            raise NotFound(f"There is no day close {close_id}.")
        if document.data["state"] != "open":
            return document
        names = ("region", "store_id", "till_id", "date", "missing", "surplus", "totals")
        before = {name: document.data.get(name, []) for name in names}
        entry = audit_log.entry(
            ports, by, audit.AuditAction.DAY_CLOSE_ACCEPTED, close_id, before, {"reason": reason.strip()}
        )
        change = {"state": "accepted", "accepted_by": by, "reason": reason.strip()[:500]}
        return Update(document.data | change, [entry])

    return _to_close(update_document(ports.documents, DAY_CLOSES_COLLECTION, close_id, accepted))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _to_close(document: Document) -> DayClose:
    data = document.data
    names = ("region", "store_id", "till_id", "date", "closed_at", "received_at", "sales", "state", "counted")
    return DayClose(
        id=document.id,
        **{name: data[name] for name in names},
        missing=tuple(data["missing"]),
        totals=tuple((one["currency"], one["till"], one["counted"]) for one in data["totals"]),
        surplus=tuple(data.get("surplus", [])),
        doubles=tuple((one["form"], one["other"]) for one in data["doubles"]),
        accepted_by=data.get("accepted_by", ""),
        reason=data.get("reason", ""),
        reopened_at=data.get("reopened_at", ""),
    )
