"""The events that move work along, in the past tense; the routing table in `handlers` says who hears them."""

OBJECT_FINALIZED = "google.cloud.storage.object.v1.finalized"
MESSAGE_PUBLISHED = "google.cloud.pubsub.topic.v1.messagePublished"
BATCH_RECEIVED = "batch.received"
"""A batch without an object of its own waits to be staged: a replay."""
BATCH_STAGED = "batch.staged"
BATCH_SETTLED = "batch.settled"
SALE_CHANGED = "sale.changed"
SALE_REMOVED = "sale.removed"

TOPIC_OBJECTS = "object-events"
"""Local stand-in for a bucket's notifications; Eventarc delivers them in the cloud."""
TOPIC_BATCHES = "batch-events"
TOPIC_STORE_SALES = "store-sales"
TOPIC_SALE_EVENTS = "sale-events"
DEAD_LETTERS = "dead-letters"
"""In a cloud: the topic that takes what any subscription gave up, and the subscription that keeps it."""

INBOX = "inbox"
STAGING = "staging"

SUBSCRIPTIONS: dict[str, str] = {"objects": TOPIC_OBJECTS, "batches": TOPIC_BATCHES, "receive": TOPIC_STORE_SALES}
"""Subscription → topic, of everything the pipeline itself listens to."""
