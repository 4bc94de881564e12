"""Alerts, rules, previews and the names of channels as plain values, for the API, the command line and pages."""

from datetime import datetime
from typing import Any

from tillstream.alerts import evaluation, records, rules
from tillstream.alerts.alert import Alert
from tillstream.alerts.preview import AlertPreview
from tillstream.alerts.rules import rule_to_json
from tillstream.delivery import channel_registry
from tillstream.model.dates import instant_text
from tillstream.model.people import Scope
from tillstream.ports import Ports


def channel_names(ports: Ports) -> dict[str, str]:
    """ID of a channel → its name."""
    return {
        one.id: one.name for one in sorted(channel_registry.find_channels(ports), key=lambda one: one.name.casefold())
    }


def alerts_json(ports: Ports, scope: Scope, *, ended: bool = False) -> dict[str, Any]:
    """The alerts in progress that a user may read, with `ended` also those of the last months; the latest first."""
    listed = records.latest_alerts(ports, scope) if ended else records.active_alerts(ports, scope)
    return {
        "evaluated_at": evaluation.last_evaluation(ports).evaluated_at,
        "revision": records.alerts_revision(ports),
        "alerts": [alert_json(one) for one in listed],
    }


def alert_json(one: Alert) -> dict[str, Any]:
    """Instants are ISO 8601 UTC text, empty if there is none."""
    return {
        "id": one.id,
        "kind": one.kind,
        "rule": one.rule_id,
        "severity": one.severity.value,
        "state": one.state.value,
        "title": one.title,
        "text": one.text,
        "region": one.region,
        "path": one.path,
        "opened_at": _text(one.opened_at),
        "ended_at": _text(one.ended_at),
        "acknowledged_by": one.acknowledged_by,
        "snoozed_until": _text(one.snoozed_until),
        "subjects": [
            {"title": each.title, "region": each.region, "store": each.store, "path": each.path} for each in one.members
        ],
        "subject_count": one.member_count,
        "events": [
            {"kind": each.kind.value, "at": _text(each.at), "by": each.by, "text": each.text} for each in one.events
        ],
    }


def rules_json(ports: Ports) -> list[dict[str, Any]]:
    """All rules, each with the error of its last evaluation; empty if there was none."""
    failed = evaluation.last_evaluation(ports).failed
    return [
        {"id": one.rule.id, **rule_to_json(one.rule), "error": failed.get(one.rule.id, "")}
        for one in rules.find_rules(ports)
    ]


def preview_json(name: str, one: AlertPreview) -> dict[str, Any]:
    return {
        "rule": name,
        "from": one.first.isoformat(),
        "to": one.last.isoformat(),
        "reason": one.reason,
        "note": one.note,
        "count": one.count,
        "days": [{"day": each.day.isoformat(), "alerts": list(each.alerts)} for each in one.days],
    }


def _text(at: datetime | None) -> str:
    return instant_text(at) if at else ""
