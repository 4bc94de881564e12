"""Requests of a head office: only the home decides about its batches, so a head office asks it to undo one.

The home carries a request out by an undo of its own, or declines it with a reason. Both travel with the next sync.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from tillstream.model.audit import AuditAction
from tillstream.model.batch import STATES_IN_LEDGER, Batch
from tillstream.model.document_json import to_json
from tillstream.model.errors import NotFound, Rejected
from tillstream.ports import Ports
from tillstream.records import batch_records
from tillstream.records.collection import Collection, Data, Sides

LONGEST_REASON = 500
DONE_WORDS = "Its rows no longer count."
REMOVED_WORDS = "The home was removed here."


class UndoRequestState(StrEnum):
    OPEN = "open"
    DONE = "done"
    DECLINED = "declined"


@dataclass(frozen=True)
class UndoRequest:
    """A request to undo a batch. home: whose batch it is; empty in the home itself. Times are ISO 8601 UTC text.

    is_reported: whether the head office has the answer of this home.
    """

    batch_id: str
    home: str
    file: str
    reason: str
    by: str
    at: str
    state: UndoRequestState = UndoRequestState.OPEN
    answer: str = ""
    answered_by: str = ""
    answered_at: str = ""
    is_reported: bool = False


UNDO_REQUESTS = Collection(
    "sync_requests",
    UndoRequest,
    "request",
    lambda request: {"home": request.home, "reason": request.reason},
    missing="There is no open request about the batch {id}.",
    key="batch_id",
)


class UndoRequestOffice(Protocol):
    """What of a head office is about requests. Raises as `HeadOffice`."""

    def requests(self, answers: Sequence[UndoRequest]) -> Sequence[UndoRequest]:
        """Report answers of this home; returns the open requests to it."""


def all_undo_requests(ports: Ports) -> list[UndoRequest]:
    """All requests, those of this head office and those to this home; the newest first."""
    return sorted(UNDO_REQUESTS.find(ports), key=lambda one: one.at, reverse=True)


def find_undo_request(ports: Ports, batch_id: str) -> UndoRequest | None:
    """The last request about a batch."""
    return UNDO_REQUESTS.get_or_none(ports, batch_id)


def requests_to_answer(ports: Ports) -> list[UndoRequest]:
    """Open requests to this home, the newest first."""
    return [one for one in all_undo_requests(ports) if not one.home and one.state is UndoRequestState.OPEN]


def ask_to_undo(ports: Ports, batch_id: str, reason: str, by: str) -> UndoRequest:
    """Ask the home of a batch to undo it. Raises `NotFound`, `Rejected`."""
    batch = batch_records.get_batch(ports, batch_id)
    if not batch.home:
        raise Rejected(f"{batch.file} is a batch of this home. Undo it here.")
    if batch_records.is_home_removed(ports, batch.home):
        raise Rejected(f"The home {batch.home} was removed here, so it cannot answer. Undo {batch.file} here.")
    if batch.state not in STATES_IN_LEDGER:
        raise Rejected(f"No row of {batch.file} counts, so there is nothing to undo.")
    before = find_undo_request(ports, batch_id)
    if before and before.state is UndoRequestState.OPEN:
        raise Rejected(f"{batch.home} is asked already to undo {batch.file}. It answers with its next syncs.")
    request = UndoRequest(batch_id, batch.home, batch.file, _checked_reason(reason), by, _now(ports))
    return UNDO_REQUESTS.put(ports, request, by, AuditAction.SYNC_UNDO_REQUESTED)


def decline_to_undo(ports: Ports, batch_id: str, reason: str, by: str) -> UndoRequest:
    """Decline a request to this home. Raises `NotFound`, `Rejected`."""

    def declined(request: UndoRequest) -> UndoRequest:
        if request.home or request.state is not UndoRequestState.OPEN:
            raise NotFound(UNDO_REQUESTS.missing.format(id=batch_id))
        return _answered(ports, request, UndoRequestState.DECLINED, _checked_reason(reason), by)

    def shown(_before: Data, _after: Data) -> Sides:
        return None, {"reason": reason.strip()}

    return UNDO_REQUESTS.change(ports, batch_id, by, AuditAction.SYNC_DECLINED, declined, sides=shown)


def exchange_undo_requests(ports: Ports, office: UndoRequestOffice) -> int:
    """Report answers and take new requests; returns the number of open ones. Idempotent. Raises as the head office."""
    for one in requests_to_answer(ports):
        if not _counts(ports, one.batch_id):
            _put_of_request(ports, _answered(ports, one, UndoRequestState.DONE, DONE_WORDS, ""))
    answers = [one for one in all_undo_requests(ports) if not one.home and one.state is not UndoRequestState.OPEN]
    unreported = [one for one in answers if not one.is_reported]
    incoming = {one.batch_id: replace(one, home="") for one in office.requests(unreported)}
    for one in unreported:
        _put_of_request(ports, replace(one, is_reported=True))
    for old in all_undo_requests(ports):
        new = incoming.pop(old.batch_id, None)
        if old.home:
            continue
        if new and new.at != old.at:
            _put_of_request(ports, new)
        elif new and old.state is not UndoRequestState.OPEN:
            _put_of_request(ports, replace(old, is_reported=False))  # the head office was restored from a backup
        elif new is None and old.state is UndoRequestState.OPEN:
            ports.documents.delete(UNDO_REQUESTS.name, old.batch_id)
    for one in incoming.values():
        _put_of_request(ports, one)
    return len(requests_to_answer(ports))


def note_undo_answers(ports: Ports, home: str, answers: Sequence[UndoRequest]) -> list[UndoRequest]:
    """At the head office: note answers of a home, and return the open requests to it. Idempotent."""
    for answer in answers:
        request = find_undo_request(ports, answer.batch_id)
        if request and request.home == home and request.at == answer.at and request.state is UndoRequestState.OPEN:
            noted = {name: getattr(answer, name) for name in ("state", "answer", "answered_by", "answered_at")}
            _put_of_request(ports, replace(request, **noted))
    return _open_requests(ports, home)


def close_undo_requests(ports: Ports, home: str, by: str) -> None:
    """At the head office: end the open requests to a home that is removed. Idempotent."""
    for request in _open_requests(ports, home):
        _put_of_request(ports, _answered(ports, request, UndoRequestState.DECLINED, REMOVED_WORDS, by))


def _open_requests(ports: Ports, home: str) -> list[UndoRequest]:
    """The open requests to a home."""
    return [one for one in UNDO_REQUESTS.find(ports, {"home": home}) if one.state is UndoRequestState.OPEN]


def _counts(ports: Ports, batch_id: str) -> bool:
    document = ports.documents.get(batch_records.BATCHES, batch_id)
    return document is not None and Batch.from_json(document.data).state in STATES_IN_LEDGER


def _answered(ports: Ports, request: UndoRequest, state: UndoRequestState, answer: str, by: str) -> UndoRequest:
    return replace(request, state=state, answer=answer, answered_by=by, answered_at=_now(ports), is_reported=False)


def _checked_reason(text: str) -> str:
    reason = text.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise Rejected(f"Enter a reason of at most {LONGEST_REASON} characters.")
    return reason


def _put_of_request(ports: Ports, request: UndoRequest) -> None:
    ports.documents.put(UNDO_REQUESTS.name, request.batch_id, to_json(request))


def _now(ports: Ports) -> str:
    return ports.clock.now().isoformat(timespec="seconds")
