"""An alert: one cause, its state, and what happened to it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from tillstream.domain.alerts.kind import Kind, KindName, Severity
from tillstream.domain.alerts.kinds import kind_of
from tillstream.model.people import COMPANY_EXTENT, Extent, Scope, extent_of, may_change

MOST_MEMBERS = 200
"""Subjects that an alert lists; its document stays below the limit of a document store."""
MOST_EVENTS = 100
"""Latest events that an alert keeps."""


class State(StrEnum):
    PENDING = "pending"
    """The condition holds, but not long enough."""
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    ENDED = "ended"


ACTIVE = frozenset({State.OPEN, State.ACKNOWLEDGED, State.SNOOZED})
"""States in which the cause of an alert has not ended."""


class EventKind(StrEnum):
    OPENED = "opened"
    REMINDED = "reminded"
    ESCALATED = "escalated"
    ENDED = "ended"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"


NOTIFIED = frozenset({EventKind.OPENED, EventKind.REMINDED, EventKind.ESCALATED, EventKind.ENDED})
"""Events about which channels are notified."""


@dataclass(frozen=True)
class AlertEvent:
    """Something that happened to an alert. number: 1 for the first one. by: a sign-in name; empty: by itself."""

    number: int
    kind: EventKind
    at: datetime
    by: str = ""
    text: str = ""


@dataclass(frozen=True)
class Member:
    """A subject of an alert. store: None for a whole region."""

    subject: str
    title: str
    text: str
    region: str
    store: str | None
    path: str


@dataclass(frozen=True)
class Alert:
    """An alert of a rule about one cause. It is the same alert when its cause comes again.

    since: when the condition began to hold, or when it was gone while the alert is active. opened_at: of the last time;
    None if it never opened. waiting_since: since when nobody has acknowledged it. event_count: of all events, also
    those that are not kept.
    """

    id: str
    rule_id: str
    kind: KindName
    subject: str
    severity: Severity
    state: State
    created_at: datetime
    members: tuple[Member, ...]
    member_count: int
    held_since: datetime
    clear_since: datetime | None = None
    opened_at: datetime | None = None
    ended_at: datetime | None = None
    waiting_since: datetime | None = None
    snoozed_until: datetime | None = None
    is_escalated: bool = False
    event_count: int = 0
    events: tuple[AlertEvent, ...] = ()

    @property
    def of(self) -> Kind:
        return kind_of(self.kind)

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def is_open(self) -> bool:
        """Whether nobody takes care of it yet."""
        return self.state is State.OPEN

    @property
    def region(self) -> str:
        """That of all members; empty if they have several or none."""
        regions = {one.region for one in self.members}
        return regions.pop() if len(regions) == 1 else ""

    @property
    def title(self) -> str:
        if self.member_count == 1:
            return self.members[0].title
        return self.of.group_title(self.member_count, self.region)

    @property
    def text(self) -> str:
        """More about its subjects, one a line; empty if the title is all."""
        if self.member_count == 1:
            return self.members[0].text
        left = self.member_count - len(self.members)
        return "\n".join([one.title for one in self.members] + ([f"and {left:,} more"] if left else []))

    @property
    def path(self) -> str:
        return f"/alerts/{self.id}"

    @property
    def acknowledged_by(self) -> str:
        """Who acknowledged it since it opened; empty if nobody."""
        last = next((one for one in reversed(self.events) if one.kind is EventKind.ACKNOWLEDGED), None)
        return last.by if last and self.state is State.ACKNOWLEDGED else ""

    @property
    def extents(self) -> tuple[Extent, ...]:
        """What its subjects concern. Of more subjects than it keeps, everything."""
        if self.member_count > len(self.members):
            return (COMPANY_EXTENT,)
        return tuple(extent_of(one.region, *([one.store] if one.store else [])) for one in self.members)

    def may_be_changed(self, scope: Scope) -> bool:
        """Whether a person who may read about all its subjects sees all that these concern, too."""
        return self.within(scope) == self and all(may_change(scope, one) for one in self.extents)

    def with_event(self, kind: EventKind, at: datetime, by: str = "", text: str = "") -> "Alert":
        number = self.event_count + 1
        events = (*self.events, AlertEvent(number, kind, at, by, text))[-MOST_EVENTS:]
        return replace(self, event_count=number, events=events)

    def within(self, scope: Scope) -> "Alert | None":
        """The alert with the members that a user may read about; None without any."""
        if not scope.may(self.of.needs):
            return None
        members = tuple(one for one in self.members if _may_read(scope, one, self.of))
        if not members:
            return None
        is_whole = len(members) == len(self.members)
        return self if is_whole else replace(self, members=members, member_count=len(members))


def _may_read(scope: Scope, member: Member, kind: Kind) -> bool:
    if scope.salesperson is not None:
        return False
    if not member.region:
        return scope.regions is None and scope.stores is None
    if not scope.covers_region(member.region):
        return False
    is_of_region = member.store is None and not kind.is_of_figures
    return is_of_region or scope.covers_stores(None if member.store is None else (member.store,))


def to_json(alert: Alert) -> dict[str, Any]:
    """As stored; instants are ISO 8601 text, None if there is none."""
    return {name: _plain(value) for name, value in asdict(alert).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def from_json(data: Mapping[str, Any]) -> Alert:
    at = {name: datetime.fromisoformat(data[name]) if data[name] else None for name in _INSTANTS}
    parsed = {
        "kind": KindName(data["kind"]),
        "severity": Severity(data["severity"]),
        "state": State(data["state"]),
        "members": tuple(Member(**one) for one in data["members"]),
        "events": tuple(
            AlertEvent(**one | {"kind": EventKind(one["kind"]), "at": datetime.fromisoformat(one["at"])})
            for one in data["events"]
        ),
    }
    return Alert(**{**data, **at, **parsed})


_INSTANTS = (
    *("created_at", "held_since", "clear_since", "opened_at", "ended_at", "waiting_since", "snoozed_until"),
)  # fmt: skip
