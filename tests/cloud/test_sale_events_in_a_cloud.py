"""Webhooks and `tillstream subscribe` in a Google Cloud project: on the emulators of Pub/Sub and Firestore."""

import json
import secrets
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner
from threads import join_thread
from waiting import wait_for
from webhook_receiver import Receiver, receiving

from devtools.emulators import PROJECT, Emulator
from devtools.local_triggers import call, make_subscription, make_topic
from infra.deliveries import FORWARDED, LISTED
from infra.kinds.pubsub import MIN_RETENTION, in_seconds
from tillstream.app import App, build
from tillstream.cli.main import main
from tillstream.delivery import webhooks
from tillstream.delivery.webhook_events import WebhookForwarder, forward_events, webhook_history
from tillstream.delivery.webhooks import renumber_webhooks
from tillstream.model.events import DEAD_LETTERS, TOPIC_SALE_EVENTS, WEBHOOK_PLACES
from tillstream.ports.bus import Message
from tillstream.settings import Settings


@pytest.fixture
def app(
    pubsub: Emulator, firestore: Emulator, cloud_storage: Emulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[App]:
    """The subscriptions are made anew: a webhook also gets the events of the minute before it, here of another test."""
    emulator = f"http://127.0.0.1:{pubsub.port}"
    for topic in (TOPIC_SALE_EVENTS, DEAD_LETTERS):
        make_topic(emulator, topic)
    make_subscription(emulator, DEAD_LETTERS, DEAD_LETTERS, LISTED)
    for name in WEBHOOK_PLACES:
        make_subscription(emulator, name, TOPIC_SALE_EVENTS, FORWARDED)
    monkeypatch.setenv("TILLSTREAM_PROJECT", PROJECT)
    monkeypatch.setenv("TILLSTREAM_WEBHOOK_PRIVATE", "true")
    app = build(Settings.read())
    yield app
    for webhook in webhooks.find_webhooks(app.ports):
        webhooks.remove_webhook(app.ports, webhook.id, "test")
    app.close()
    for name in WEBHOOK_PLACES:
        call("DELETE", f"{emulator}/v1/projects/{PROJECT}/subscriptions/{name}")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


def publish(app: App, *numbers: int, region: str = "UK") -> None:
    attributes = {"type": "sale.changed", "region": region, "store_id": "A"}
    bodies = [json.dumps({"id": f"{number:032x}", "type": "sale.changed"}).encode() for number in numbers]
    app.ports.bus.publish(TOPIC_SALE_EVENTS, [Message(body, attributes, f"{region}/A") for body in bodies])


def forward(app: App, seconds: float) -> int:
    errors: list[str] = []
    active = forward_events(app.ports, seconds, lambda _, error: errors.append(repr(error)), private=True)
    assert errors == []
    return active


def forward_until(app: App, condition: Callable[[], Any]) -> None:
    """Forward events until it is true."""
    errors, stopping = list[str](), threading.Event()
    forwarder = WebhookForwarder(app.ports, lambda _, error: errors.append(repr(error)), private=True)
    thread = threading.Thread(target=forwarder.run, args=(stopping,), daemon=True)
    thread.start()
    try:
        wait_for(condition, "what is forwarded", is_running=thread.is_alive)
    finally:
        stopping.set()
        join_thread(thread)
    assert errors == []


def numbers(receiver: Receiver) -> list[int]:
    return [int(json.loads(body)["id"], 16) for _, body in receiver.received]


def test_a_webhook_of_a_project_receives_the_events_of_its_filter_in_order(app: App, receiver: Receiver) -> None:
    webhook = json.loads(run("webhooks", "add", receiver.url, "--filter", "region=UK", "--json"))
    publish(app, 1, 2, 3)
    publish(app, 9, region="IN")
    forward_until(app, lambda: len(numbers(receiver)) >= 3)
    assert numbers(receiver) == [1, 2, 3]
    publish(app, 4)
    forward_until(app, lambda: 4 in numbers(receiver))
    assert numbers(receiver) == [1, 2, 3, 4], "acknowledged events do not come again"
    assert [attempt.status for attempt in webhook_history(app.ports, webhook["id"]).attempts] == [204] * 4


def test_an_event_that_was_not_accepted_comes_again_in_a_later_call(app: App, receiver: Receiver) -> None:
    """The emulator repeats without a delay, so the receiver is slow: 20 attempts would make a dead letter."""
    webhook, _ = webhooks.add_webhook(app.ports, receiver.url, "", "boss", private=True)
    publish(app, 1)
    receiver.status, receiver.delay = 500, 1.0
    forward_until(app, lambda: numbers(receiver))
    assert set(numbers(receiver)) == {1}
    receiver.status, receiver.delay = 204, 0.0
    forward_until(app, lambda: webhook_history(app.ports, webhook.id).attempts[0].status == 204)
    newest, *earlier = webhook_history(app.ports, webhook.id).attempts
    assert (newest.status, {attempt.status for attempt in earlier}) == (204, {500})
    assert newest.attempt == len(earlier) + 1


def retention(pubsub: Emulator, subscription: str) -> str:
    address = f"http://127.0.0.1:{pubsub.port}/v1/projects/{PROJECT}/subscriptions/{subscription}"
    return str(call("GET", address)["messageRetentionDuration"])


def test_a_webhook_whose_subscription_was_detached_is_attached_again(app: App, receiver: Receiver) -> None:
    webhook, _ = webhooks.add_webhook(app.ports, receiver.url, "", "boss", private=True)
    app.ports.bus.detach(webhook.subscription)
    forward_until(app, lambda: webhook.subscription in app.ports.bus.subscriptions())
    publish(app, 5)
    forward_until(app, lambda: numbers(receiver))
    assert numbers(receiver) == [5]


def test_only_the_retention_of_deployed_subscriptions_changes(app: App, pubsub: Emulator, receiver: Receiver) -> None:
    """So that who attaches webhooks may neither create nor delete subscriptions."""
    assert TOPIC_SALE_EVENTS not in app.ports.bus.subscriptions().values()
    webhook, _ = webhooks.add_webhook(app.ports, receiver.url, "", "boss", private=True)
    assert app.ports.bus.subscriptions()[webhook.subscription] == TOPIC_SALE_EVENTS
    assert retention(pubsub, webhook.subscription) == "604800s"
    run("webhooks", "remove", webhook.id)
    assert TOPIC_SALE_EVENTS not in app.ports.bus.subscriptions().values()
    assert retention(pubsub, webhook.subscription) == in_seconds(MIN_RETENTION)


def test_a_webhook_gets_no_events_of_an_earlier_one_with_its_id(app: App, receiver: Receiver) -> None:
    publish(app, 1)
    webhook, _ = webhooks.add_webhook(app.ports, receiver.url, "", "boss", private=True)
    stored = app.ports.documents.get(webhooks.WEBHOOKS.name, webhook.id)
    assert stored
    later = {**stored.data, "created_at": (app.ports.clock.now() + 2 * webhooks.EARLIER).isoformat("T", "seconds")}
    app.ports.documents.put(webhooks.WEBHOOKS.name, webhook.id, later)
    publish(app, 2)
    assert forward(app, 1.0) == 1
    assert numbers(receiver) == []
    app.ports.documents.put(webhooks.WEBHOOKS.name, webhook.id, stored.data)
    publish(app, 3)
    forward_until(app, lambda: 3 in numbers(receiver))
    assert numbers(receiver)[-1] == 3


def test_a_webhook_of_an_earlier_version_gets_an_id_of_today(app: App, receiver: Receiver) -> None:
    webhook, _ = webhooks.add_webhook(app.ports, receiver.url, "", "boss", private=True)
    stored = app.ports.documents.get(webhooks.WEBHOOKS.name, webhook.id)
    assert stored
    webhooks.remove_webhook(app.ports, webhook.id, "boss")
    app.ports.documents.put(webhooks.WEBHOOKS.name, "0a1b2c3d4e5f", {**stored.data, "id": "0a1b2c3d4e5f"})
    for _ in range(2):
        renumber_webhooks(app.ports)
        (now,) = webhooks.find_webhooks(app.ports)
        assert (now.id, now.url) == ("1", receiver.url)
    publish(app, 4)
    forward_until(app, lambda: numbers(receiver))
    assert numbers(receiver) == [4]


def test_a_named_subscriber_of_a_project_continues_where_it_stopped(app: App) -> None:
    name = f"copy-{secrets.token_hex(4)}"
    subscription = app.ports.bus
    subscription.attach(TOPIC_SALE_EVENTS, f"subscriber-{name}", idle=86_400.0)
    try:
        publish(app, 1, 2)
        publish(app, 8, region="IN")
        publish(app, 3)
        first = run("subscribe", "--name", name, "--filter", "region=UK", "--max", "2").splitlines()
        second = run("subscribe", "--name", name, "--filter", "region=UK", "--max", "1").splitlines()
        assert [int(json.loads(line)["id"], 16) for line in (*first, *second)] == [1, 2, 3]
    finally:
        subscription.detach(f"subscriber-{name}")
