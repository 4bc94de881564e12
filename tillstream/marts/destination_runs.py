"""When a destination of the marts is due, how far it is behind the ledger, and what its last runs did."""

from dataclasses import replace
from datetime import datetime, timedelta

from tillstream.marts import destinations
from tillstream.marts.destinations import DAY, HOUR, SETTLEMENT, Destination
from tillstream.marts.state import MartState
from tillstream.ports import Ports
from tillstream.records import data_version, sales_loads

INTERVALS = {DAY: timedelta(days=1), HOUR: timedelta(hours=1), SETTLEMENT: timedelta(days=1)}
"""Longest time from the beginning of a run to that of the next one."""
SHORTEST_PAUSE = timedelta(minutes=1)
"""Time from the beginning of a run after a settlement to that of the next one, and the pause after a failure."""
LONGEST_PAUSE = timedelta(hours=1)
SLACK = timedelta(minutes=15)
"""A run that begins at most this much after it was due does not move the time of day of the next one."""
LONG = timedelta(days=1)
MAX_MESSAGE = 1_000


def due(ports: Ports) -> list[Destination]:
    """The destinations to write now, those that wait longest first. Only those of each settlement are written while
    sales are being loaded: the others would lack a part of them for an hour or a day."""
    every = destinations.find(ports)
    now, version = ports.clock.now(), data_version.version_number(ports.documents)
    due_now = [one for one in every if is_due(one, version, now)]
    if any(one.every != SETTLEMENT for one in due_now) and sales_loads.must_wait(ports, "marts"):
        due_now = [one for one in due_now if one.every == SETTLEMENT]
    return sorted(due_now, key=lambda one: one.next_at)


def is_due(destination: Destination, version: int, now: datetime) -> bool:
    """Whether to write a destination now. version: of the data."""
    if not destination.next_at or now >= datetime.fromisoformat(destination.next_at):
        return True
    if destination.failures or destination.every != SETTLEMENT or destination.version == version:
        return False
    return now - datetime.fromisoformat(destination.ran_at) >= SHORTEST_PAUSE


def behind(ports: Ports, destination: Destination) -> int:
    """Settlements of the ledger that a destination lacks."""
    return max(data_version.newest_settlement(ports.documents) - destination.settlement_no, 0)


def has_failed_long(destination: Destination, now: datetime) -> bool:
    """Whether a destination has failed for a day, or was not written for a day longer than it should be."""
    if destination.failing_since and now - datetime.fromisoformat(destination.failing_since) >= LONG:
        return True
    last = datetime.fromisoformat(destination.done_at or destination.added_at)
    return now - last > INTERVALS[destination.every] + LONG


def count_failed_long(ports: Ports) -> int:
    now = ports.clock.now()
    return sum(has_failed_long(one, now) for one in destinations.find(ports))


def note_done(ports: Ports, name: str, started: datetime, version: int, state: MartState) -> None:
    """Note a run that wrote everything up to `state`. version: of the data before the run."""
    done_at = _text(ports.clock.now())

    def done(old: Destination) -> Destination:
        return replace(
            old,
            ran_at=_text(started),
            done_at=done_at,
            settlement_no=state.settlement_no,
            as_of=state.as_of,
            version=version,
            next_at=_text(_next(old, started)),
            failures=0,
            failing_since="",
            error="",
        )

    destinations.change(ports, name, done)


def note_failure(ports: Ports, name: str, started: datetime, why: str) -> None:
    """Note a run that failed; the pause until the next one doubles with each failure."""
    now = ports.clock.now()

    def failed(old: Destination) -> Destination:
        failures = old.failures + 1
        pause = min(SHORTEST_PAUSE * 2 ** min(failures - 1, 10), LONGEST_PAUSE)
        return replace(
            old,
            ran_at=_text(started),
            next_at=_text(now + pause),
            failures=failures,
            failing_since=old.failing_since or _text(now),
            error=why[:MAX_MESSAGE],
        )

    destinations.change(ports, name, failed)


def _next(old: Destination, started: datetime) -> datetime:
    """A run on request does not move the time of the next one; nor does a short delay."""
    interval = INTERVALS[old.every]
    if old.failures or not old.next_at:
        return started + interval
    due_at = datetime.fromisoformat(old.next_at)
    if started < due_at:
        return due_at
    return (due_at if started - due_at < SLACK else started) + interval


def _text(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds")
