"""Event types, topics and subscriptions, and filters of sale events; `handlers` routes event types to handlers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tillstream.model.errors import Rejected

OBJECT_FINALIZED = "google.cloud.storage.object.v1.finalized"
OBJECT_FINALIZE = "OBJECT_FINALIZE"
"""The same event in the attribute `eventType` of a bucket notification, whose data is the resource of the object."""
MESSAGE_PUBLISHED = "google.cloud.pubsub.topic.v1.messagePublished"
BATCH_RECEIVED = "batch.received"
"""A batch is to be staged for which no object event does that: a replay, or a batch that is staged again."""
BATCH_STAGED = "batch.staged"
SALES_RECEIVED = "sales.received"
"""A micro-batch of store sales is to be staged."""
SALES_STAGED = "sales.staged"
"""A micro-batch of store sales is staged. Only the local worker handles it: in the cloud, `receive` starts a
settlement once a minute."""
BATCH_SETTLED = "batch.settled"
SALE_CHANGED = "sale.changed"
SALE_REMOVED = "sale.removed"

TOPIC_OBJECTS = "object-events"
"""Finalised objects of the inbox: notifications of Cloud Storage, or what the portal and the local store publish."""
TOPIC_BATCHES = "batch-events"
TOPIC_STORE_SALES = "store-sales"
TOPIC_SALE_EVENTS = "sale-events"
DEAD_LETTERS = "dead-letters"
"""In the cloud: the dead-letter topic of all subscriptions, and the subscription that retains its messages."""
WEBHOOK_SUBSCRIPTIONS = "webhook-"
"""The names of the subscriptions of webhooks begin with it."""
WEBHOOK_IDS = tuple(map(str, range(1, 21)))
"""The ids of webhooks: as many as there can be, because a project has a subscription for each from its deploy."""
WEBHOOK_PLACES = frozenset(f"{WEBHOOK_SUBSCRIPTIONS}{each}" for each in WEBHOOK_IDS)
"""Their subscriptions."""

INBOX = "inbox"
STAGING = "staging"

SUBSCRIPTIONS: dict[str, str] = {"objects": TOPIC_OBJECTS, "batches": TOPIC_BATCHES, "receive": TOPIC_STORE_SALES}
"""Subscription → topic, for every subscription of the pipeline."""

EVENT_ATTRIBUTES = ("type", "region", "store_id", "category", "channel", "status")
"""Attributes of a sale event."""
ATTRIBUTE_ALIASES = {"store": "store_id"}
MAX_FILTER_LETTERS = 1_000
_FILTER_TERM = re.compile(r'\s*([a-z_]+)=("[^"]*"|[^\s"]+)(?=\s|$)')


@dataclass(frozen=True)
class EventFilter:
    """Selects events by their attributes: each name must have one of its values. Empty: all events."""

    values: Mapping[str, frozenset[str]]

    def matches(self, attributes: Mapping[str, str]) -> bool:
        return all(attributes.get(name, "") in wanted for name, wanted in self.values.items())


def parse_event_filter(text: str) -> EventFilter:
    """Parse a filter. Raises `Rejected` for an unknown name, a name that occurs twice, and any other text."""
    if len(text) > MAX_FILTER_LETTERS:
        raise Rejected(f"A filter has at most {MAX_FILTER_LETTERS} letters.")
    values: dict[str, frozenset[str]] = {}
    rest = text.strip()
    while rest:
        term = _FILTER_TERM.match(rest)
        if term is None:
            raise Rejected(f"“{rest[:60]}” is not a filter. Write it like region=UK store=LON1.")
        name = ATTRIBUTE_ALIASES.get(term[1], term[1])
        if name not in EVENT_ATTRIBUTES:
            raise Rejected(
                f"Events cannot be filtered by “{term[1]}”. Use one of: store, {', '.join(EVENT_ATTRIBUTES)}."
            )
        if name in values:
            raise Rejected(f"The filter has “{term[1]}” twice. Write several values with commas: {term[1]}=A,B.")
        values[name] = frozenset(term[2].strip('"').split(","))
        rest = rest[term.end() :].strip()
    return EventFilter(values)
