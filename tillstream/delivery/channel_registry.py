"""The channels of the company: created, changed, paused and removed by admins. Secrets are kept apart from the rest."""

import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from tillstream.delivery import alert_channel, chat_services
from tillstream.delivery.alert_channel import EMAIL, WEBHOOK, AlertChannel, ChannelDraft, ChannelRecipient
from tillstream.delivery.outbound_addresses import check_url
from tillstream.delivery.signed_requests import new_secret
from tillstream.model.audit import AuditAction
from tillstream.model.document_json import from_json
from tillstream.model.errors import Rejected
from tillstream.ports import Ports
from tillstream.records.collection import Collection, Data

CHANNELS = Collection(
    "alert_channels",
    AlertChannel,
    "channel",
    lambda channel: {"name": channel.name, "receiver": channel.receiver},
    limit=50,
    missing="There is no such channel.",
    order_by="created_at",
)
find_channels, get_channel = CHANNELS.find, CHANNELS.get
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
    key = new_secret() if draft.kind == WEBHOOK else ""
    created = {"is_paused": False, "created_by": by, "created_at": ports.clock.now().isoformat("T", "seconds")}
    channel = from_json(AlertChannel, {**fields, "id": secrets.token_hex(6), **created})
    hidden = {"url": draft.url.strip(), "key": key, "tested_at": ""}
    return CHANNELS.add(ports, channel, by, AuditAction.ALERT_CHANNEL_ADDED, hidden=hidden, shown=fields), key


def channel_secrets(ports: Ports, id: str) -> ChannelSecrets:
    """Raises `NotFound`."""
    data = CHANNELS.document(ports, id).data
    return ChannelSecrets(data["url"], data["key"])


def change_channel(ports: Ports, id: str, draft: ChannelDraft, by: str, *, private: bool) -> AlertChannel:
    """Change a channel, all but its kind; an empty address stays as it is. Raises `Rejected`, `NotFound`."""
    current = get_channel(ports, id)
    kept_url = channel_secrets(ports, id).url
    complete = ChannelDraft(**asdict(draft) | {"kind": current.kind, "url": draft.url.strip() or kept_url})
    fields = _fields(ports, complete, private=private) | {"url": complete.url}
    return CHANNELS.set_fields(ports, id, by, AuditAction.ALERT_CHANNEL_CHANGED, fields)


def pause_channel(ports: Ports, id: str, by: str, *, is_paused: bool) -> AlertChannel:
    """Stop sending, or send again; notices that come in between are not sent. Raises `NotFound`."""
    return CHANNELS.set_fields(ports, id, by, AuditAction.ALERT_CHANNEL_CHANGED, {"is_paused": is_paused})


def remove_channel(ports: Ports, id: str, by: str) -> None:
    """Raises `NotFound`."""
    CHANNELS.remove(ports, id, by, AuditAction.ALERT_CHANNEL_REMOVED)


def note_test(ports: Ports, id: str, by: str) -> AlertChannel:
    """Note that a channel is tested now. Raises `NotFound`, and `Rejected` if it was tested a moment ago."""
    now = ports.clock.now()

    def noted(data: Data) -> Data:
        if data["tested_at"] and now - datetime.fromisoformat(data["tested_at"]) < TEST_EVERY:
            raise Rejected(f"The channel was tested a moment ago. Wait {TEST_EVERY.seconds} seconds.")
        return {"tested_at": now.isoformat()}

    return CHANNELS.set_fields(ports, id, by, AuditAction.ALERT_CHANNEL_TESTED, noted)


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
