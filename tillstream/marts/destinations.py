"""The destinations of the marts: databases and folders to which they are written when they are due."""

import re
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from tillstream.marts.state import MartState
from tillstream.model.audit import AuditAction
from tillstream.model.dates import instant_text
from tillstream.model.errors import Rejected
from tillstream.ports import Ports
from tillstream.records import data_version
from tillstream.records.collection import Collection
from tillstream.records.jobs import Attempts, Job, growing_pause

DESTINATION_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
MARTS = Job("marts")
DAY, HOUR, SETTLEMENT = "day", "hour", "settlement"
EVERY = (DAY, HOUR, SETTLEMENT)

AUDITED_FIELDS = ("to", "password", "schema", "format", "every")
INTERVALS = {DAY: timedelta(days=1), HOUR: timedelta(hours=1), SETTLEMENT: timedelta(days=1)}
"""Longest time from the beginning of a run to that of the next one."""
SHORTEST_PAUSE = timedelta(minutes=1)
"""Time from the beginning of a run after a settlement to that of the next one, and the pause after a failure."""
LONGEST_PAUSE = timedelta(hours=1)
SLACK = timedelta(minutes=15)
"""A run that begins at most this much after it was due does not move the time of day of the next one."""
LONG_FAILURE = timedelta(days=1)
MAX_MESSAGE = 1_000


@dataclass(frozen=True)
class MartDestinationDraft:
    """What an administrator enters. to: the URL of a database without the password, the path of a folder, or its URL.
    password: a reference. schema: of a database. format: of a folder; empty: that of the last export to it."""

    name: str
    to: str
    password: str = ""
    schema: str = ""
    format: str = ""
    every: str = DAY


@dataclass(frozen=True)
class MartDestination(Attempts, MartDestinationDraft):
    """Times are ISO 8601 UTC text; empty: never."""

    added_by: str = ""
    added_at: str = ""
    ran_at: str = ""
    """When the last run began."""
    done_at: str = ""
    """When the last run ended that did not fail."""
    failing_since: str = ""
    """When the first of the `failures` ended."""
    settlement_no: int = 0
    """The last settlement that the destination has."""
    as_of: str = ""
    version: int = 0
    """Of the data, before the last run that did not fail."""


DESTINATIONS = Collection(
    "mart_destinations",
    MartDestination,
    "destination",
    lambda one: {name: value for name in AUDITED_FIELDS if (value := getattr(one, name))},
    limit=50,
    key="name",
)
find_destinations, get_destination = DESTINATIONS.find, DESTINATIONS.get


def add_destination(ports: Ports, draft: MartDestinationDraft, by: str) -> MartDestination:
    """Add a destination, which is due at once. Raises `Rejected`."""
    if not DESTINATION_NAME.fullmatch(draft.name):
        raise Rejected(
            "The name of a destination has up to 40 small letters, digits and hyphens, such as reporting-db."
        )
    if draft.every not in EVERY:
        raise Rejected(f"A destination is written every {', '.join(EVERY[:-1])} or {EVERY[-1]}.")
    same_address = (one.name for one in find_destinations(ports) if (one.to, one.schema) == (draft.to, draft.schema))
    if same := next(same_address, None):
        raise Rejected(f"{same} is the destination at this address already.")
    added_at = ports.clock.now().isoformat(timespec="seconds")
    destination = MartDestination(**asdict(draft), added_by=by, added_at=added_at)
    return DESTINATIONS.add(ports, destination, by, AuditAction.MART_DESTINATION_ADDED)


def remove_destination(ports: Ports, name: str, by: str) -> MartDestination:
    """Write to a destination no longer; what it has stays there. Raises `NotFound`."""
    return DESTINATIONS.remove(ports, name, by, AuditAction.MART_DESTINATION_REMOVED)


def due_destinations(ports: Ports) -> list[MartDestination]:
    """The destinations to write now, those that wait longest first. Only those of each settlement are written while
    sales are being loaded: the others would lack a part of them for an hour or a day."""
    every = find_destinations(ports)
    now, version = ports.clock.now(), data_version.version_number(ports.documents)
    due_now = [one for one in every if is_destination_due(one, version, now)]
    if any(one.every != SETTLEMENT for one in due_now) and MARTS.must_wait(ports):
        due_now = [one for one in due_now if one.every == SETTLEMENT]
    return sorted(due_now, key=lambda one: one.next_at)


def is_destination_due(destination: MartDestination, version: int, now: datetime) -> bool:
    """Whether to write a destination now. version: of the data."""
    if destination.is_due(now):
        return True
    if destination.failures or destination.every != SETTLEMENT or destination.version == version:
        return False
    return now - datetime.fromisoformat(destination.ran_at) >= SHORTEST_PAUSE


def settlements_behind(ports: Ports, destination: MartDestination) -> int:
    """Settlements of the ledger that a destination lacks."""
    return max(data_version.newest_settlement(ports.documents) - destination.settlement_no, 0)


def has_failed_long(destination: MartDestination, now: datetime) -> bool:
    """Whether a destination has failed for a day, or was not written for a day longer than it should be."""
    if destination.failing_since and now - datetime.fromisoformat(destination.failing_since) >= LONG_FAILURE:
        return True
    last = datetime.fromisoformat(destination.done_at or destination.added_at)
    return now - last > INTERVALS[destination.every] + LONG_FAILURE


def count_failed_long(ports: Ports) -> int:
    now = ports.clock.now()
    return sum(has_failed_long(one, now) for one in find_destinations(ports))


def note_done(ports: Ports, name: str, started: datetime, version: int, state: MartState) -> None:
    """Note a run that wrote everything up to `state`. version: of the data before the run."""
    now = ports.clock.now()

    def done(old: MartDestination) -> MartDestination:
        return replace(
            old.ended(_next(old, started)),
            ran_at=instant_text(started),
            done_at=instant_text(now),
            failing_since="",
            settlement_no=state.settlement_no,
            as_of=state.as_of,
            version=version,
        )

    DESTINATIONS.note(ports, name, done)


def note_failure(ports: Ports, name: str, started: datetime, why: str) -> None:
    """Note a run that failed; the pause until the next one doubles with each failure."""
    now = ports.clock.now()

    def failed(old: MartDestination) -> MartDestination:
        next_at = now + growing_pause(old.failures + 1, SHORTEST_PAUSE, LONGEST_PAUSE)
        since = old.failing_since or instant_text(now)
        return replace(old.ended(next_at, why[:MAX_MESSAGE]), ran_at=instant_text(started), failing_since=since)

    DESTINATIONS.note(ports, name, failed)


def _next(old: MartDestination, started: datetime) -> datetime:
    """A run on request does not move the time of the next one; nor does a short delay."""
    interval = INTERVALS[old.every]
    if old.failures or not old.next_at:
        return started + interval
    due_at = datetime.fromisoformat(old.next_at)
    if started < due_at:
        return due_at
    return (due_at if started - due_at < SLACK else started) + interval
