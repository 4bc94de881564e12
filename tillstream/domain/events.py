"""Event types, topics and subscriptions; `handlers` routes event types to handlers."""

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
