"""Events reach a real receiver: signed, in order, again after failures, and visible."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from app_factory import build
from threads import join_thread
from webhook_receiver import Receiver, receiving

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.delivery import signed_requests, webhooks
from tillstream.delivery.webhook_events import WebhookForwarder, deliver_events, send_test_event, webhook_history
from tillstream.delivery.webhooks import POLICY, Webhook
from tillstream.model.errors import NotFound, Rejected
from tillstream.ports.bus import Message
from tillstream.records import audit_log
from tillstream.settings import Settings

NEVER = threading.Event()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    built = build(Settings(home=tmp_path / "home", samples=False, threads=1), ManualClock())
    yield built
    built.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def webhook(app: App, receiver: Receiver) -> Webhook:
    return webhooks.add_webhook(app.ports, receiver.url, "region=UK", "boss", private=True)[0]


def publish(app: App, *numbers: int, region: str = "UK", store: str = "A") -> None:
    attributes = {"type": "sale.changed", "region": region, "store_id": store}
    bodies = [json.dumps({"id": f"{number:032x}", "type": "sale.changed"}).encode() for number in numbers]
    app.ports.bus.publish("sale-events", [Message(body, attributes) for body in bodies])


def turn(app: App, webhook: Webhook) -> int:
    return deliver_events(app.ports, webhook, 0.0, NEVER, private=True)


def received(receiver: Receiver) -> list[int]:
    return [int(json.loads(body)["id"], 16) for _, body in receiver.received]


def test_events_of_a_filter_come_signed_and_in_order(app: App, receiver: Receiver) -> None:
    webhook, secret = webhooks.add_webhook(app.ports, receiver.url, "region=UK", "boss", private=True)
    publish(app, 1, 2, 3)
    publish(app, 9, region="IN")
    assert (turn(app, webhook), turn(app, webhook)) == (4, 0)
    assert received(receiver) == [1, 2, 3]
    for headers, body in receiver.received:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        digest = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
        assert headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()
        assert headers["webhook-id"] == json.loads(body)["id"]


def test_after_another_secret_both_are_valid_for_a_day(app: App, receiver: Receiver, webhook: Webhook) -> None:
    first = webhooks.webhook_keys(app.ports, webhook.id)
    second = webhooks.rotate_secret(app.ports, webhook.id, "boss")
    assert webhooks.webhook_keys(app.ports, webhook.id) == [second, *first]
    publish(app, 1)
    turn(app, webhook)
    assert receiver.received[0][0]["webhook-signature"].count("v1,") == 2
    app.ports.clock.sleep(90_000)
    assert webhooks.webhook_keys(app.ports, webhook.id) == [second]


@pytest.mark.parametrize("status", [301, 400, 429, 500, 503])
def test_what_is_not_accepted_comes_again_with_the_same_id(
    app: App, receiver: Receiver, webhook: Webhook, status: int
) -> None:
    receiver.status = status
    publish(app, 1)
    turn(app, webhook)
    assert (turn(app, webhook), len(receiver.received)) == (0, 1)
    receiver.status = 200
    app.ports.clock.sleep(POLICY.maximum)
    turn(app, webhook)
    assert received(receiver) == [1, 1]
    attempts = webhook_history(app.ports, webhook.id).attempts
    assert [(one.status, one.attempt, bool(one.error)) for one in attempts] == [(200, 2, False), (status, 1, True)]


def test_after_a_failure_the_rest_of_a_turn_is_not_tried(app: App, receiver: Receiver, webhook: Webhook) -> None:
    receiver.status = 500
    publish(app, *range(1, 50))
    turn(app, webhook)
    assert received(receiver) == [1]


def test_a_receiver_that_does_not_answer_in_time_is_a_failure(
    app: App, receiver: Receiver, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signed_requests, "TIMEOUT", 0.2)
    receiver.delay = 1.0
    publish(app, 1)
    turn(app, webhook)
    (attempt,) = webhook_history(app.ports, webhook.id).attempts
    assert (attempt.status, "did not answer" in attempt.error) == (0, True)
    assert app.ports.bus.queue_depths()[-1].ready == 0


def test_an_event_that_fails_too_often_is_a_dead_letter_that_can_be_sent_again(
    app: App, receiver: Receiver, webhook: Webhook
) -> None:
    receiver.status = 500
    publish(app, 1)
    for _ in range(POLICY.attempts):
        turn(app, webhook)
        app.ports.clock.sleep(POLICY.maximum)
    (letter,) = app.ports.bus.dead_letters(webhook.subscription)
    assert letter.error == "The receiver answered 500."
    receiver.status = 200
    assert app.ports.bus.resend([letter.id]) == 1
    turn(app, webhook)
    assert (app.ports.bus.dead_letters(webhook.subscription), received(receiver)[-1]) == ([], 1)


def test_a_receiver_that_is_gone_is_paused_and_its_events_are_collected(
    app: App, receiver: Receiver, webhook: Webhook
) -> None:
    receiver.status = 410
    publish(app, 1)
    turn(app, webhook)
    assert "410" in webhooks.get_webhook(app.ports, webhook.id).paused
    publish(app, 2)
    receiver.status = 200
    app.ports.clock.sleep(60)
    turn(app, webhooks.resume_webhook(app.ports, webhook.id, "boss"))
    assert sorted(received(receiver)[1:]) == [1, 2]
    assert [(each.what, each.who) for each in audit_log.find_entries(app.ports, audit_log.AuditFilter())][:2] == [
        ("webhook.changed", "boss"),
        ("webhook.changed", "webhooks"),
    ]


def test_a_receiver_that_fails_for_three_days_is_paused(app: App, receiver: Receiver, webhook: Webhook) -> None:
    receiver.status = 500
    for day in range(5):
        publish(app, day)
        turn(app, webhook)
        app.ports.clock.sleep(86_400)
    assert webhooks.get_webhook(app.ports, webhook.id).paused.startswith("No event was accepted since")


def test_a_test_shows_what_the_receiver_answers(app: App, receiver: Receiver, webhook: Webhook) -> None:
    assert send_test_event(app.ports, webhook.id, private=True).status == 204
    receiver.status = 401
    answer = send_test_event(app.ports, webhook.id, private=True)
    assert (answer.status, answer.error) == (401, "The receiver answered 401.")
    assert [one.type for one in webhook_history(app.ports, webhook.id).attempts] == ["webhook.test"] * 2


def test_removed_it_leaves_no_subscription_and_no_secret(app: App, webhook: Webhook) -> None:
    webhooks.remove_webhook(app.ports, webhook.id, "boss")
    assert webhook.subscription not in app.ports.bus.subscriptions()
    with pytest.raises(NotFound):
        webhooks.webhook_keys(app.ports, webhook.id)
    entries = list(audit_log.find_entries(app.ports, audit_log.AuditFilter()))
    assert [each.what for each in entries] == ["webhook.removed", "webhook.added"]
    assert "whsec_" not in repr(entries)


def test_the_forwarder_serves_new_webhooks_beside_one_that_fails(app: App, receiver: Receiver) -> None:
    webhooks.add_webhook(app.ports, "http://127.0.0.1:9/closed", "", "boss", private=True)
    stopping = threading.Event()
    errors: list[str] = []
    forwarder = WebhookForwarder(app.ports, lambda _, error: errors.append(repr(error)), private=True)
    thread = threading.Thread(target=forwarder.run, args=(stopping,), daemon=True)
    thread.start()
    try:
        webhooks.add_webhook(app.ports, receiver.url, "", "boss", private=True)
        publish(app, *range(20))
        for _ in range(200):
            if len(receiver.received) == 20:
                break
            stopping.wait(0.05)
    finally:
        stopping.set()
        join_thread(thread)
    assert (received(receiver), errors) == (list(range(20)), [])


def test_an_event_whose_process_was_killed_between_answer_and_acknowledgement_comes_again(
    app: App, receiver: Receiver, webhook: Webhook
) -> None:
    publish(app, 1, 2)
    assert len(app.ports.bus.pull(webhook.subscription, 10)) == 2  # never acknowledged
    assert turn(app, webhook) == 0
    app.ports.clock.sleep(POLICY.lease + 1)
    assert (turn(app, webhook), received(receiver)) == (2, [1, 2])


def test_there_is_a_limit_of_webhooks(app: App) -> None:
    for number in range(webhooks.MAX_WEBHOOKS):
        webhooks.add_webhook(app.ports, f"https://example.com/{number}", "", "boss", private=False)
    with pytest.raises(Rejected, match="at most 20"):
        webhooks.add_webhook(app.ports, "https://example.com/more", "", "boss", private=False)
