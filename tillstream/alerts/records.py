"""Alerts as documents, each written together with the notices about what happened to it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tillstream.domain.alerts import transitions
from tillstream.domain.alerts.alert import Alert, State, from_json, to_json
from tillstream.domain.alerts.notices import WAITING, notices
from tillstream.domain.alerts.rules import AlertRule
from tillstream.model.audit import AuditAction
from tillstream.model.errors import NotFound
from tillstream.model.people import BeyondScope, Scope
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put, Update, update_document
from tillstream.records import audit_log

COLLECTION, NOTICES, STATE, CHANGES = "alerts", "alert_notices", "alert_state", "changes"
KEPT = timedelta(days=90)
"""Time for which ended alerts and their notices are kept."""
MOST = 1_000
"""Latest alerts that are listed."""


@dataclass(frozen=True)
class StoredAlert:
    """version: of its document; 0 if it has none yet."""

    alert: Alert
    version: int


def unfinished(ports: Ports) -> list[StoredAlert]:
    """The alerts that have not ended, also those that are pending."""
    return [_stored(one) for one in ports.documents.find(COLLECTION, {"is_ended": False})]


def active(ports: Ports, scope: Scope) -> list[Alert]:
    """The alerts in progress that a user may read, the latest first."""
    return _listed((one.alert for one in unfinished(ports)), scope, active_only=True)


def latest(ports: Ports, scope: Scope) -> list[Alert]:
    """The alerts that a user may read, also ended ones, the latest first."""
    documents = ports.documents.find(COLLECTION, order_by="changed_at", descending=True, limit=MOST)
    return _listed((_stored(one).alert for one in documents), scope)


def get(ports: Ports, id: str, scope: Scope) -> Alert:
    """An alert that opened. Raises `NotFound`, also outside the scope."""
    document = ports.documents.get(COLLECTION, id)
    alert = _stored(document).alert.within(scope) if document else None
    if alert is None or alert.opened_at is None:
        raise NotFound(f"There is no alert {id}.")
    return alert


def stored(ports: Ports, id: str) -> StoredAlert | None:
    document = ports.documents.get(COLLECTION, id)
    return _stored(document) if document else None


def save(ports: Ports, before: StoredAlert | None, after: Alert, rule: AlertRule | None) -> None:
    """Write an alert with the notices of its new events. rule: None: nobody is notified.

    Raises `Conflict` if the alert was changed meanwhile.
    """
    due = dict(notices(before.alert if before else None, after, rule)) if rule else {}
    new = [Put(NOTICES, key, data, if_version=0) for key, data in due.items() if not ports.documents.get(NOTICES, key)]
    ports.documents.put_all([_put(ports, before.version if before else 0, after), *new, _noted(ports)])


def is_changeable(ports: Ports, id: str, scope: Scope) -> bool:
    """Whether a user may acknowledge and snooze an alert: they see all that it concerns."""
    one = stored(ports, id)
    return one is not None and one.alert.may_be_changed(scope)


def acknowledge(ports: Ports, id: str, scope: Scope, *, by: str) -> Alert:
    """Note who takes care of an alert. Raises `NotFound`, `BeyondScope`, `Rejected` if it has ended."""
    now = ports.clock.now()
    return _decide(
        ports, id, scope, by, AuditAction.ALERT_ACKNOWLEDGED, lambda one: transitions.acknowledge(one, by, now)
    )


def snooze(ports: Ports, id: str, scope: Scope, hours: int, *, by: str) -> Alert:
    """Notify nobody about an alert for some hours. Raises `NotFound`, `BeyondScope`, `Rejected`."""
    now = ports.clock.now()
    until = now + timedelta(hours=hours)
    return _decide(ports, id, scope, by, AuditAction.ALERT_SNOOZED, lambda one: transitions.snooze(one, until, by, now))


def revision(ports: Ports) -> int:
    """A number that increases with each change of an alert."""
    document = ports.documents.get(STATE, CHANGES)
    return document.version if document else 0


def delete_old(ports: Ports, now: datetime) -> int:
    """Delete the alerts that ended long ago, and delivered notices of that age; return how many alerts."""
    oldest = (now - KEPT).isoformat()
    ended = ports.documents.find(COLLECTION, {"is_ended": True})
    old = [one for one in ended if one.data["changed_at"] < oldest]
    for one in old:
        ports.documents.delete(COLLECTION, one.id, if_version=one.version)
    for notice in ports.documents.find(NOTICES):
        if notice.data["created_at"] < oldest and notice.data["state"] != WAITING:
            ports.documents.delete(NOTICES, notice.id)
    return len(old)


def _decide(
    ports: Ports, id: str, scope: Scope, by: str, action: AuditAction, change: Callable[[Alert], Alert]
) -> Alert:
    get(ports, id, scope)

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

    return _stored(update_document(ports.documents, COLLECTION, id, decided)).alert


def _listed(alerts: Iterable[Alert], scope: Scope, *, active_only: bool = False) -> list[Alert]:
    own = (one.within(scope) for one in alerts if one.opened_at and (one.is_active or not active_only))
    return sorted((one for one in own if one), key=lambda one: (one.opened_at, one.id), reverse=True)


def _put(ports: Ports, version: int, alert: Alert) -> Put:
    return Put(COLLECTION, alert.id, _data(ports, alert), if_version=version)


def _data(ports: Ports, alert: Alert) -> dict[str, Any]:
    changed_at = ports.clock.now().isoformat()
    return to_json(alert) | {"is_ended": alert.state is State.ENDED, "changed_at": changed_at}


def _noted(ports: Ports) -> Put:
    return Put(STATE, CHANGES, {"at": ports.clock.now().isoformat()})


def _stored(document: Document) -> StoredAlert:
    data = {name: value for name, value in document.data.items() if name not in {"is_ended", "changed_at"}}
    return StoredAlert(from_json(data), document.version)
