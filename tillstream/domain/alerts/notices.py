"""Notices: what channels deliver about the events of alerts."""

import hashlib
from collections.abc import Iterator
from typing import Any

from tillstream.domain.alerts.alert import NOTIFIED, Alert, AlertEvent, EventKind
from tillstream.domain.alerts.kind import Severity
from tillstream.domain.alerts.rules import AlertRule

WAITING = "waiting"


def notices(before: Alert | None, after: Alert, rule: AlertRule) -> Iterator[tuple[str, dict[str, Any]]]:
    """ID and document of a notice for each new event that channels of the rule are notified about.

    The same event has the same ID, whenever it is computed.
    """
    earlier = before.event_count if before else 0
    for event in after.events:
        channels = _channels(event, rule)
        if event.number > earlier and event.kind in NOTIFIED and channels:
            yield _id(after, event), _notice(after, event, rule, channels)


def _channels(event: AlertEvent, rule: AlertRule) -> tuple[str, ...]:
    delivery = rule.delivery
    return delivery.escalate_to if event.kind is EventKind.ESCALATED else delivery.channels


def _id(alert: Alert, event: AlertEvent) -> str:
    parts = ("notice", alert.id, alert.created_at.isoformat(), event.number)
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:32]


def _notice(alert: Alert, event: AlertEvent, rule: AlertRule, channels: tuple[str, ...]) -> dict[str, Any]:
    quiet = rule.delivery.quiet
    due = quiet.due(event.at) if quiet and rule.severity is not Severity.URGENT else event.at
    return {
        "alert_id": alert.id,
        "rule_id": rule.id,
        "kind": event.kind.value,
        "title": alert.title,
        "text": "\n".join(filter(None, (alert.text, event.text))),
        "path": alert.path,
        "severity": rule.severity.value,
        "channels": list(channels),
        "digest": rule.delivery.digest and event.kind is not EventKind.ESCALATED,
        "due_at": due.isoformat(timespec="seconds"),
        "created_at": event.at.isoformat(timespec="seconds"),
        "region": alert.region,
        "stores": sorted({one.store for one in alert.members if one.store}),
        "state": WAITING,
    }
