"""Work off the queues of a home: events of the pipeline, and store sales."""

import json
from collections.abc import Callable, Sequence
from typing import TypedDict

from tillstream import logs
from tillstream.app import App
from tillstream.handlers import Event, dispatch
from tillstream.intake import store_sales
from tillstream.model.errors import Unavailable
from tillstream.model.events import SALES_STAGED
from tillstream.ports import EventBus, Ports
from tillstream.ports.bus import Delivery

LEASE = 900.0
STOPPED = "The server was stopped."
SUBSCRIPTIONS = ("objects", "batches")
"""Subscriptions of the events of the pipeline."""


class WorkedOff(TypedDict):
    """received: messages of stores. left: messages that remain in each queue."""

    received: int
    left: dict[str, int]


def handle_events(bus: EventBus, subscription: str, wait: float, work: Callable[[Event], None]) -> int:
    """Pull events, do the work of each, then acknowledge or release it. Returns the number pulled."""
    deliveries = bus.pull(subscription, 1 if subscription == "objects" else 100, wait)
    for group in _with_one_settlement(deliveries):
        bus.extend(group, LEASE)
        try:
            work(_event(group[-1]))
        except KeyboardInterrupt:
            bus.release(group, STOPPED)
            raise
        except Unavailable as error:
            bus.release(group, str(error))
        except Exception as error:  # noqa: BLE001 - unknown errors are retried and end as visible dead letters
            bus.release(group, repr(error))
        else:
            bus.acknowledge(group)
    return len(deliveries)


def work_off_queues(app: App) -> WorkedOff:
    """Do what is ready in the queues, unless a worker does.

    What failed is repeated later, and what another process has in progress is left to it.
    """
    ports = app.ports
    if app.has_worker or app.settings.project:
        return {"received": 0, "left": {}}
    logs.spare_output()
    before = _waiting(ports).get(store_sales.RECEIVE_SUBSCRIPTION, 0)
    while any(
        [
            *(handle_events(ports.bus, name, 0, lambda event: dispatch(app, event)) for name in SUBSCRIPTIONS),
            store_sales.receive_store_sales(ports, app.contracts, app.settings.batch_size, 0),
        ]
    ):
        pass
    left = _waiting(ports)
    return {"received": before - left.get(store_sales.RECEIVE_SUBSCRIPTION, 0), "left": left}


def _waiting(ports: Ports) -> dict[str, int]:
    """Subscription → its messages that are not dead, if there are any."""
    names = {*SUBSCRIPTIONS, store_sales.RECEIVE_SUBSCRIPTION}
    waiting = {
        one.subscription: sum(filter(None, (one.ready, one.leased, one.delayed)))
        for one in ports.bus.queue_depths()
        if one.subscription in names
    }
    return {name: count for name, count in sorted(waiting.items()) if count}


def _with_one_settlement(deliveries: Sequence[Delivery]) -> list[list[Delivery]]:
    """Group the events that the handling of one of them completes: every staged micro-batch is settled at once."""
    groups: list[list[Delivery]] = []
    settling: list[Delivery] = []
    for delivery in deliveries:
        if delivery.message.attributes.get("type") != SALES_STAGED:
            groups.append([delivery])
        elif settling:
            settling.append(delivery)
        else:
            settling.append(delivery)
            groups.append(settling)
    return groups


def _event(delivery: Delivery) -> Event:
    message = delivery.message
    return Event(delivery.id, message.attributes.get("type", ""), json.loads(message.body))
