"""Forward events to the webhooks: deliver them, and keep the latest deliveries of each."""

import json
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from threading import Event
from typing import Any

from tillstream.delivery import webhooks
from tillstream.delivery.signed_requests import WebhookAnswer, send_signed
from tillstream.delivery.webhooks import Webhook
from tillstream.model.errors import NotFound
from tillstream.model.events import parse_event_filter
from tillstream.ports import Ports
from tillstream.ports.bus import Delivery

COLLECTION = "webhook_deliveries"
KEPT_ATTEMPTS = 50
"""Latest deliveries of a webhook that are listed."""
PULLED, LANES = 100, 4
"""Events per turn; concurrent requests to one receiver, each for other stores."""
GIVE_UP = timedelta(days=3)
"""Time without an accepted event after which a webhook is paused."""
GONE = 410
LEASE, EXTEND_EVERY = 120.0, 30.0
ACTOR = "webhooks"
NOT_TRIED = "Not sent, because the delivery before it failed."

FORWARD_WAIT = 1.0
"""Seconds between two readings of the list of webhooks, and that a thread waits for events."""


@dataclass(frozen=True)
class WebhookAttempt:
    """One request. at: ISO 8601 UTC; attempt: 1 for the first try of the event."""

    at: str
    event: str
    type: str
    attempt: int
    status: int
    milliseconds: int
    error: str


@dataclass(frozen=True)
class WebhookHistory:
    """attempts: newest first. failing_since: time of the first failure since the last accepted event, or empty."""

    attempts: Sequence[WebhookAttempt] = ()
    failing_since: str = ""
    last_accepted: str = ""


def webhook_history(ports: Ports, id: str) -> WebhookHistory:
    document = ports.documents.get(COLLECTION, id)
    data: dict[str, Any] = document.data if document else {}
    attempts = [WebhookAttempt(**each) for each in data.get("attempts", ())]
    return WebhookHistory(attempts, data.get("failing_since", ""), data.get("last_accepted", ""))


def send_test_event(ports: Ports, id: str, *, private: bool) -> WebhookAnswer:
    """Send an event of the type `webhook.test`, once. Raises `NotFound`."""
    webhook = webhooks.get_webhook(ports, id)
    event = {"id": secrets.token_hex(16), "type": "webhook.test"}
    now = ports.clock.now()
    body = json.dumps(event).encode()
    keys = webhooks.webhook_keys(ports, id)
    answer = send_signed(webhook.url, keys, event["id"], body, int(now.timestamp()), private=private)
    attempt = WebhookAttempt(now.isoformat("T", "seconds"), event["id"], event["type"], 1, *asdict(answer).values())
    kept = webhook_history(ports, id)
    _store(ports, id, WebhookHistory([attempt, *kept.attempts], kept.failing_since, kept.last_accepted))
    return answer


def deliver_events(ports: Ports, webhook: Webhook, wait: float, stopping: Event, *, private: bool) -> int:
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
        turn = _Turn(ports, webhook, webhooks.webhook_keys(ports, webhook.id), stopping, private=private)
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
        self.attempts: list[WebhookAttempt] = []

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
        answer = send_signed(
            self._webhook.url,
            self._keys,
            event["id"],
            delivery.message.body,
            int(now.timestamp()),
            private=self._private,
        )
        at = now.isoformat("T", "seconds")
        self.attempts.append(WebhookAttempt(at, event["id"], event["type"], delivery.attempt, *asdict(answer).values()))
        return answer.error


def _note(ports: Ports, webhook: Webhook, attempts: list[WebhookAttempt]) -> None:
    """Store the attempts of a turn, and pause the webhook if its receiver is gone or fails for too long."""
    if not attempts:
        return
    kept = webhook_history(ports, webhook.id)
    accepted = [one for one in attempts if not one.error]
    failed = [one for one in attempts if one.error]
    failing_since = "" if accepted else kept.failing_since or failed[0].at
    last_accepted = accepted[-1].at if accepted else kept.last_accepted
    _store(ports, webhook.id, WebhookHistory([*reversed(attempts), *kept.attempts], failing_since, last_accepted))
    if any(one.status == GONE for one in failed):
        webhooks.pause_webhook(ports, webhook.id, ACTOR, "The receiver answered 410: it no longer exists.")
    elif failing_since and ports.clock.now() - datetime.fromisoformat(failing_since) > GIVE_UP:
        webhooks.pause_webhook(ports, webhook.id, ACTOR, f"No event was accepted since {failing_since[:10]}.")


def _store(ports: Ports, id: str, kept: WebhookHistory) -> None:
    attempts = [asdict(one) for one in kept.attempts[:KEPT_ATTEMPTS]]
    data = {"attempts": attempts, "failing_since": kept.failing_since, "last_accepted": kept.last_accepted}
    ports.documents.put(COLLECTION, id, data)


def forward_events(ports: Ports, seconds: float, report: Callable[[str, Exception], None], *, private: bool) -> int:
    """Forward events for some seconds; return the number of active webhooks. Returns at once if there are none."""
    active = [webhook for webhook in webhooks.find_webhooks(ports) if not webhook.paused]
    if not active:
        return 0
    stopping = threading.Event()
    timer = threading.Timer(seconds, stopping.set)
    timer.start()
    try:
        WebhookForwarder(ports, report, private=private).run(stopping)
    finally:
        timer.cancel()
    return len(active)


class WebhookForwarder:
    """private: whether private addresses are allowed. report: called with the errors of a turn, which is repeated."""

    def __init__(self, ports: Ports, report: Callable[[str, Exception], None], *, private: bool) -> None:
        self._ports, self._report, self._private = ports, report, private
        self._threads: dict[str, threading.Thread] = {}

    def run(self, stopping: threading.Event) -> None:
        """A slow receiver delays only its own events."""
        ended = threading.Event()
        try:
            while not stopping.is_set():
                for webhook in webhooks.find_webhooks(self._ports):
                    thread = self._threads.get(webhook.id)
                    if not webhook.paused and (thread is None or not thread.is_alive()):
                        self._start(webhook, ended)
                stopping.wait(FORWARD_WAIT)
        finally:
            ended.set()
            for thread in self._threads.values():
                thread.join()

    def _start(self, webhook: Webhook, ended: threading.Event) -> None:
        webhooks.attach_webhook(self._ports, webhook, ACTOR)
        thread = threading.Thread(target=self._forward, args=(webhook.id, ended), name=f"webhook-{webhook.id}")
        self._threads[webhook.id] = thread
        thread.start()

    def _forward(self, id: str, ended: threading.Event) -> None:
        while not ended.is_set():
            try:
                webhook = webhooks.get_webhook(self._ports, id)
                if webhook.paused:
                    return
                deliver_events(self._ports, webhook, FORWARD_WAIT, ended, private=self._private)
            except NotFound:  # removed meanwhile, or its subscription was: `run` creates it again
                return
            except Exception as error:  # noqa: BLE001 - reported, and tried again
                self._report(id, error)
                ended.wait(FORWARD_WAIT)
