"""Queue depths, as far as the bus reports them."""

from tillstream.model.errors import Unavailable
from tillstream.ports import Ports
from tillstream.ports.bus import QueueDepth


def depths(ports: Ports) -> list[QueueDepth]:
    """Return queue depths; only names if the bus works without metrics. Raises `Unavailable`."""
    try:
        return ports.bus.queue_depths()
    except Unavailable:
        subscriptions = sorted(ports.bus.subscriptions().items())
        return [QueueDepth(*subscription, None, None, None, None, None) for subscription in subscriptions]
