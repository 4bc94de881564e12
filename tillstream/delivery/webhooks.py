"""The webhooks of the company: created, changed and removed by admins, each with a subscription of sale events."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tillstream.delivery.outbound_addresses import check_url
from tillstream.delivery.signed_requests import new_secret
from tillstream.model.audit import AuditAction
from tillstream.model.errors import Rejected
from tillstream.model.events import TOPIC_SALE_EVENTS, WEBHOOK_IDS, WEBHOOK_SUBSCRIPTIONS, parse_event_filter
from tillstream.ports import Ports
from tillstream.ports.bus import DeadLetter, RetryPolicy
from tillstream.ports.documents import Put
from tillstream.ports.jobs import ATTACH_FUNCTION
from tillstream.records import audit_log
from tillstream.records.collection import Collection, Data

MAX_WEBHOOKS = len(WEBHOOK_IDS)
"""Webhooks: each has a thread of its own."""
IDLE_SECONDS = 7 * 86_400.0
"""Seconds for which a paused webhook collects events."""
POLICY = RetryPolicy(minimum=5.0, maximum=14_400.0, attempts=20, age=3 * 86_400.0, lease=120.0)
SECONDS = 60.0
"""How long a user waits for the function that attaches."""
EARLIER = timedelta(minutes=1)
"""Clocks differ: events this much older than a webhook may be new."""
BY_PERSON = "Paused by a person."
OVERLAP = timedelta(hours=24)
"""Time for which events are also signed with the previous secret."""

ACTOR = "upgrade"
BEFORE = "was"
"""In the document of such a webhook: its id before."""


@dataclass(frozen=True)
class Webhook:
    """An address that receives sale events. paused: why nothing is sent to it; empty: events are sent."""

    id: str
    url: str
    filter: str
    paused: str
    created_by: str
    created_at: str

    @property
    def subscription(self) -> str:
        return f"{WEBHOOK_SUBSCRIPTIONS}{self.id}"

    def is_of(self, published_at: datetime) -> bool:
        """Whether an event was published after the webhook was made; another one may have had its id before."""
        return published_at >= datetime.fromisoformat(self.created_at) - EARLIER


WEBHOOKS = Collection(
    "webhooks",
    Webhook,
    "webhook",
    lambda webhook: {"url": webhook.url, "filter": webhook.filter, "paused": webhook.paused},
    limit=MAX_WEBHOOKS,
    order_by="created_at",
)
find_webhooks, get_webhook = WEBHOOKS.find, WEBHOOKS.get


def add_webhook(ports: Ports, url: str, filter_: str, by: str, *, private: bool) -> tuple[Webhook, str]:
    """Create a webhook; return it with its secret, which is not shown again. Raises `Rejected`."""
    check_url(url, private=private)
    parse_event_filter(filter_)
    WEBHOOKS.check_room(ports)
    secret = new_secret()
    webhook = Webhook(free_webhook_id(ports), url, filter_.strip(), "", by, ports.clock.now().isoformat("T", "seconds"))
    attach_webhook(ports, webhook, by)
    keys = {"keys": [{"text": secret, "until": ""}]}
    return WEBHOOKS.add(ports, webhook, by, AuditAction.WEBHOOK_ADDED, hidden=keys), secret


def free_webhook_id(ports: Ports) -> str:
    """The lowest id that no webhook has. Raises `Rejected` if there is none."""
    taken = {webhook.id for webhook in find_webhooks(ports)}
    free = [one for one in WEBHOOK_IDS if one not in taken]
    if not free:
        raise Rejected(WEBHOOKS.too_many)
    return free[0]


def attach_webhook(ports: Ports, webhook: Webhook, by: str) -> None:
    """Create the subscription of a webhook if it is missing, as after a loss of the queue."""
    if ports.functions is None:
        ports.bus.attach(TOPIC_SALE_EVENTS, webhook.subscription, idle=IDLE_SECONDS, policy=POLICY)
    else:
        ports.functions.call(ATTACH_FUNCTION, {"webhook": webhook.id, "attached": True, "by": by}, SECONDS)


def detach_webhook(ports: Ports, webhook: Webhook, by: str) -> None:
    """Remove the subscription of a webhook with its events. Idempotent."""
    if ports.functions is None:
        ports.bus.detach(webhook.subscription)
    else:
        ports.functions.call(ATTACH_FUNCTION, {"webhook": webhook.id, "attached": False, "by": by}, SECONDS)


def dead_letters(ports: Ports, webhook: Webhook) -> list[DeadLetter]:
    """The events of a webhook that failed too often, newest first."""
    return [letter for letter in ports.bus.dead_letters(webhook.subscription) if webhook.is_of(letter.published_at)]


def webhook_keys(ports: Ports, id: str) -> list[str]:
    """The secrets with which events are signed now, newest first. Raises `NotFound`."""
    now = ports.clock.now().isoformat("T", "seconds")
    return [key["text"] for key in WEBHOOKS.document(ports, id).data["keys"] if not key["until"] or key["until"] > now]


def change_webhook(ports: Ports, id: str, by: str, url: str, filter_: str, *, private: bool) -> Webhook:
    """Change address and filter. Raises `Rejected`, `NotFound`."""
    check_url(url, private=private)
    parse_event_filter(filter_)
    return WEBHOOKS.set_fields(ports, id, by, AuditAction.WEBHOOK_CHANGED, {"url": url, "filter": filter_.strip()})


def pause_webhook(ports: Ports, id: str, by: str, reason: str) -> Webhook:
    """Stop sending; events are collected for seven days. Raises `NotFound`."""
    return WEBHOOKS.set_fields(ports, id, by, AuditAction.WEBHOOK_CHANGED, {"paused": reason})


def resume_webhook(ports: Ports, id: str, by: str) -> Webhook:
    """Send again, first what was collected. Raises `NotFound`."""
    attach_webhook(ports, get_webhook(ports, id), by)
    return WEBHOOKS.set_fields(ports, id, by, AuditAction.WEBHOOK_CHANGED, {"paused": ""})


def resend_events(ports: Ports, webhook: Webhook) -> int:
    """Deliver the events again that failed too often; return how many."""
    return ports.bus.resend([letter.id for letter in dead_letters(ports, webhook)])


def rotate_secret(ports: Ports, id: str, by: str) -> str:
    """Create another secret and return it; events are signed with both for a day. Raises `NotFound`."""
    secret, until = new_secret(), (ports.clock.now() + OVERLAP).isoformat("T", "seconds")

    def rotated(data: Data) -> Data:
        return {"keys": [{"text": secret, "until": ""}, {"text": data["keys"][0]["text"], "until": until}]}

    WEBHOOKS.set_fields(ports, id, by, AuditAction.WEBHOOK_SECRET_CHANGED, rotated)
    return secret


def remove_webhook(ports: Ports, id: str, by: str) -> None:
    """Remove a webhook with its events and its list of deliveries. Raises `NotFound`."""
    webhook = WEBHOOKS.remove(ports, id, by, AuditAction.WEBHOOK_REMOVED)
    detach_webhook(ports, webhook, by)
    ports.documents.delete("webhook_deliveries", id)


def renumber_webhooks(ports: Ports) -> None:
    """Give each webhook an id of today, under which the portal shows it from now on. Idempotent.

    Its earlier subscription expires with the events that were not sent yet.
    """
    stored = ports.documents.find(WEBHOOKS.name)
    moved = {one.data.get(BEFORE) for one in stored}
    for document in stored:
        if document.id in WEBHOOK_IDS:
            continue
        if document.id not in moved:
            webhook = replace(get_webhook(ports, document.id), id=free_webhook_id(ports))
            attach_webhook(ports, webhook, ACTOR)
            data = {**document.data, "id": webhook.id, BEFORE: document.id}
            change = {"id": document.id}, {"id": webhook.id}
            entry = audit_log.entry(ports, ACTOR, AuditAction.WEBHOOK_CHANGED, webhook.id, *change)
            ports.documents.put_all([Put(WEBHOOKS.name, webhook.id, data, if_version=0), entry])
        ports.documents.delete(WEBHOOKS.name, document.id)
