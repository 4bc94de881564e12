"""The state of each connector: its cursor, when it is due, and the lease of the run that is at work."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tillstream.connectors.connector import Connector
from tillstream.connectors.source import Cursor
from tillstream.model import dates
from tillstream.model.errors import Rejected
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document

COLLECTION = "connector_states"
MAX_CURSOR_BYTES = 100_000
LEASE = timedelta(minutes=10)
"""Time without an item or a chunk of one after which another process of a cloud may take over a run."""
RENEW = timedelta(minutes=1)
LATE = timedelta(minutes=15)
"""Time beyond two intervals after which a connector that has not read its source to the end is late."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
PROCESS = secrets.token_hex(8)
"""Identifies this process in leases. A home has one process, so a lease of another one is left by one that ended."""


@dataclass(frozen=True)
class State:
    """The document. Times are ISO 8601 UTC text; empty: never. run: the id of the run that holds the lease."""

    cursor: Mapping[str, Any]
    cursor_of: str = ""
    """Digest of the settings that name what the cursor is a position in; empty: unknown."""
    stored: int = 0
    """Generation of the object with the stored keys of files; 0: none that fits the cursor."""
    run: str = ""
    process: str = ""
    until: str = ""
    next_at: str = ""
    is_requested: bool = False
    last_run_at: str = ""
    last_complete_at: str = ""
    failures: int = 0
    stalled: int = 0
    """Runs since the last complete one that were stopped before they brought anything."""
    error: str = ""
    behind: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Status:
    """For people. is_requested: whether a person has requested a run. next_at: when one is due; empty: at once.
    last_complete_at: the last time at which everything that the source had was read. failures: runs that failed since
    the last one that did not. error: of the last run. behind: files, rows or messages that the source had and that were
    not read; None: unknown."""

    name: str
    is_running: bool
    is_requested: bool
    next_at: str
    last_run_at: str
    last_complete_at: str
    failures: int
    error: str
    behind: int | None
    notes: tuple[str, ...]


class Lost(Rejected):
    """The run has lost its lease: the connector was removed, or another process runs it."""

    def __init__(self) -> None:
        super().__init__("The run was stopped, because the connector was removed or another process runs it.")


def of(ports: Ports, name: str) -> Status:
    """The status of a connector; of one that never ran, with empty values."""
    return _status(ports, name, read(ports, name))


def all_of(ports: Ports) -> dict[str, Status]:
    """Name → status of each connector that ever ran."""
    return {document.id: _status(ports, document.id, _parse(document)) for document in ports.documents.find(COLLECTION)}


def lag(status: Status, now: datetime) -> timedelta | None:
    """Time since everything that the source had was read; None if it never was, or a clock was wrong."""
    last = status.last_complete_at
    return dates.duration_between(datetime.fromisoformat(last), now, dates.LONGEST_WAIT) if last else None


def is_late(connector: Connector, status: Status, now: datetime) -> bool:
    """Whether sales may be missing because the connector has not read its source to the end for long; not if paused,
    and never for a backfill, whose time depends on the size of its history."""
    return not (connector.is_paused or connector.is_once) and now > late_at(connector, status)


def late_at(connector: Connector, status: Status) -> datetime:
    """When the connector is late, unless it reads its source to the end before."""
    since = datetime.fromisoformat(status.last_complete_at or connector.created_at)
    return since + 2 * timedelta(minutes=connector.every_minutes) + LATE


def is_due(connector: Connector, status: Status | None, now: datetime) -> bool:
    """Whether to run a connector now. status: None if it never ran."""
    if status and (status.is_running or status.is_requested):
        return not status.is_running
    if connector.is_once and status and status.last_complete_at:
        return False
    has_reached = not status or not status.next_at or now >= datetime.fromisoformat(status.next_at)
    return has_reached and not connector.is_paused


def request(ports: Ports, name: str) -> None:
    """Let the next turn of the schedule run a connector, also a paused one."""
    update_document(
        ports.documents, COLLECTION, name, lambda old: Update(_json(replace(_parse(old), is_requested=True)))
    )


def read(ports: Ports, name: str) -> State:
    return _parse(ports.documents.get(COLLECTION, name))


