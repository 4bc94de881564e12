"""A connector, and its state: its cursor, when it is due, and the lease of the run that is at work."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tillstream.connectors.source import Cursor
from tillstream.model import dates
from tillstream.model.errors import Rejected
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document
from tillstream.records.jobs import Attempts

STATES_COLLECTION = "connector_states"
MAX_CURSOR_BYTES = 100_000
LEASE_TIME = timedelta(minutes=10)
"""Time without an item or a chunk of one after which another process of a cloud may take over a run."""
RENEW_EVERY = timedelta(minutes=1)
LATE_AFTER = timedelta(minutes=15)
"""Time beyond two intervals after which a connector that has not read its source to the end is late."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
PROCESS_ID = secrets.token_hex(8)
"""Identifies this process in leases. A home has one process, so a lease of another one is left by one that ended."""


@dataclass(frozen=True)
class ConnectorDraft:
    """What an admin enters. contract: with which its files are read; empty: found by folder, name or content.

    is_once: a backfill, which reads its source to the end and then no more, unless a person requests it.
    """

    name: str
    kind: str
    settings: Mapping[str, str]
    contract: str = ""
    every_minutes: int = 15
    is_once: bool = False


@dataclass(frozen=True)
class Connector:
    """settings: a value for each setting of the kind. is_once: as in the draft. created_at: ISO 8601 UTC text."""

    name: str
    kind: str
    settings: Mapping[str, str]
    contract: str
    every_minutes: int
    is_paused: bool
    created_by: str
    created_at: str
    is_once: bool = False


