"""Channels and notices of tests."""

from dataclasses import replace
from typing import Any

from tillstream.app import App
from tillstream.delivery import alert_channel, channel_registry, notice_deliveries
from tillstream.delivery.alert_channel import AlertChannel, ChannelDraft
from tillstream.delivery.notice_deliveries import ChannelSender
from tillstream.model.dates import instant_text

PORTAL = "https://sales.example.com"
FROM = "Tillstream <sales@example.com>"


def sender_of(app: App, **changes: Any) -> ChannelSender:
    return replace(ChannelSender(app.ports, PORTAL, FROM, private=True), **changes)


def channel(app: App, kind: str, **fields: Any) -> AlertChannel:
    draft = ChannelDraft(**{"name": kind, "kind": kind} | fields)
    added, _ = channel_registry.add_channel(app.ports, draft, "boss", private=True)
    return added


def notify(app: App, id: str, *channels: AlertChannel, **fields: Any) -> None:
    """Store a notice as the evaluation of alerts writes it."""
    now = instant_text(app.ports.clock.now())
    data = {
        "alert_id": "a1",
        "rule_id": "r1",
        "kind": "opened",
        "title": f"Alert {id}",
        "text": "Milk is out of stock in LON1.",
        "path": "/alerts/a1",
        "severity": "urgent",
        "channels": [one.id for one in channels],
        "digest": False,
        "due_at": now,
        "created_at": now,
        "region": "UK",
        "stores": ["LON1"],
        "state": alert_channel.WAITING,
    }
    app.ports.documents.put(alert_channel.NOTICES_COLLECTION, id, data | fields)


def states(app: App) -> list[str]:
    return sorted(one.state for one in notice_deliveries.list_notice_deliveries(app.ports))