def begin(ports: Ports, name: str, run: str, cursor_of: str = "") -> tuple[State, str]:
    """Take the lease for a run; return the state, and the id of the run that ended without its end, or empty.

    cursor_of: as in `State`; a cursor of something else is dropped. Raises `Rejected` if a run is at work.
    """
    interrupted = ""

    def taken(document: Document | None) -> Update:
        nonlocal interrupted
        state = _parse(document)
        if _is_running(ports, state):
            raise Rejected(f"The connector {name} is running.")
        interrupted = state.run
        until = (ports.clock.now() + LEASE).isoformat()
        if state.cursor_of not in ("", cursor_of):
            state = replace(state, cursor={})
        return Update(
            _json(replace(state, run=run, process=PROCESS, until=until, is_requested=False, cursor_of=cursor_of))
        )

    return _parse(update_document(ports.documents, COLLECTION, name, taken)), interrupted


def save(ports: Ports, name: str, run: str, *, cursor: Cursor | None = None, stored: int | None = None) -> State:
    """Renew the lease of a run, with the cursor or the generation of the stored keys if they changed. Raises `Lost`."""

    def renewed(state: State) -> State:
        return replace(
            state,
            cursor=state.cursor if cursor is None else cursor,
            stored=state.stored if stored is None else stored,
            until=(ports.clock.now() + LEASE).isoformat(),
        )

    return _change(ports, name, run, renewed)


def end(
    ports: Ports,
    name: str,
    run: str,
    *,
    next_at: datetime,
    is_complete: bool,
    stalled: int,
    error: str,
    behind: int | None,
    notes: tuple[str, ...],
) -> None:
    """Release the lease with the result of the run. Raises `Lost`."""
    now = ports.clock.now().isoformat(timespec="seconds")

    def ended(state: State) -> State:
        return replace(
            state,
            run="",
            process="",
            until="",
            next_at=next_at.isoformat(timespec="seconds"),
            last_run_at=now,
            last_complete_at=now if is_complete else state.last_complete_at,
            failures=state.failures + 1 if error else 0,
            stalled=stalled,
            error=error,
            behind=behind,
            notes=notes,
        )

    _change(ports, name, run, ended)


def pause_after(failures: int, every: timedelta) -> timedelta:
    """The pause before the next try. failures: that follow each other, at least 1."""
    longest = max(FIRST_PAUSE, min(every, LONGEST_PAUSE))
    return min(FIRST_PAUSE * int(2 ** min(failures - 1, 10)), longest)


def remove(ports: Ports, name: str) -> None:
    ports.documents.delete(COLLECTION, name)


def _is_running(ports: Ports, state: State) -> bool:
    if not state.run or ports.clock.now() >= datetime.fromisoformat(state.until):
        return False
    return state.process == PROCESS or ports.jobs is not None


def _change(ports: Ports, name: str, run: str, change: Callable[[State], State]) -> State:
    """Change the state of a run that holds the lease; a request that was made meanwhile is kept. Raises `Lost`."""

    def changed(document: Document | None) -> Update:
        if document is None or document.data["run"] != run:
            raise Lost
        return Update(_json(change(_parse(document))))

    return _parse(update_document(ports.documents, COLLECTION, name, changed))


def _status(ports: Ports, name: str, state: State) -> Status:
    return Status(
        name,
        _is_running(ports, state),
        state.is_requested,
        state.next_at,
        state.last_run_at,
        state.last_complete_at,
        state.failures,
        state.error,
        state.behind,
        state.notes,
    )


def _json(state: State) -> dict[str, Any]:
    cursor = json.dumps(state.cursor, ensure_ascii=False)
    if len(cursor.encode()) > MAX_CURSOR_BYTES:
        raise Rejected(f"The cursor of a connector has at most {MAX_CURSOR_BYTES:,} bytes.")
    return asdict(state) | {"cursor": cursor, "notes": list(state.notes)}


def _parse(document: Document | None) -> State:
    if document is None:
        return State({})
    data = document.data
    return State(**{**data, "cursor": json.loads(data["cursor"]), "notes": tuple(data["notes"])})
