"""The channels of the company: created, changed, paused and removed by admins. Secrets are kept apart from the rest."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from tillstream.delivery import alert_channel, chat_services
from tillstream.delivery.alert_channel import EMAIL, WEBHOOK, AlertChannel, ChannelDraft, ChannelRecipient
from tillstream.delivery.outbound_addresses import check_url
from tillstream.delivery.signed_requests import new_secret
from tillstream.model.audit import AuditAction
from tillstream.model.errors import NotFound, Rejected
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put, Update, update_document
from tillstream.records import audit_log

CHANNELS_COLLECTION = "alert_channels"
MAX_CHANNELS = 50
TEST_EVERY = timedelta(seconds=15)
"""Time between two tests of a channel."""


@dataclass(frozen=True)
class ChannelSecrets:
    """url: where messages go; empty for e-mail. key: with which a webhook is signed; empty for other kinds."""

    url: str
    key: str


def add_channel(ports: Ports, draft: ChannelDraft, by: str, *, private: bool) -> tuple[AlertChannel, str]:
    """Create a channel; return it with the key of a webhook, which is not shown again. Raises `Rejected`."""
    fields = _fields(ports, draft, private=private)
    if len(find_channels(ports)) >= MAX_CHANNELS:
        raise Rejected(f"There can be at most {MAX_CHANNELS} channels. Remove one that is not used.")
    key = new_secret() if draft.kind == WEBHOOK else ""
    channel_id = secrets.token_hex(6)
    data = {
        **fields,
        "id": channel_id,
        "is_paused": False,
        "created_by": by,
        "created_at": ports.clock.now().isoformat("T", "seconds"),
        "url": draft.url.strip(),
        "key": key,
        "tested_at": "",
    }
    entry = audit_log.entry(ports, by, AuditAction.ALERT_CHANNEL_ADDED, channel_id, None, fields)
    ports.documents.put_all([Put(CHANNELS_COLLECTION, channel_id, data, if_version=0), entry])
    return _channel(data), key


def find_channels(ports: Ports) -> list[AlertChannel]:
    """All channels, oldest first."""
    return [_channel(document.data) for document in ports.documents.find(CHANNELS_COLLECTION, order_by="created_at")]


def get_channel(ports: Ports, id: str) -> AlertChannel:
    """Raises `NotFound`."""
    return _channel(_document(ports.documents.get(CHANNELS_COLLECTION, id)).data)


def channel_secrets(ports: Ports, id: str) -> ChannelSecrets:
    """Raises `NotFound`."""
    data = _document(ports.documents.get(CHANNELS_COLLECTION, id)).data
    return ChannelSecrets(data["url"], data["key"])


def change_channel(ports: Ports, id: str, draft: ChannelDraft, by: str, *, private: bool) -> AlertChannel:
    """Change a channel, all but its kind; an empty address stays as it is. Raises `Rejected`, `NotFound`."""
    current = get_channel(ports, id)
    kept_url = channel_secrets(ports, id).url
    complete = ChannelDraft(**asdict(draft) | {"kind": current.kind, "url": draft.url.strip() or kept_url})
    fields = _fields(ports, complete, private=private)
    return _change(ports, id, by, fields, hidden={"url": complete.url})


def pause_channel(ports: Ports, id: str, by: str, *, is_paused: bool) -> AlertChannel:
    """Stop sending, or send again; notices that come in between are not sent. Raises `NotFound`."""
    return _change(ports, id, by, {"is_paused": is_paused})


def remove_channel(ports: Ports, id: str, by: str) -> None:
    """Raises `NotFound`."""
    channel = get_channel(ports, id)
    audit_log.record(
        ports, by, AuditAction.ALERT_CHANNEL_REMOVED, id, {"name": channel.name, "receiver": channel.receiver}
    )
    ports.documents.delete(CHANNELS_COLLECTION, id)


def note_test(ports: Ports, id: str, by: str) -> AlertChannel:
    """Note that a channel is tested now. Raises `NotFound`, and `Rejected` if it was tested a moment ago."""
    now = ports.clock.now()

    def noted(document: Document | None) -> Update:
        data = _document(document).data
        if data["tested_at"] and now - datetime.fromisoformat(data["tested_at"]) < TEST_EVERY:
            raise Rejected(f"The channel was tested a moment ago. Wait {TEST_EVERY.seconds} seconds.")
        entry = audit_log.entry(ports, by, AuditAction.ALERT_CHANNEL_TESTED, id)
        return Update(data | {"tested_at": now.isoformat()}, [entry])

    return _channel(update_document(ports.documents, CHANNELS_COLLECTION, id, noted).data)


def _fields(ports: Ports, draft: ChannelDraft, *, private: bool) -> dict[str, Any]:
    """The fields of a channel that are no secrets. Raises `Rejected`."""
    draft.check()
    readers: tuple[ChannelRecipient, ...] = ()
    url = draft.url.strip()
    if draft.kind == EMAIL:
        readers = alert_channel.parse_recipients(ports, draft.recipients)
        receiver = readers[0].address if len(readers) == 1 else f"{len(readers)} recipients"
    elif draft.kind == WEBHOOK:
        check_url(url, private=private)
        receiver = f"{urlsplit(url).scheme}://{urlsplit(url).netloc}"
    else:
        receiver = chat_services.service_name(url, draft.kind, private=private)
    return {
        "name": draft.name.strip(),
        "kind": draft.kind,
        "receiver": receiver,
        "recipients": [asdict(one) for one in readers],
        "digest_hour": draft.digest_hour,
        "time_zone": draft.time_zone,
    }


def _change(
    ports: Ports, id: str, by: str, fields: Mapping[str, Any], hidden: Mapping[str, str] | None = None
) -> AlertChannel:
    """hidden: values that are no part of the audit log."""

    def changed(document: Document | None) -> Update | Document:
        document = _document(document)
        data = {**document.data, **fields, **(hidden or {})}
        if data == document.data:
            return document
        before = {name: document.data[name] for name in fields}
        entry = audit_log.entry(ports, by, AuditAction.ALERT_CHANNEL_CHANGED, id, before, fields)
        return Update(data, [entry])

    return _channel(update_document(ports.documents, CHANNELS_COLLECTION, id, changed).data)


def _document(document: Document | None) -> Document:
    if document is None:
        raise NotFound("There is no such channel.")
    return document


def _channel(data: Mapping[str, Any]) -> AlertChannel:
    fields = {name: data[name] for name in AlertChannel.__dataclass_fields__ if name != "recipients"}
    return AlertChannel(recipients=tuple(ChannelRecipient(**one) for one in data["recipients"]), **fields)
