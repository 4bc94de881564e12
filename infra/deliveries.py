"""How the subscriptions of the pipeline and of webhooks deliver."""

from infra.kinds import pubsub
from infra.kinds.pubsub import DeliverySettings
from tillstream.delivery.webhooks import POLICY
from tillstream.model.events import DEAD_LETTERS
from tillstream.ports.bus import RetryPolicy

PULLED = DeliverySettings(ack_deadline=RetryPolicy.lease, dead_letters=DEAD_LETTERS, ordered=True)
"""Pulled messages are stored at once, so a short deadline suffices when a puller dies. Messages of one store arrive in
publishing order."""
PUSHED = DeliverySettings(dead_letters=DEAD_LETTERS)
FORWARDED = DeliverySettings(
    POLICY,
    ack_deadline=POLICY.lease,
    dead_letters=DEAD_LETTERS,
    retention=pubsub.MIN_RETENTION,
    retains=False,
    ordered=True,
)
"""Of a webhook that does not exist. Who attaches it sets the retention, and nothing else."""
LISTED = DeliverySettings(ack_deadline=RetryPolicy.lease, retention=pubsub.MAX_RETENTION, delayed=False)
"""A listing of dead letters releases each of them, so that it can be sent again at once."""
