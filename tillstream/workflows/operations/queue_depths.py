"""What waits in the queues, as far as somebody tells."""

from tillstream.domain.errors import Unavailable
from tillstream.ports import Ports
from tillstream.ports.event_bus import QueueDepth


def depths(ports: Ports) -> list[QueueDepth]:
    """Their names alone where the bus works and nobody tells how much waits. Raises `Unavailable`."""
    try:
        return ports.bus.depths()
    except Unavailable:
        named = sorted(ports.bus.subscriptions().items())
        return [QueueDepth(*queue, None, None, None, None, None) for queue in named]