@dataclass(frozen=True)
class SourceState(Attempts):
    """The document. Times are ISO 8601 UTC text; empty: never."""

    cursor: Mapping[str, Any] = field(default_factory=dict)
    cursor_of: str = ""
    """Digest of the settings that name what the cursor is a position in; empty: unknown."""
    stored: int = 0
    """Generation of the object with the stored keys of files; 0: none that fits the cursor."""
    run: str = ""
    """The ID of the run that holds the lease."""
    process: str = ""
    until: str = ""
    is_requested: bool = False
    """Whether a person has requested a run."""
    last_run_at: str = ""
    last_complete_at: str = ""
    """The last time at which everything that the source had was read."""
    stalled: int = 0
    """Runs since the last complete one that were stopped before they brought anything."""
    behind: int | None = None
    """Files, rows or messages that the source had and that were not read; None: unknown."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ConnectorStatus(SourceState):
    """The state of a connector for people."""

    name: str = ""
    is_running: bool = False


class LostLease(Rejected):
    """The run has lost its lease: the connector was removed, or another process runs it."""

    def __init__(self) -> None:
        super().__init__("The run was stopped, because the connector was removed or another process runs it.")


def connector_status(ports: Ports, name: str) -> ConnectorStatus:
    """The status of a connector; of one that never ran, with empty values."""
    return _status(ports, name, read_state(ports, name))


def all_statuses(ports: Ports) -> dict[str, ConnectorStatus]:
    """Name → status of each connector that ever ran."""
    return {
        document.id: _status(ports, document.id, _parse(document))
        for document in ports.documents.find(STATES_COLLECTION)
    }


def connector_lag(status: ConnectorStatus, now: datetime) -> timedelta | None:
    """Time since everything that the source had was read; None if it never was, or a clock was wrong."""
    last = status.last_complete_at
    return dates.duration_between(datetime.fromisoformat(last), now, dates.LONGEST_WAIT) if last else None


def is_connector_late(connector: Connector, status: ConnectorStatus, now: datetime) -> bool:
    """Whether sales may be missing because the connector has not read its source to the end for long; not if paused,
    and never for a backfill, whose time depends on the size of its history."""
    return not (connector.is_paused or connector.is_once) and now > connector_late_at(connector, status)


def connector_late_at(connector: Connector, status: ConnectorStatus) -> datetime:
    """When the connector is late, unless it reads its source to the end before."""
    since = datetime.fromisoformat(status.last_complete_at or connector.created_at)
    return since + 2 * timedelta(minutes=connector.every_minutes) + LATE_AFTER


def is_connector_due(connector: Connector, status: ConnectorStatus | None, now: datetime) -> bool:
    """Whether to run a connector now. status: None if it never ran."""
    if status and (status.is_running or status.is_requested):
        return not status.is_running
    if connector.is_once and status and status.last_complete_at:
        return False
    return (not status or status.is_due(now)) and not connector.is_paused


def note_request(ports: Ports, name: str) -> None:
    """Let the next turn of the schedule run a connector, also a paused one."""
    update_document(
        ports.documents, STATES_COLLECTION, name, lambda old: Update(_json(replace(_parse(old), is_requested=True)))
    )


def read_state(ports: Ports, name: str) -> SourceState:
    return _parse(ports.documents.get(STATES_COLLECTION, name))


def begin_run(ports: Ports, name: str, run: str, cursor_of: str = "") -> tuple[SourceState, str]:
    """Take the lease for a run; return the state, and the id of the run that ended without its end, or empty.

    cursor_of: as in `SourceState`; a cursor of something else is dropped. Raises `Rejected` if a run is at work.
    """
    interrupted = ""

    def taken(document: Document | None) -> Update:
        nonlocal interrupted
        state = _parse(document)
        if _is_running(ports, state):
            raise Rejected(f"The connector {name} is running.")
        interrupted = state.run
        until = (ports.clock.now() + LEASE_TIME).isoformat()
        if state.cursor_of not in ("", cursor_of):
            state = replace(state, cursor={})
        return Update(
            _json(replace(state, run=run, process=PROCESS_ID, until=until, is_requested=False, cursor_of=cursor_of))
        )

    return _parse(update_document(ports.documents, STATES_COLLECTION, name, taken)), interrupted


def save_progress(
    ports: Ports, name: str, run: str, *, cursor: Cursor | None = None, stored: int | None = None
) -> SourceState:
    """Renew the lease of a run, with the cursor or the generation of the stored keys if they changed. Raises
    `LostLease`."""

    def renewed(state: SourceState) -> SourceState:
        return replace(
            state,
            cursor=state.cursor if cursor is None else cursor,
            stored=state.stored if stored is None else stored,
            until=(ports.clock.now() + LEASE_TIME).isoformat(),
        )

    return _change(ports, name, run, renewed)


def end_run(
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
    """Release the lease with the result of the run. Raises `LostLease`."""
    now = ports.clock.now()
    at = dates.instant_text(now)

    def ended(state: SourceState) -> SourceState:
        released = replace(state.ended(next_at, error), run="", process="", until="", last_run_at=at)
        complete_at = at if is_complete else state.last_complete_at
        return replace(released, last_complete_at=complete_at, stalled=stalled, behind=behind, notes=notes)

    _change(ports, name, run, ended)


def _is_running(ports: Ports, state: SourceState) -> bool:
    if not state.run or ports.clock.now() >= datetime.fromisoformat(state.until):
        return False
    return state.process == PROCESS_ID or ports.jobs is not None


def _change(ports: Ports, name: str, run: str, change: Callable[[SourceState], SourceState]) -> SourceState:
    """Change the state of a run that holds the lease; a request that was made meanwhile is kept. Raises `LostLease`."""

    def changed(document: Document | None) -> Update:
        if document is None or document.data["run"] != run:
            raise LostLease
        return Update(_json(change(_parse(document))))

    return _parse(update_document(ports.documents, STATES_COLLECTION, name, changed))


def _status(ports: Ports, name: str, state: SourceState) -> ConnectorStatus:
    return ConnectorStatus(**vars(state), name=name, is_running=_is_running(ports, state))


def _json(state: SourceState) -> dict[str, Any]:
    cursor = json.dumps(state.cursor, ensure_ascii=False)
    if len(cursor.encode()) > MAX_CURSOR_BYTES:
        raise Rejected(f"The cursor of a connector has at most {MAX_CURSOR_BYTES:,} bytes.")
    return asdict(state) | {"cursor": cursor, "notes": list(state.notes)}


def _parse(document: Document | None) -> SourceState:
    if document is None:
        return SourceState()
    data = document.data
    return SourceState(**{**data, "cursor": json.loads(data["cursor"]), "notes": tuple(data["notes"])})
