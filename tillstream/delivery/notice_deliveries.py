"""Deliveries of notices: one per notice and channel, or per channel and day; each is sent once. Tests of channels.

A notice and its deliveries are written together, so a stop loses none and doubles none.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from tillstream.delivery import alert_channel, channel_registry, chat_services, signed_requests
from tillstream.delivery.alert_channel import EMAIL, WEBHOOK, AlertChannel, Notice, compose_notices, test_notice
from tillstream.model import audit
from tillstream.model.dates import instant_text
from tillstream.model.errors import Conflict, NotFound, Rejected, Unavailable
from tillstream.model.ids import short_hash
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put
from tillstream.records.mail import Mail, add_mail, get_mail
from tillstream.records.outbox import SENT, WAITING, Outbox, Report, ignore

STATUS_GONE = 410
EVENT_TYPE = "alert.notices"
NO_MAIL = "E-mail is not set up. Set TILLSTREAM_SMTP_URL and TILLSTREAM_MAIL_FROM."

DELIVERIES_COLLECTION = "alert_deliveries"
NOTICE_OUTBOX = Outbox(DELIVERIES_COLLECTION, "delivery")
ACCEPTED = "The receiver accepted the test."
QUEUED = "The test is sent within a few minutes, see the messages of e-mail."


@dataclass(frozen=True)
class ChannelSender:
    """What messages are sent with. portal: address of the portal for links. mail_from: empty if there is no e-mail.

    private: whether hosts of channels can be in a private network.
    """

    ports: Ports
    portal: str
    mail_from: str
    private: bool

    def send(self, channel: AlertChannel, id: str, notices: Sequence[Notice]) -> list[Mail]:
        """Send notices as one message; id: of the message, the same with every try.

        E-mail is added to its outbox, once, and returned. Raises `Rejected`, `Unavailable`, `NotFound`.
        """
        if channel.kind == EMAIL:
            return self._add_mail(channel, id, notices)
        if channel.kind == WEBHOOK:
            self._post(channel, id, notices)
        else:
            url = channel_registry.channel_secrets(self.ports, channel.id).url
            chat_services.send_to_service(
                url, channel.kind, compose_notices(notices, self.portal), private=self.private
            )
        return []

    def _add_mail(self, channel: AlertChannel, id: str, notices: Sequence[Notice]) -> list[Mail]:
        if not self.mail_from:
            raise Rejected(NO_MAIL)
        added = []
        for address, visible in alert_channel.recipients_within_scope(self.ports, channel.recipients, notices):
            message = compose_notices(visible, self.portal)
            mail = Mail(f"alert {id} {address}", address, message.title, message.text)
            add_mail(self.ports, mail, self.mail_from)
            added.append(mail)
        return added

    def _post(self, channel: AlertChannel, id: str, notices: Sequence[Notice]) -> None:
        """Post an event, signed as Standard Webhooks defines it."""
        secrets = channel_registry.channel_secrets(self.ports, channel.id)
        event = {"id": id, "type": EVENT_TYPE, "notices": [one.to_json(self.portal) for one in notices]}
        now = int(self.ports.clock.now().timestamp())
        answer = signed_requests.send_signed(
            secrets.url, [secrets.key], id, json.dumps(event).encode(), now, private=self.private
        )
        if answer.status == STATUS_GONE:
            raise Rejected(answer.error)
        if answer.error:
            raise Unavailable(answer.error)


@dataclass(frozen=True)
class NoticeDelivery:
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


def send_due_notices(sender: ChannelSender, report: Report = ignore) -> int:
    """Deliver the notices whose time has come; return how many messages were sent.

    report: receives a sentence about each delivery that failed or is unclear.
    """
    take_due_notices(sender.ports)

    def send_one(document: Document) -> None:
        channel = channel_registry.get_channel(sender.ports, document.data["channel"])
        if channel.is_paused:
            raise Rejected("The channel is paused.")
        sender.send(channel, document.id, _notices(sender.ports, document.data["notices"]))

    return sum(1 for _ in NOTICE_OUTBOX.send_due(sender.ports, send_one, report, _is_email, _channel))


def take_due_notices(ports: Ports) -> None:
    """Add the deliveries of the notices whose time has come. Channels that are paused or removed get none."""
    due = _due(ports)
    channels = {one.id: one for one in channel_registry.find_channels(ports) if not one.is_paused} if due else {}
    for document in due:
        receivers = [channels[each] for each in dict.fromkeys(document.data["channels"]) if each in channels]
        notice = Notice.parse(document.id, document.data)
        puts = list(_puts(ports, receivers, notice, is_collected=document.data["digest"]))
        taken = Put(
            alert_channel.NOTICES_COLLECTION,
            document.id,
            document.data | {"state": alert_channel.TAKEN},
            if_version=document.version,
        )
        with suppress(Conflict):  # another process took it, or is sending what it belongs to; it stays until then
            ports.documents.put_all([*puts, taken])


def has_due_notices(ports: Ports) -> bool:
    """Whether a notice or a delivery waits whose time has come."""
    return bool(_due(ports)) or NOTICE_OUTBOX.has_due(ports)


def list_notice_deliveries(ports: Ports, limit: int = 100) -> list[NoticeDelivery]:
    """The deliveries that were changed last, newest first."""
    names = [name for name in NoticeDelivery.__dataclass_fields__ if name != "id"]
    return [
        NoticeDelivery(one.id, **{name: one.data[name] for name in names}) for one in NOTICE_OUTBOX.listed(ports, limit)
    ]


def retry_notice(ports: Ports, id: str, *, by: str) -> None:
    """Send a delivery that failed, or whose fate is unclear, with the next ones. Raises `NotFound`, `Rejected`."""
    action = audit.AuditAction.ALERT_CHANNEL_RETRIED
    NOTICE_OUTBOX.try_again(
        ports, id, by, action, lambda document: f"{document.data['title']} to {document.data['channel']}"
    )


def _is_email(delivery: Document) -> bool:
    """Whether a delivery is e-mail, which its own outbox sends once however often it is added."""
    return bool(delivery.data["kind"] == EMAIL)


def _channel(delivery: Document) -> str:
    return str(delivery.data["channel"])


def _due(ports: Ports) -> list[Document]:
    now = ports.clock.now()
    waiting = ports.documents.find(alert_channel.NOTICES_COLLECTION, {"state": alert_channel.WAITING})
    return [one for one in waiting if datetime.fromisoformat(one.data["due_at"]) <= now]


def _puts(ports: Ports, channels: Sequence[AlertChannel], notice: Notice, *, is_collected: bool) -> Iterator[Put]:
    for channel in channels:
        put = _collected(ports, channel, notice) if is_collected else None
        yield put or _new(ports, channel, short_hash(channel.id, notice.id, length=32), notice)


def _collected(ports: Ports, channel: AlertChannel, notice: Notice) -> Put | None:
    """The delivery of the day with one notice more; None if it is not waiting any more."""
    at = channel.next_digest(ports.clock.now())
    delivery_id = short_hash(channel.id, instant_text(at), length=32)
    delivery = ports.documents.get(DELIVERIES_COLLECTION, delivery_id)
    if delivery is None:
        return _new(ports, channel, delivery_id, notice, at)
    if delivery.data["state"] != WAITING:
        return None
    ids = [*delivery.data["notices"], notice.id]
    data = delivery.data | {"notices": ids, "title": alert_channel.digest_title(len(ids))}
    return Put(DELIVERIES_COLLECTION, delivery_id, data, if_version=delivery.version)


def _new(ports: Ports, channel: AlertChannel, id: str, notice: Notice, due: datetime | None = None) -> Put:
    fields = {
        "channel": channel.id,
        "channel_name": channel.name,
        "kind": channel.kind,
        "title": notice.headline,
        "notices": [notice.id],
    }
    return NOTICE_OUTBOX.new(ports, id, fields, due)


def _notices(ports: Ports, ids: Sequence[str]) -> list[Notice]:
    """Raises `NotFound`."""
    documents = [ports.documents.get(alert_channel.NOTICES_COLLECTION, each) for each in ids]
    if not all(documents):
        raise NotFound("The notices were removed.")
    return [Notice.parse(one.id, one.data) for one in documents if one]


def send_channel_test(sender: ChannelSender, id: str, by: str, send_mail: Callable[[], object]) -> str:
    """Send a test; return its outcome.

    send_mail: sends what waits in the outbox of e-mail, if this process can. Raises `Rejected` with the reason if the
    receiver did not accept the test, or if the channel was tested a moment ago; `NotFound`.
    """
    channel = channel_registry.note_test(sender.ports, id, by)
    notice = test_notice(channel.id, sender.ports.clock.now())
    try:
        mails = sender.send(channel, notice.id, [notice])
        if mails:
            send_mail()
    except Unavailable as error:
        raise Rejected(str(error)) from error
    entries = [entry for mail in mails if (entry := get_mail(sender.ports, mail.id))]
    errors = [entry.error for entry in entries if entry.error]
    if errors:
        raise Rejected(errors[0])
    return ACCEPTED if all(entry.state == SENT for entry in entries) else QUEUED
