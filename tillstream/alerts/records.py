"""Alerts as documents, each written together with the notices about what happened to it."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tillstream.alerts.alert import (
    NOTIFIED,
    Alert,
    AlertEvent,
    AlertEventKind,
    AlertState,
    acknowledged_alert,
    alert_from_json,
    alert_to_json,
    snoozed_alert,
)
from tillstream.alerts.kinds import KINDS, AlertSeverity
from tillstream.alerts.rules import AlertRule
from tillstream.model.audit import AuditAction
from tillstream.model.errors import NotFound
from tillstream.model.people import BeyondScope, Scope
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put, Update, update_document
from tillstream.records import audit_log

NOTICE_WAITING = "waiting"

ALERTS_COLLECTION, NOTICES_COLLECTION, STATE_COLLECTION, CHANGES = "alerts", "alert_notices", "alert_state", "changes"
KEPT_FOR = timedelta(days=90)
"""Time for which ended alerts and their notices are kept."""
MAX_ALERTS = 1_000
"""Latest alerts that are listed."""


def notices_of_change(before: Alert | None, after: Alert, rule: AlertRule) -> Iterator[tuple[str, dict[str, Any]]]:
    """ID and document of a notice for each new event that channels of the rule are notified about.

    The same event has the same ID, whenever it is computed.
    """
    earlier = before.event_count if before else 0
    for event in after.events:
        channels = _notified_channels(event, rule)
        if event.number > earlier and event.kind in NOTIFIED and channels:
            yield _notice_id(after, event), _notice(after, event, rule, channels)


def _notified_channels(event: AlertEvent, rule: AlertRule) -> tuple[str, ...]:
    delivery = rule.delivery
    return delivery.escalate_to if event.kind is AlertEventKind.ESCALATED else delivery.channels


def _notice_id(alert: Alert, event: AlertEvent) -> str:
    parts = ("notice", alert.id, alert.created_at.isoformat(), event.number)
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:32]


def _notice(alert: Alert, event: AlertEvent, rule: AlertRule, channels: tuple[str, ...]) -> dict[str, Any]:
    quiet = rule.delivery.quiet
    due = quiet.due(event.at) if quiet and rule.severity is not AlertSeverity.URGENT else event.at
    return {
        "alert_id": alert.id,
        "rule_id": rule.id,
        "kind": event.kind.value,
        "title": alert.title,
        "text": "\n".join(filter(None, (alert.text, event.text))),
        "path": alert.path,
        "severity": rule.severity.value,
        "channels": list(channels),
        "digest": rule.delivery.digest and event.kind is not AlertEventKind.ESCALATED,
        "due_at": due.isoformat(timespec="seconds"),
        "created_at": event.at.isoformat(timespec="seconds"),
        "region": alert.region,
        "stores": sorted({one.store for one in alert.members if one.store}),
        "state": NOTICE_WAITING,
    }


@dataclass(frozen=True)
class StoredAlert:
    """version: of its document; 0 if it has none yet."""

    alert: Alert
    version: int


def unfinished_alerts(ports: Ports) -> list[StoredAlert]:
    """The alerts that have not ended, also those that are pending."""
    return _of_kinds(ports.documents.find(ALERTS_COLLECTION, {"is_ended": False}))


def active_alerts(ports: Ports, scope: Scope) -> list[Alert]:
    """The alerts in progress that a user may read, the latest first."""
    return _listed((one.alert for one in unfinished_alerts(ports)), scope, active_only=True)


def latest_alerts(ports: Ports, scope: Scope) -> list[Alert]:
    """The alerts that a user may read, also ended ones, the latest first."""
    documents = ports.documents.find(ALERTS_COLLECTION, order_by="changed_at", descending=True, limit=MAX_ALERTS)
    return _listed((one.alert for one in _of_kinds(documents)), scope)


def get_alert(ports: Ports, id: str, scope: Scope) -> Alert:
    """An alert that opened. Raises `NotFound`, also outside the scope."""
    document = ports.documents.get(ALERTS_COLLECTION, id)
    alert = _stored(document).alert.within(scope) if document else None
    if alert is None or alert.opened_at is None:
        raise NotFound(f"There is no alert {id}.")
    return alert


def stored_alert(ports: Ports, id: str) -> StoredAlert | None:
    document = ports.documents.get(ALERTS_COLLECTION, id)
    return _stored(document) if document else None


def save_alert(ports: Ports, before: StoredAlert | None, after: Alert, rule: AlertRule | None) -> None:
    """Write an alert with the notices of its new events. rule: None: nobody is notified.

    Raises `Conflict` if the alert was changed meanwhile.
    """
    due = dict(notices_of_change(before.alert if before else None, after, rule)) if rule else {}
    new = [
        Put(NOTICES_COLLECTION, key, data, if_version=0)
        for key, data in due.items()
        if not ports.documents.get(NOTICES_COLLECTION, key)
    ]
    ports.documents.put_all([_put(ports, before.version if before else 0, after), *new, _noted(ports)])


def is_changeable(ports: Ports, id: str, scope: Scope) -> bool:
    """Whether a user may acknowledge and snooze an alert: they see all that it concerns."""
    one = stored_alert(ports, id)
    return one is not None and one.alert.may_be_changed(scope)


def acknowledge_alert(ports: Ports, id: str, scope: Scope, *, by: str) -> Alert:
    """Note who takes care of an alert. Raises `NotFound`, `BeyondScope`, `Rejected` if it has ended."""
    now = ports.clock.now()
    return _change_alert(
        ports, id, scope, by, AuditAction.ALERT_ACKNOWLEDGED, lambda one: acknowledged_alert(one, by, now)
    )


def snooze_alert(ports: Ports, id: str, scope: Scope, hours: int, *, by: str) -> Alert:
    """Notify nobody about an alert for some hours. Raises `NotFound`, `BeyondScope`, `Rejected`."""
    now = ports.clock.now()
    until = now + timedelta(hours=hours)
    return _change_alert(
        ports, id, scope, by, AuditAction.ALERT_SNOOZED, lambda one: snoozed_alert(one, until, by, now)
    )


def alerts_revision(ports: Ports) -> int:
    """A number that increases with each change of an alert."""
    document = ports.documents.get(STATE_COLLECTION, CHANGES)
    return document.version if document else 0


def delete_old_alerts(ports: Ports, now: datetime) -> int:
    """Delete the alerts that ended long ago, and delivered notices of that age; return how many alerts."""
    oldest = (now - KEPT_FOR).isoformat()
    ended = ports.documents.find(ALERTS_COLLECTION, {"is_ended": True})
    old = [one for one in ended if one.data["changed_at"] < oldest]
    for one in old:
        ports.documents.delete(ALERTS_COLLECTION, one.id, if_version=one.version)
    for notice in ports.documents.find(NOTICES_COLLECTION):
        if notice.data["created_at"] < oldest and notice.data["state"] != NOTICE_WAITING:
            ports.documents.delete(NOTICES_COLLECTION, notice.id)
    return len(old)


def _change_alert(
    ports: Ports, id: str, scope: Scope, by: str, action: AuditAction, change: Callable[[Alert], Alert]
) -> Alert:
    get_alert(ports, id, scope)

    def decided(document: Document | None) -> Update | Document:
        if document is None:
            raise NotFound(f"There is no alert {id}.")
        before = _stored(document).alert
        if not before.may_be_changed(scope):
            raise BeyondScope("This alert also concerns what you do not see. Somebody who sees all of it can do that.")
        after = change(before)
        if after == before:
            return document
        sides = ({"state": before.state.value}, {"state": after.state.value, "text": after.events[-1].text})
        entry = audit_log.entry(ports, by, action, after.title, *sides)
        return Update(_data(ports, after), [entry, _noted(ports)])

    return _stored(update_document(ports.documents, ALERTS_COLLECTION, id, decided)).alert


def _listed(alerts: Iterable[Alert], scope: Scope, *, active_only: bool = False) -> list[Alert]:
    own = (one.within(scope) for one in alerts if one.opened_at and (one.is_active or not active_only))
    return sorted((one for one in own if one), key=lambda one: (one.opened_at, one.id), reverse=True)


def _put(ports: Ports, version: int, alert: Alert) -> Put:
    return Put(ALERTS_COLLECTION, alert.id, _data(ports, alert), if_version=version)


def _data(ports: Ports, alert: Alert) -> dict[str, Any]:
    changed_at = ports.clock.now().isoformat()
    return alert_to_json(alert) | {"is_ended": alert.state is AlertState.ENDED, "changed_at": changed_at}


def _noted(ports: Ports) -> Put:
    return Put(STATE_COLLECTION, CHANGES, {"at": ports.clock.now().isoformat()})


def _of_kinds(documents: Iterable[Document]) -> list[StoredAlert]:
    """Without the alerts of a kind that the product no longer has."""
    return [_stored(one) for one in documents if one.data["kind"] in KINDS]


def _stored(document: Document) -> StoredAlert:
    data = {name: value for name, value in document.data.items() if name not in {"is_ended", "changed_at"}}
    return StoredAlert(alert_from_json(data), document.version)
