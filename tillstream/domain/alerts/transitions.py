"""The state machine of an alert: pending → open → acknowledged or snoozed → ended, and open again.

An alert opens when its value has been at the threshold for a while, and ends when it has been below the lower level for
a while: between the two nothing changes.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from tillstream.domain.alerts.alert import MOST_MEMBERS, Alert, EventKind, Member, State
from tillstream.domain.alerts.observations import Cause, Observation, causes
from tillstream.domain.alerts.rules import AlertRule
from tillstream.model.errors import Rejected

LONGEST_SNOOZE = timedelta(days=31)
DISABLED = "The rule is no longer used."


def alert_id(rule_id: str, subject: str) -> str:
    """20 hex digits; one alert for each cause of a rule."""
    return hashlib.sha256(f"alert\x1f{rule_id}\x1f{subject}".encode()).hexdigest()[:20]


def advance(alert: Alert | None, cause: Cause | None, rule: AlertRule, now: datetime) -> Alert | None:
    """The alert after an evaluation; an equal one if nothing has changed. cause: None if it is gone.

    Repeating it with the same arguments changes nothing more.
    """
    if alert is None or alert.state is State.ENDED:
        return _begin(alert, cause, rule, now) if cause and cause.opens else alert
    if alert.state is State.PENDING:
        if cause is None or not cause.opens:
            return replace(alert, state=State.ENDED)
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
    return {one.subject: one for one in causes(observations, active, rule.group_over)}


def end(alert: Alert, now: datetime, text: str = "") -> Alert:
    """The alert whose cause has ended; one that never opened ends without an event."""
    if not alert.is_active:
        return replace(alert, state=State.ENDED)
    ended = replace(alert, state=State.ENDED, ended_at=now, clear_since=None, snoozed_until=None, waiting_since=None)
    return ended.with_event(EventKind.ENDED, now, text=text)


def acknowledge(alert: Alert, by: str, now: datetime) -> Alert:
    """Somebody takes care of it: no reminders, no escalation. Raises `Rejected` if it has ended."""
    _check_active(alert)
    if alert.state is State.ACKNOWLEDGED:
        return alert
    taken = replace(alert, state=State.ACKNOWLEDGED, waiting_since=None, snoozed_until=None)
    return taken.with_event(EventKind.ACKNOWLEDGED, now, by)


def snooze(alert: Alert, until: datetime, by: str, now: datetime) -> Alert:
    """Nobody is notified until an instant; then it is open again. Raises `Rejected`."""
    _check_active(alert)
    if not now < until <= now + LONGEST_SNOOZE:
        raise Rejected(f"An alert can be snoozed for up to {LONGEST_SNOOZE.days} days.")
    snoozed = replace(alert, state=State.SNOOZED, snoozed_until=until, waiting_since=None)
    return snoozed.with_event(EventKind.SNOOZED, now, by, f"until {until.day} {until:%B at %H:%M} UTC")


def _check_active(alert: Alert) -> None:
    if not alert.is_active:
        raise Rejected("The alert has ended.")


def _begin(alert: Alert | None, cause: Cause, rule: AlertRule, now: datetime) -> Alert:
    key = alert_id(rule.id, cause.subject)
    new = Alert(key, rule.id, rule.kind, cause.subject, rule.severity, State.PENDING, now, (), 0, held_since=now)
    if alert:
        earlier = {
            name: getattr(alert, name) for name in ("created_at", "opened_at", "ended_at", "event_count", "events")
        }
        new = replace(new, **earlier)
    return _open_if_due(_about(new, cause, rule), rule, now)


def _about(alert: Alert, cause: Cause, rule: AlertRule) -> Alert:
    """The alert with the subjects of its cause now."""
    members = tuple(
        Member(one.subject, one.title, one.text, one.region, one.store, one.path)
        for one in cause.observations[:MOST_MEMBERS]
    )
    return replace(alert, members=members, member_count=len(cause.observations), severity=rule.severity)


def _open_if_due(alert: Alert, rule: AlertRule, now: datetime) -> Alert:
    if now - alert.held_since < timedelta(minutes=rule.opens_after):
        return alert
    opened = replace(alert, state=State.OPEN, opened_at=now, ended_at=None, waiting_since=now, is_escalated=False)
    return opened.with_event(EventKind.OPENED, now)


def _end_if_due(alert: Alert, rule: AlertRule, now: datetime) -> Alert:
    since = alert.clear_since or now
    if now - since >= timedelta(minutes=rule.ends_after):
        return end(alert, now)
    return alert if alert.clear_since else replace(alert, clear_since=now)


def _remind(alert: Alert, rule: AlertRule, now: datetime) -> Alert:
    if alert.state is State.SNOOZED and alert.snoozed_until and alert.snoozed_until <= now:
        woken = replace(alert, state=State.OPEN, snoozed_until=None, waiting_since=now, is_escalated=False)
        return woken.with_event(EventKind.REMINDED, now)
    if _needs_escalation(alert, rule, now):
        return replace(alert, is_escalated=True).with_event(EventKind.ESCALATED, now)
    return alert


def _needs_escalation(alert: Alert, rule: AlertRule, now: datetime) -> bool:
    after = timedelta(minutes=rule.delivery.escalate_after)
    if not after or alert.is_escalated or alert.state is not State.OPEN or alert.waiting_since is None:
        return False
    return now - alert.waiting_since >= after
