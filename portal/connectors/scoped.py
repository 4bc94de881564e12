"""The connectors that the user may see, with their states."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal.context import ports, scope, tillstream
from portal.translation import N_, _, ngettext, nouns
from tillstream.connectors import kind_table, records
from tillstream.connectors.source import ConnectorKind
from tillstream.connectors.state import (
    Connector,
    ConnectorStatus,
    all_statuses,
    connector_lag,
    connector_status,
    is_connector_late,
)
from tillstream.model.errors import NotFound
from tillstream.model.permissions import Action

STATES = N_(
    {
        "on-time": ("On time", "good"),
        "running": ("Running", "busy"),
        "requested": ("Starts soon", "busy"),
        "late": ("Late", "ask"),
        "failing": ("Failing", "bad"),
        "paused": ("Paused", ""),
        "new": ("Not run yet", ""),
        "complete": ("Complete", "good"),
    }
)
"""Label and tone."""

SCHEDULES = N_(
    {5: "Every 5 minutes", 15: "Every 15 minutes", 30: "Every 30 minutes", 60: "Every hour", 1440: "Every day"}
)
UNITS = ((nouns("day", "days"), 86_400), (nouns("hour", "hours"), 3_600), (nouns("minute", "minutes"), 60))


class ConnectorState(StrEnum):
    """NEW: it has not run yet. COMPLETE: a backfill that has read its source to the end.
    REQUESTED: a person has requested a run, which begins soon."""

    ON_TIME = "on-time"
    RUNNING = "running"
    REQUESTED = "requested"
    LATE = "late"
    FAILING = "failing"
    PAUSED = "paused"
    NEW = "new"
    COMPLETE = "complete"

    @property
    def is_at_work(self) -> bool:
        return self in {ConnectorState.RUNNING, ConnectorState.REQUESTED}

    @property
    def needs_attention(self) -> bool:
        return self in {ConnectorState.LATE, ConnectorState.FAILING}


@dataclass(frozen=True)
class ListedConnector:
    """A connector, its kind, and what is stored about its runs. now: when it was read."""

    connector: Connector
    kind: ConnectorKind
    status: ConnectorStatus
    now: datetime

    @property
    def name(self) -> str:
        return self.connector.name

    @property
    def state(self) -> ConnectorState:
        return state_of(self.connector, self.status, self.now)

    @property
    def label(self) -> str:
        return STATES[self.state][0]

    @property
    def tone(self) -> str:
        return STATES[self.state][1]

    @property
    def lag(self) -> str:
        """Time since the last run that read the source to its end; a complete backfill has none."""
        since = connector_lag(self.status, self.now)
        if self.state == ConnectorState.COMPLETE or (since is None and self.status.last_complete_at):
            return "–"
        if since is None:
            return _("never")
        seconds = int(since.total_seconds())
        for unit, size in UNITS:
            if seconds >= size:
                return f"{seconds // size} {ngettext(*unit, seconds // size)}"
        return _("less than a minute")

    @property
    def schedule(self) -> str:
        return _("Once, as a backfill") if self.connector.is_once else schedule_text(self.connector.every_minutes)

    @property
    def region(self) -> str:
        """Region of its contract; empty if the contract is chosen by content."""
        return region_of(self.connector)


def state_of(one: Connector, stored: ConnectorStatus, now: datetime) -> ConnectorState:
    if stored.is_running or stored.is_requested:
        return ConnectorState.RUNNING if stored.is_running else ConnectorState.REQUESTED
    if one.is_once and stored.last_complete_at and not stored.failures:
        return ConnectorState.COMPLETE
    if one.is_paused:
        return ConnectorState.PAUSED
    if stored.failures:
        return ConnectorState.FAILING
    if is_connector_late(one, stored, now):
        return ConnectorState.LATE
    return ConnectorState.ON_TIME if stored.last_run_at else ConnectorState.NEW


def region_of(connector: Connector) -> str:
    contracts = tillstream().contracts.all()
    return contracts[connector.contract].region if connector.contract in contracts else ""


def listed_connectors() -> list[ListedConnector]:
    """By name. Empty for those who do not see the pipeline."""
    stored = visible_connectors()
    if not stored:
        return []
    now, states = ports().clock.now(), all_statuses(ports())
    return [_listed(one, states.get(one.name) or connector_status(ports(), one.name), now) for one in stored]


def listed_connector(name: str) -> ListedConnector:
    """Raises `NotFound`, also for one outside the user's regions."""
    stored = records.get_connector(ports(), name)
    if not _is_visible(stored):
        raise NotFound(_("There is no connector {name}.", name=name))
    return _listed(stored, connector_status(ports(), name), ports().clock.now())


def late_or_failing() -> int:
    """How many connectors are late or failing, for the menu."""
    return sum(one.state.needs_attention for one in listed_connectors())


def visible_connectors() -> list[Connector]:
    return (
        [one for one in records.find_connectors(ports()) if _is_visible(one)]
        if scope().may(Action.SEE_PIPELINE)
        else []
    )


def _is_visible(one: Connector) -> bool:
    """Those of the user's regions; those of every region only for users of all regions."""
    region = region_of(one)
    return scope().covers_region(region) if region else scope().regions is None


def _listed(one: Connector, stored: ConnectorStatus, now: datetime) -> ListedConnector:
    return ListedConnector(one, kind_table.find_kind(one.kind), stored, now)


def schedule_text(minutes: int) -> str:
    return str(SCHEDULES[minutes]) if minutes in SCHEDULES else _("Every {minutes} minutes", minutes=minutes)
