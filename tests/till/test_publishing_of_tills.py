"""A till that publishes to Pub/Sub, against Google's emulator."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from store_server import base64url, from_base64url, sale

from devtools.emulators import Emulator
from tillstream_till import Till
from tillstream_till.setup_code import Setup, encode


def test_messages_are_published_with_their_attributes_in_order(
    pubsub: Emulator, folder: Path, markers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from google.cloud import pubsub_v1

    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub.variables["PUBSUB_EMULATOR_HOST"])
    topic, subscription = "projects/tills/topics/store-sales", "projects/tills/subscriptions/all"
    with pubsub_v1.SubscriberClient() as subscriber:
        pubsub_v1.PublisherClient().create_topic(name=topic)
        subscriber.create_subscription({"name": subscription, "topic": topic, "enable_message_ordering": True})
        key = Ed25519PrivateKey.generate()
        private = base64url(key.private_bytes_raw())
        setup = Setup("pubsub://tills/store-sales", "UK", "LON1", "till_x", "T1", "k1", private)
        with Till.init(folder, encode(setup)) as till:
            till.record_all(sale(number) for number in range(20))
            report = till.send()
            assert (report.sent, report.unsent, report.error) == (20, 0, "")
            assert till.status()["last_error"] == ""
        received = []
        while len(received) < 20:
            pulled = subscriber.pull(subscription=subscription, max_messages=50, timeout=30).received_messages
            received += [each.message for each in pulled]
            subscriber.acknowledge(subscription=subscription, ack_ids=[each.ack_id for each in pulled])
    assert [json.loads(message.data)["number"] for message in received] == [str(number) for number in range(20)]
    assert [message.attributes["sequence"] for message in received] == [str(number) for number in range(1, 21)]
    first = received[0]
    assert set(first.attributes) == {"region", "store_id", "key", "till", "epoch", "sequence", "signature"}
    key.public_key().verify(from_base64url(first.attributes["signature"]), first.data)
