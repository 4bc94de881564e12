"""Read sale events for `tillstream subscribe`, one short command after the other.

Each call of `next_events` acknowledges what the caller has written and returns more. So no thread of the server and no
lock of the folder is held while a program waits for events.
"""

import json
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tillstream.app import App
from tillstream.commands.result import Progress, Result
from tillstream.domain.errors import Rejected
from tillstream.domain.event_filter import parse_filter
from tillstream.domain.events import TOPIC_SALE_EVENTS
from tillstream.ports.event_bus import Delivery, Message, RetryPolicy

PREFIX, TEMPORARY = "subscriber-", "subscriber-temporary-"
NAME = re.compile(r"(?!temporary)[a-z][a-z0-9-]{0,39}")
IDLE, TEMPORARY_IDLE = 7 * 86_400.0, 86_400.0
"""Seconds without a pull after which a subscription is removed: of a name, and of one command."""
POLICY = RetryPolicy(attempts=100, maximum=60.0, lease=60.0)
"""A program that is killed again and again still loses no event."""
MOST_EVENTS = 500


@dataclass(frozen=True, kw_only=True)
class Begin:
    """name: of a durable subscription; empty: a temporary one. from_now: without the events that it has collected."""

    name: str = ""
    filter: str = ""
    from_now: bool = False


@dataclass(frozen=True, kw_only=True)
class Next:
    """done: leases of events that need not be delivered again. wait: seconds to wait for the first event."""

    subscription: str
    filter: str = ""
    done: Sequence[str] = ()
    limit: int = 100
    wait: float = 0.0


@dataclass(frozen=True, kw_only=True)
class End:
    subscription: str


def begin(app: App, progress: Progress, arguments: Begin) -> Result:
    """Create the subscription or continue it. Raises `Rejected` for a wrong name or filter."""
    parse_filter(arguments.filter)
    if arguments.name and not NAME.fullmatch(arguments.name):
        raise Rejected(
            f"“{arguments.name}” cannot be the name of a subscription. Use up to 40 letters a to z, digits and hyphens."
        )
    name = f"{PREFIX}{arguments.name}" if arguments.name else f"{TEMPORARY}{secrets.token_hex(6)}"
    if arguments.from_now:
        app.ports.bus.detach(name)
    idle = IDLE if arguments.name else TEMPORARY_IDLE
    app.ports.bus.attach(TOPIC_SALE_EVENTS, name, idle=idle, policy=POLICY)
    return Result({"subscription": name})


def next_events(app: App, progress: Progress, arguments: Next) -> Result:
    """Acknowledge events and return up to `limit` further ones, each with its lease. Raises `NotFound`."""
    bus, subscription = app.ports.bus, _subscriber(arguments.subscription)
    event_filter = parse_filter(arguments.filter)
    bus.acknowledge(_leased(app, subscription, lease) for lease in arguments.done)
    until = time.monotonic() + min(arguments.wait, 10.0)
    while arguments.limit > 0:
        wait = max(0.0, until - time.monotonic())
        deliveries = bus.pull(subscription, min(arguments.limit, MOST_EVENTS), wait)
        matching = [one for one in deliveries if event_filter.matches(one.message.attributes)]
        bus.acknowledge(one for one in deliveries if one not in matching)
        if matching or not deliveries:
            events = [{"lease": one.lease, "event": json.loads(one.message.body)} for one in matching]
            return Result({"events": events})
    return Result({"events": []})


def end(app: App, progress: Progress, arguments: End) -> Result:
    """Remove the subscription if it is temporary."""
    if arguments.subscription.startswith(TEMPORARY):
        app.ports.bus.detach(arguments.subscription)
    return Result({"subscription": arguments.subscription})


def _subscriber(subscription: str) -> str:
    if not subscription.startswith(PREFIX):
        raise Rejected(f"{subscription} is not a subscription of a program.")
    return subscription


def _leased(app: App, subscription: str, lease: str) -> Delivery:
    """The delivery of a lease, to acknowledge it."""
    now = app.ports.clock.now()
    return Delivery("", subscription, TOPIC_SALE_EVENTS, Message(b""), now, 0, 1, lease, now)
