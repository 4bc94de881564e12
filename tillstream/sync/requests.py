"""Requests of a head office: only the home decides about its batches, so a head office asks it to undo one.

The home carries a request out by an undo of its own, or declines it with a reason. Both travel with the next sync.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Protocol

from tillstream.model.audit import AuditAction
from tillstream.model.batch import STATES_IN_LEDGER, Batch
from tillstream.model.errors import NotFound, Rejected
from tillstream.ports import Ports
from tillstream.records import audit_log, batch_records

COLLECTION = "sync_requests"
LONGEST_REASON = 500
DONE_WORDS = "Its rows no longer count."
REMOVED_WORDS = "The home was removed here."


class RequestState(StrEnum):
    OPEN = "open"
    DONE = "done"
    DECLINED = "declined"


@dataclass(frozen=True)
class Request:
    """A request to undo a batch. home: whose batch it is; empty in the home itself. Times are ISO 8601 UTC text.

    is_reported: whether the head office has the answer of this home.
    """

    batch_id: str
    home: str
    file: str
    reason: str
    by: str
    at: str
    state: RequestState = RequestState.OPEN
    answer: str = ""
    answered_by: str = ""
    answered_at: str = ""
    is_reported: bool = False

    @classmethod
    def from_json(cls, data: Any) -> "Request":
        """Raises `TypeError`, `ValueError`, `KeyError`."""
        return cls(**dict(data) | {"state": RequestState(data["state"])})


class RequestOffice(Protocol):
    """What of a head office is about requests. Raises as `HeadOffice`."""

    def requests(self, answers: Sequence[Request]) -> Sequence[Request]:
        """Report answers of this home; returns the open requests to it."""


def every(ports: Ports) -> list[Request]:
    """All requests, those of this head office and those to this home; the newest first."""
    stored = [Request.from_json(one.data) for one in ports.documents.find(COLLECTION)]
    return sorted(stored, key=lambda one: one.at, reverse=True)


def find(ports: Ports, batch_id: str) -> Request | None:
    """The last request about a batch."""
    document = ports.documents.get(COLLECTION, batch_id)
    return Request.from_json(document.data) if document else None


def to_answer(ports: Ports) -> list[Request]:
    """Open requests to this home, the newest first."""
    return [one for one in every(ports) if not one.home and one.state is RequestState.OPEN]


def ask(ports: Ports, batch_id: str, reason: str, by: str) -> Request:
    """Ask the home of a batch to undo it. Raises `NotFound`, `Rejected`."""
    batch = batch_records.get_batch(ports, batch_id)
    if not batch.home:
        raise Rejected(f"{batch.file} is a batch of this home. Undo it here.")
    if batch_records.is_home_removed(ports, batch.home):
        raise Rejected(f"The home {batch.home} was removed here, so it cannot answer. Undo {batch.file} here.")
    if batch.state not in STATES_IN_LEDGER:
        raise Rejected(f"No row of {batch.file} counts, so there is nothing to undo.")
    before = find(ports, batch_id)
    if before and before.state is RequestState.OPEN:
        raise Rejected(f"{batch.home} is asked already to undo {batch.file}. It answers with its next syncs.")
    request = Request(batch_id, batch.home, batch.file, _reason(reason), by, _now(ports))
    _put(ports, request)
    audit_log.record(
        ports, by, AuditAction.SYNC_UNDO_REQUESTED, batch_id, None, {"home": batch.home, "reason": request.reason}
    )
    return request


def decline(ports: Ports, batch_id: str, reason: str, by: str) -> Request:
    """Decline a request to this home. Raises `NotFound`, `Rejected`."""
    request = find(ports, batch_id)
    if request is None or request.home or request.state is not RequestState.OPEN:
        raise NotFound(f"There is no open request about the batch {batch_id}.")
    declined = _answered(ports, request, RequestState.DECLINED, _reason(reason), by)
    audit_log.record(ports, by, AuditAction.SYNC_DECLINED, batch_id, None, {"reason": declined.answer})
    return declined


def exchange(ports: Ports, office: RequestOffice) -> int:
    """Report answers and take new requests; returns the number of open ones. Idempotent. Raises as the head office."""
    for one in to_answer(ports):
        if not _counts(ports, one.batch_id):
            _answered(ports, one, RequestState.DONE, DONE_WORDS, "")
    answers = [one for one in every(ports) if not one.home and one.state is not RequestState.OPEN]
    unreported = [one for one in answers if not one.is_reported]
    incoming = {one.batch_id: replace(one, home="") for one in office.requests(unreported)}
    for one in unreported:
        _put(ports, replace(one, is_reported=True))
    for old in every(ports):
        new = incoming.pop(old.batch_id, None)
        if old.home:
            continue
        if new and new.at != old.at:
            _put(ports, new)
        elif new and old.state is not RequestState.OPEN:
            _put(ports, replace(old, is_reported=False))  # the head office was restored from a backup
        elif new is None and old.state is RequestState.OPEN:
            ports.documents.delete(COLLECTION, old.batch_id)
    for one in incoming.values():
        _put(ports, one)
    return len(to_answer(ports))


def report(ports: Ports, home: str, answers: Sequence[Request]) -> list[Request]:
    """At the head office: note answers of a home, and return the open requests to it. Idempotent."""
    for answer in answers:
        request = find(ports, answer.batch_id)
        if request and request.home == home and request.at == answer.at and request.state is RequestState.OPEN:
            noted = {name: getattr(answer, name) for name in ("state", "answer", "answered_by", "answered_at")}
            _put(ports, replace(request, **noted))
    return _open(ports, home)


def close(ports: Ports, home: str, by: str) -> None:
    """At the head office: end the open requests to a home that is removed. Idempotent."""
    for request in _open(ports, home):
        _answered(ports, request, RequestState.DECLINED, REMOVED_WORDS, by)


def _open(ports: Ports, home: str) -> list[Request]:
    """The open requests to a home."""
    documents = ports.documents.find(COLLECTION, {"home": home})
    stored = [Request.from_json(one.data) for one in documents]
    return [one for one in stored if one.state is RequestState.OPEN]


def _counts(ports: Ports, batch_id: str) -> bool:
    document = ports.documents.get(batch_records.BATCHES, batch_id)
    return document is not None and Batch.from_json(document.data).state in STATES_IN_LEDGER


def _answered(ports: Ports, request: Request, state: RequestState, answer: str, by: str) -> Request:
    answered = replace(request, state=state, answer=answer, answered_by=by, answered_at=_now(ports), is_reported=False)
    _put(ports, answered)
    return answered


def _reason(text: str) -> str:
    reason = text.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise Rejected(f"Enter a reason of at most {LONGEST_REASON} characters.")
    return reason


def _put(ports: Ports, request: Request) -> None:
    ports.documents.put(COLLECTION, request.batch_id, asdict(request) | {"state": request.state.value})


def _now(ports: Ports) -> str:
    return ports.clock.now().isoformat(timespec="seconds")
