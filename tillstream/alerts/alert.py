"""An alert: one cause, what happened to it, and its states from pending to open, acknowledged, snoozed and ended.

An alert opens when its value has been at the threshold for a while, and ends when it has been below the lower level for
a while: between the two nothing changes.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from tillstream.alerts.kinds import AlertKind, AlertSeverity, kind_of
from tillstream.alerts.observations import Cause, Observation, divide_into_causes
from tillstream.alerts.rules import AlertRule
from tillstream.model.errors import Rejected
from tillstream.model.people import COMPANY_EXTENT, Extent, Scope, extent_of, may_change

MAX_MEMBERS = 200
"""Subjects that an alert lists; its document stays below the limit of a document store."""
MAX_EVENTS = 100
"""Latest events that an alert keeps."""

_INSTANTS = (
    *("created_at", "held_since", "clear_since", "opened_at", "ended_at", "waiting_since", "snoozed_until"),
)  # fmt: skip

MAX_SNOOZE = timedelta(days=31)
DISABLED = "The rule is no longer used."


class AlertState(StrEnum):
    PENDING = "pending"
    """The condition holds, but not long enough."""
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    ENDED = "ended"


ACTIVE_STATES = frozenset({AlertState.OPEN, AlertState.ACKNOWLEDGED, AlertState.SNOOZED})
"""States in which the cause of an alert has not ended."""


class AlertEventKind(StrEnum):
    OPENED = "opened"
    REMINDED = "reminded"
    ESCALATED = "escalated"
    ENDED = "ended"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"


NOTIFIED = frozenset({AlertEventKind.OPENED, AlertEventKind.REMINDED, AlertEventKind.ESCALATED, AlertEventKind.ENDED})
"""Events about which channels are notified."""


@dataclass(frozen=True)
class AlertEvent:
    """Something that happened to an alert. number: 1 for the first one. by: a sign-in name; empty: by itself."""

    number: int
    kind: AlertEventKind
    at: datetime
    by: str = ""
    text: str = ""


@dataclass(frozen=True)
class AlertMember:
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
    kind: str
    subject: str
    severity: AlertSeverity
    state: AlertState
    created_at: datetime
    members: tuple[AlertMember, ...]
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
    def alert_kind(self) -> AlertKind:
        return kind_of(self.kind)

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE_STATES

    @property
    def is_open(self) -> bool:
        """Whether nobody takes care of it yet."""
        return self.state is AlertState.OPEN

    @property
    def region(self) -> str:
        """That of all members; empty if they have several or none."""
        regions = {one.region for one in self.members}
        return regions.pop() if len(regions) == 1 else ""

    @property
    def title(self) -> str:
        if self.member_count == 1:
            return self.members[0].title
        return self.alert_kind.group_title(self.member_count, self.region)

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
        last = next((one for one in reversed(self.events) if one.kind is AlertEventKind.ACKNOWLEDGED), None)
        return last.by if last and self.state is AlertState.ACKNOWLEDGED else ""

    @property
    def extents(self) -> tuple[Extent, ...]:
        """What its subjects concern. Of more subjects than it keeps, everything."""
        if self.member_count > len(self.members):
            return (COMPANY_EXTENT,)
        return tuple(extent_of(one.region, *([one.store] if one.store else [])) for one in self.members)

    def may_be_changed(self, scope: Scope) -> bool:
        """Whether a person who may read about all its subjects sees all that these concern, too."""
        return self.within(scope) == self and all(may_change(scope, one) for one in self.extents)

    def with_event(self, kind: AlertEventKind, at: datetime, by: str = "", text: str = "") -> "Alert":
        number = self.event_count + 1
        events = (*self.events, AlertEvent(number, kind, at, by, text))[-MAX_EVENTS:]
        return replace(self, event_count=number, events=events)

    def within(self, scope: Scope) -> "Alert | None":
        """The alert with the members that a user may read about; None without any."""
        if not scope.may(self.alert_kind.needs):
            return None
        members = tuple(one for one in self.members if _may_read(scope, one, self.alert_kind))
        if not members:
            return None
        is_whole = len(members) == len(self.members)
        return self if is_whole else replace(self, members=members, member_count=len(members))


def _may_read(scope: Scope, member: AlertMember, kind: AlertKind) -> bool:
    if scope.salesperson is not None:
        return False
    if not member.region:
        return scope.regions is None and scope.stores is None
    if not scope.covers_region(member.region):
        return False
    is_of_region = member.store is None and not kind.is_of_figures
    return is_of_region or scope.covers_stores(None if member.store is None else (member.store,))


def alert_to_json(alert: Alert) -> dict[str, Any]:
    """As stored; instants are ISO 8601 text, None if there is none."""
    return {name: _plain(value) for name, value in asdict(alert).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def alert_from_json(data: Mapping[str, Any]) -> Alert:
    at = {name: datetime.fromisoformat(data[name]) if data[name] else None for name in _INSTANTS}
    parsed = {
        "kind": kind_of(data["kind"]).name,
        "severity": AlertSeverity(data["severity"]),
        "state": AlertState(data["state"]),
        "members": tuple(AlertMember(**one) for one in data["members"]),
        "events": tuple(
            AlertEvent(**one | {"kind": AlertEventKind(one["kind"]), "at": datetime.fromisoformat(one["at"])})
            for one in data["events"]
        ),
    }
    return Alert(**{**data, **at, **parsed})


def alert_id(rule_id: str, subject: str) -> str:
    """20 hex digits; one alert for each cause of a rule."""
    return hashlib.sha256(f"alert\x1f{rule_id}\x1f{subject}".encode()).hexdigest()[:20]


def advance_alert(alert: Alert | None, cause: Cause | None, rule: AlertRule, now: datetime) -> Alert | None:
    """The alert after an evaluation; an equal one if nothing has changed. cause: None if it is gone.

    Repeating it with the same arguments changes nothing more.
    """
    if alert is None or alert.state is AlertState.ENDED:
        return _begin(alert, cause, rule, now) if cause and cause.opens else alert
    if alert.state is AlertState.PENDING:
        if cause is None or not cause.opens:
            return replace(alert, state=AlertState.ENDED)
        return _open_if_due(_about(alert, cause, rule), rule, now)
    if cause is None:
        return _end_if_due(alert, rule, now)
    return _remind(_about(replace(alert, clear_since=None), cause, rule), rule, now)


def causes_now(
    unfinished: Mapping[str, Alert], observations: Iterable[Observation], rule: AlertRule
) -> dict[str, Cause]:
    """Subject → cause of what a rule observes; unfinished: its alerts that have not ended, by subject."""
    active = {
        subject: {member.subject for member in one.members} for subject, one in unfinished.items() if one.is_active
    }
    return {one.subject: one for one in divide_into_causes(observations, active, rule.group_over)}


def end_alert(alert: Alert, now: datetime, text: str = "") -> Alert:
    """The alert whose cause has ended; one that never opened ends without an event."""
    if not alert.is_active:
        return replace(alert, state=AlertState.ENDED)
    ended = replace(
        alert, state=AlertState.ENDED, ended_at=now, clear_since=None, snoozed_until=None, waiting_since=None
    )
    return ended.with_event(AlertEventKind.ENDED, now, text=text)


def acknowledged_alert(alert: Alert, by: str, now: datetime) -> Alert:
    """Somebody takes care of it: no reminders, no escalation. Raises `Rejected` if it has ended."""
    _check_active(alert)
    if alert.state is AlertState.ACKNOWLEDGED:
        return alert
    taken = replace(alert, state=AlertState.ACKNOWLEDGED, waiting_since=None, snoozed_until=None)
    return taken.with_event(AlertEventKind.ACKNOWLEDGED, now, by)


def snoozed_alert(alert: Alert, until: datetime, by: str, now: datetime) -> Alert:
    """Nobody is notified until an instant; then it is open again. Raises `Rejected`."""
    _check_active(alert)
    if not now < until <= now + MAX_SNOOZE:
        raise Rejected(f"An alert can be snoozed for up to {MAX_SNOOZE.days} days.")
    snoozed = replace(alert, state=AlertState.SNOOZED, snoozed_until=until, waiting_since=None)
    return snoozed.with_event(AlertEventKind.SNOOZED, now, by, f"until {until.day} {until:%B at %H:%M} UTC")


def _check_active(alert: Alert) -> None:
    if not alert.is_active:
        raise Rejected("The alert has ended.")


def _begin(alert: Alert | None, cause: Cause, rule: AlertRule, now: datetime) -> Alert:
    key = alert_id(rule.id, cause.subject)
    new = Alert(key, rule.id, rule.kind, cause.subject, rule.severity, AlertState.PENDING, now, (), 0, held_since=now)
    if alert:
        earlier = {
            name: getattr(alert, name) for name in ("created_at", "opened_at", "ended_at", "event_count", "events")
        }
        new = replace(new, **earlier)
    return _open_if_due(_about(new, cause, rule), rule, now)


def _about(alert: Alert, cause: Cause, rule: AlertRule) -> Alert:
    """The alert with the subjects of its cause now."""
    members = tuple(
        AlertMember(one.subject, one.title, one.text, one.region, one.store, one.path)
        for one in cause.observations[:MAX_MEMBERS]
    )
    return replace(alert, members=members, member_count=len(cause.observations), severity=rule.severity)


def _open_if_due(alert: Alert, rule: AlertRule, now: datetime) -> Alert:
    if now - alert.held_since < timedelta(minutes=rule.opens_after):
        return alert
    opened = replace(alert, state=AlertState.OPEN, opened_at=now, ended_at=None, waiting_since=now, is_escalated=False)
    return opened.with_event(AlertEventKind.OPENED, now)


def _end_if_due(alert: Alert, rule: AlertRule, now: datetime) -> Alert:
    since = alert.clear_since or now
    if now - since >= timedelta(minutes=rule.ends_after):
        return end_alert(alert, now)
    return alert if alert.clear_since else replace(alert, clear_since=now)


def _remind(alert: Alert, rule: AlertRule, now: datetime) -> Alert:
    if alert.state is AlertState.SNOOZED and alert.snoozed_until and alert.snoozed_until <= now:
        woken = replace(alert, state=AlertState.OPEN, snoozed_until=None, waiting_since=now, is_escalated=False)
        return woken.with_event(AlertEventKind.REMINDED, now)
    if _needs_escalation(alert, rule, now):
        return replace(alert, is_escalated=True).with_event(AlertEventKind.ESCALATED, now)
    return alert


def _needs_escalation(alert: Alert, rule: AlertRule, now: datetime) -> bool:
    after = timedelta(minutes=rule.delivery.escalate_after)
    if not after or alert.is_escalated or alert.state is not AlertState.OPEN or alert.waiting_since is None:
        return False
    return now - alert.waiting_since >= after
