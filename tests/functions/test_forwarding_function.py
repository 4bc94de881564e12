"""The function that sends sale events to webhooks in a Google Cloud project."""

import json
import threading
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient
from threads import join_thread
from waiting import wait_for
from webhook_receiver import Receiver, receiving

from tillstream.app import App
from tillstream.delivery import webhooks
from tillstream.delivery.webhook_events import webhook_history
from tillstream.model.events import TOPIC_SALE_EVENTS
from tillstream.ports.bus import Message

Entry = Callable[[str], FlaskClient]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture(autouse=True)
def private_receivers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TILLSTREAM_FORWARD_SECONDS", "600")  # a call that ran for its time would fail the test
    monkeypatch.setenv("TILLSTREAM_WEBHOOK_PRIVATE", "true")


def end_calls_after(monkeypatch: pytest.MonkeyPatch, app: App, webhook: str, attempts: int) -> None:
    """The time of a call of the function is over once a webhook has had so many attempts."""

    class Timer(threading.Thread):
        def __init__(self, seconds: float, function: Callable[[], None]) -> None:
            super().__init__(daemon=True)
            assert seconds == 600
            self.function = function

        def run(self) -> None:
            wait_for(lambda: len(webhook_history(app.ports, webhook).attempts) >= attempts, "the attempts")
            self.function()

        def cancel(self) -> None:
            join_thread(self)

    monkeypatch.setattr(threading, "Timer", Timer)


def publish(app: App, *numbers: int) -> None:
    bodies = [json.dumps({"id": f"{number:032x}", "type": "sale.changed"}).encode() for number in numbers]
    attributes = {"type": "sale.changed", "region": "UK", "store_id": "A"}
    app.ports.bus.publish(TOPIC_SALE_EVENTS, [Message(body, attributes) for body in bodies])


def test_a_call_sends_the_events_that_webhooks_have_collected(
    entry: Entry, app: App, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook, _ = webhooks.add_webhook(app.ports, receiver.url, "", "boss", private=True)
    end_calls_after(monkeypatch, app, webhook.id, 3)
    publish(app, 1, 2, 3)
    answer = entry("forward").post("/")
    assert (answer.status_code, answer.get_json()) == (200, {"webhooks": 1})
    assert [int(json.loads(body)["id"], 16) for _, body in receiver.received] == [1, 2, 3]
    assert [attempt.status for attempt in webhook_history(app.ports, webhook.id).attempts] == [204] * 3


def test_without_an_active_webhook_a_call_ends_at_once(entry: Entry, app: App, receiver: Receiver) -> None:
    webhook, _ = webhooks.add_webhook(app.ports, receiver.url, "", "boss", private=True)
    webhooks.pause_webhook(app.ports, webhook.id, "boss", "holidays")
    publish(app, 1)
    assert entry("forward").post("/").get_json() == {"webhooks": 0}
    assert receiver.received == []


def test_events_that_a_call_could_not_deliver_are_kept_for_a_later_one(
    entry: Entry, app: App, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook, _ = webhooks.add_webhook(app.ports, receiver.url, "", "boss", private=True)
    end_calls_after(monkeypatch, app, webhook.id, 1)
    publish(app, 1)
    receiver.status = 500
    function = entry("forward")
    function.post("/")
    assert len(receiver.received) == 1
    (depth,) = [each for each in app.ports.bus.queue_depths() if each.subscription.startswith("webhook-")]
    assert (depth.delayed or 0) + (depth.ready or 0) == 1
