"""Deliver the events of a webhook, and keep its latest deliveries."""

import json
import secrets
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from threading import Event
from typing import Any

from tillstream.model.events import parse_event_filter
from tillstream.ports import Ports
from tillstream.ports.bus import Delivery
from tillstream.webhooks import registry
from tillstream.webhooks.registry import Webhook
from tillstream.webhooks.sending import Answer, send

COLLECTION = "webhook_deliveries"
KEPT = 50
"""Latest deliveries of a webhook that are listed."""
PULLED, LANES = 100, 4
"""Events per turn; concurrent requests to one receiver, each for other stores."""
GIVE_UP = timedelta(days=3)
"""Time without an accepted event after which a webhook is paused."""
GONE = 410
LEASE, EXTEND_EVERY = 120.0, 30.0
ACTOR = "webhooks"
NOT_TRIED = "Not sent, because the delivery before it failed."


@dataclass(frozen=True)
class Attempt:
    """One request. at: ISO 8601 UTC; attempt: 1 for the first try of the event."""

    at: str
    event: str
    type: str
    attempt: int
    status: int
    milliseconds: int
    error: str


@dataclass(frozen=True)
class History:
    """attempts: newest first. failing_since: time of the first failure since the last accepted event, or empty."""

    attempts: Sequence[Attempt] = ()
    failing_since: str = ""
    last_accepted: str = ""


def history(ports: Ports, id: str) -> History:
    document = ports.documents.get(COLLECTION, id)
    data: dict[str, Any] = document.data if document else {}
    attempts = [Attempt(**each) for each in data.get("attempts", ())]
    return History(attempts, data.get("failing_since", ""), data.get("last_accepted", ""))


def send_test(ports: Ports, id: str, *, private: bool) -> Answer:
    """Send an event of the type `webhook.test`, once. Raises `NotFound`."""
    webhook = registry.get(ports, id)
    event = {"id": secrets.token_hex(16), "type": "webhook.test"}
    now = ports.clock.now()
    body = json.dumps(event).encode()
    keys = registry.keys(ports, id)
    answer = send(webhook.url, keys, event["id"], body, int(now.timestamp()), private=private)
    attempt = Attempt(now.isoformat("T", "seconds"), event["id"], event["type"], 1, *asdict(answer).values())
    kept = history(ports, id)
    _store(ports, id, History([attempt, *kept.attempts], kept.failing_since, kept.last_accepted))
    return answer


def deliver(ports: Ports, webhook: Webhook, wait: float, stopping: Event, *, private: bool) -> int:
    """Send the events that are due; return how many were pulled. Those that fail are delivered again later.

    The events of one store are sent one after the other. After a failure, the rest of them is not tried.
    """
    bus, event_filter = ports.bus, parse_event_filter(webhook.filter)
    deliveries = bus.pull(webhook.subscription, PULLED, wait)
    lanes: dict[tuple[str, str], list[Delivery]] = {}
    for delivery in deliveries:
        attributes = delivery.message.attributes
        if webhook.is_of(delivery.published_at) and event_filter.matches(attributes):
            lanes.setdefault((attributes.get("region", ""), attributes.get("store_id", "")), []).append(delivery)
    wanted = {one.lease for lane in lanes.values() for one in lane}
    bus.acknowledge([one for one in deliveries if one.lease not in wanted])
    if lanes:
        turn = _Turn(ports, webhook, registry.keys(ports, webhook.id), stopping, private=private)
        with ThreadPoolExecutor(LANES) as pool:
            list(pool.map(turn.run, lanes.values()))
        _note(ports, webhook, turn.attempts)
    return len(deliveries)


class _Turn:
    """One turn of a webhook; `failed` ends the lanes that are not finished."""

    def __init__(self, ports: Ports, webhook: Webhook, keys: list[str], stopping: Event, *, private: bool) -> None:
        self._ports, self._webhook, self._keys, self._private = ports, webhook, keys, private
        self._stopping = stopping
        self._failed = Event()
        self.attempts: list[Attempt] = []

    def run(self, lane: list[Delivery]) -> None:
        bus, extended = self._ports.bus, time.monotonic()
        bus.extend(lane, LEASE)
        for place, delivery in enumerate(lane):
            if self._failed.is_set() or self._stopping.is_set():
                bus.release(lane[place:], NOT_TRIED)
                return
            if time.monotonic() - extended > EXTEND_EVERY:
                extended = time.monotonic()
                bus.extend(lane[place:], LEASE)
            error = self._send(delivery)
            if error:
                self._failed.set()
                bus.release([delivery], error)
            else:
                bus.acknowledge([delivery])

    def _send(self, delivery: Delivery) -> str:
        event = json.loads(delivery.message.body)
        now = self._ports.clock.now()
        answer = send(
            self._webhook.url,
            self._keys,
            event["id"],
            delivery.message.body,
            int(now.timestamp()),
            private=self._private,
        )
        at = now.isoformat("T", "seconds")
        self.attempts.append(Attempt(at, event["id"], event["type"], delivery.attempt, *asdict(answer).values()))
        return answer.error


def _note(ports: Ports, webhook: Webhook, attempts: list[Attempt]) -> None:
    """Store the attempts of a turn, and pause the webhook if its receiver is gone or fails for too long."""
    if not attempts:
        return
    kept = history(ports, webhook.id)
    accepted = [one for one in attempts if not one.error]
    failed = [one for one in attempts if one.error]
    failing_since = "" if accepted else kept.failing_since or failed[0].at
    last_accepted = accepted[-1].at if accepted else kept.last_accepted
    _store(ports, webhook.id, History([*reversed(attempts), *kept.attempts], failing_since, last_accepted))
    if any(one.status == GONE for one in failed):
        registry.pause(ports, webhook.id, ACTOR, "The receiver answered 410: it no longer exists.")
    elif failing_since and ports.clock.now() - datetime.fromisoformat(failing_since) > GIVE_UP:
        registry.pause(ports, webhook.id, ACTOR, f"No event was accepted since {failing_since[:10]}.")


def _store(ports: Ports, id: str, kept: History) -> None:
    attempts = [asdict(one) for one in kept.attempts[:KEPT]]
    data = {"attempts": attempts, "failing_since": kept.failing_since, "last_accepted": kept.last_accepted}
    ports.documents.put(COLLECTION, id, data)
