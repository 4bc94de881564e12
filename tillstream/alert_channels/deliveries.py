"""Deliveries: one per notice and channel, or per channel and day for notices that are collected; each is sent once.

A notice and its deliveries are written together, so a stop loses none and doubles none.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from tillstream.alert_channels import notices, registry
from tillstream.alert_channels.channel import EMAIL, AlertChannel
from tillstream.alert_channels.notices import Notice
from tillstream.alert_channels.sender import ChannelSender
from tillstream.model import audit
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put
from tillstream.records.outbox import WAITING, Outbox, Report, ignore, iso_text

COLLECTION = "alert_deliveries"
OUTBOX = Outbox(COLLECTION, "delivery")


@dataclass(frozen=True)
class Delivery:
    """title: of the message. state: as in `Outbox`. Times are ISO 8601 UTC text. error: of the last try."""

    id: str
    channel: str
    channel_name: str
    kind: str
    title: str
    state: str
    tries: int
    created_at: str
    next_try_at: str
    changed_at: str
    error: str


def send_due(sender: ChannelSender, report: Report = ignore) -> int:
    """Deliver the notices whose time has come; return how many messages were sent.

    report: receives a sentence about each delivery that failed or is unclear.
    """
    take_due(sender.ports)

    def send_one(document: Document) -> None:
        channel = registry.get(sender.ports, document.data["channel"])
        if channel.is_paused:
            raise Rejected("The channel is paused.")
        sender.send(channel, document.id, _notices(sender.ports, document.data["notices"]))

    return sum(1 for _ in OUTBOX.send_due(sender.ports, send_one, report, _is_email, _channel))


def take_due(ports: Ports) -> None:
    """Add the deliveries of the notices whose time has come. Channels that are paused or removed get none."""
    due = _due(ports)
    channels = {one.id: one for one in registry.find(ports) if not one.is_paused} if due else {}
    for document in due:
        receivers = [channels[each] for each in dict.fromkeys(document.data["channels"]) if each in channels]
        notice = Notice.parse(document.id, document.data)
        puts = list(_puts(ports, receivers, notice, is_collected=document.data["digest"]))
        taken = Put(
            notices.COLLECTION, document.id, document.data | {"state": notices.TAKEN}, if_version=document.version
        )
        with suppress(Conflict):  # another process took it, or is sending what it belongs to; it stays until then
            ports.documents.put_all([*puts, taken])


def has_due(ports: Ports) -> bool:
    """Whether a notice or a delivery waits whose time has come."""
    return bool(_due(ports)) or OUTBOX.has_due(ports)


def listed(ports: Ports, limit: int = 100) -> list[Delivery]:
    """The deliveries that were changed last, newest first."""
    names = [name for name in Delivery.__dataclass_fields__ if name != "id"]
    return [Delivery(one.id, **{name: one.data[name] for name in names}) for one in OUTBOX.listed(ports, limit)]


def try_again(ports: Ports, id: str, *, by: str) -> None:
    """Send a delivery that failed, or whose fate is unclear, with the next ones. Raises `NotFound`, `Rejected`."""
    action = audit.AuditAction.ALERT_CHANNEL_RETRIED
    OUTBOX.try_again(ports, id, by, action, lambda document: f"{document.data['title']} to {document.data['channel']}")


def _is_email(delivery: Document) -> bool:
    """Whether a delivery is e-mail, which its own outbox sends once however often it is added."""
    return bool(delivery.data["kind"] == EMAIL)


def _channel(delivery: Document) -> str:
    return str(delivery.data["channel"])


def _due(ports: Ports) -> list[Document]:
    now = ports.clock.now()
    waiting = ports.documents.find(notices.COLLECTION, {"state": notices.WAITING})
    return [one for one in waiting if datetime.fromisoformat(one.data["due_at"]) <= now]


def _puts(ports: Ports, channels: Sequence[AlertChannel], notice: Notice, *, is_collected: bool) -> Iterator[Put]:
    for channel in channels:
        put = _collected(ports, channel, notice) if is_collected else None
        yield put or _new(ports, channel, _id(channel.id, notice.id), notice)


def _collected(ports: Ports, channel: AlertChannel, notice: Notice) -> Put | None:
    """The delivery of the day with one notice more; None if it is not waiting any more."""
    at = channel.next_digest(ports.clock.now())
    delivery_id = _id(channel.id, iso_text(at))
    delivery = ports.documents.get(COLLECTION, delivery_id)
    if delivery is None:
        return _new(ports, channel, delivery_id, notice, at)
    if delivery.data["state"] != WAITING:
        return None
    ids = [*delivery.data["notices"], notice.id]
    data = delivery.data | {"notices": ids, "title": notices.title_of_several(len(ids))}
    return Put(COLLECTION, delivery_id, data, if_version=delivery.version)


def _new(ports: Ports, channel: AlertChannel, id: str, notice: Notice, due: datetime | None = None) -> Put:
    fields = {
        "channel": channel.id,
        "channel_name": channel.name,
        "kind": channel.kind,
        "title": notice.headline,
        "notices": [notice.id],
    }
    return OUTBOX.new(ports, id, fields, due)


def _notices(ports: Ports, ids: Sequence[str]) -> list[Notice]:
    """Raises `NotFound`."""
    documents = [ports.documents.get(notices.COLLECTION, each) for each in ids]
    if not all(documents):
        raise NotFound("The notices were removed.")
    return [Notice.parse(one.id, one.data) for one in documents if one]


def _id(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
