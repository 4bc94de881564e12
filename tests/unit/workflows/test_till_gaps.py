"""Acknowledged messages that are neither stored nor in the queue are a loss of the store until they are stored."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from app_factory import build

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.intake import message_verification, till_gaps
from tillstream.model.errors import Rejected
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.model.messages import store_sale_schema
from tillstream.people import signatures, store_credentials
from tillstream.people.store_credentials import StoreToken
from tillstream.ports.bus import Message
from tillstream.records import losses
from tillstream.records.losses import Resolution
from tillstream.server.worker import Worker
from tillstream.settings import Settings

SALE = store_sale_schema()["examples"][0]
REGION, STORE = SALE["region"], SALE["store_id"]
EPOCH = "0123456789abcdef"
TOKEN = StoreToken("t", REGION, STORE)


class Till:
    """A till with a key: what it sends, and what it asks for."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.key, self._private = store_credentials.issue_store_key(app.ports, REGION, STORE, "front", "boss")

    def body(self, number: int) -> bytes:
        return json.dumps(SALE | {"number": str(number)}).encode()

    def publish(self, *numbers: int, offset: int = 0, signature: str = "") -> None:
        """Publish sales; each has its number as sequence, plus `offset`."""
        for number in numbers:
            body = self.body(number)
            attributes = {"region": REGION, "store_id": STORE, "key": self.key.id, "till": "front", "epoch": EPOCH}
            signed = signature or signatures.sign_payload(self._private, body)
            self.app.ports.bus.publish(
                TOPIC_STORE_SALES,
                [Message(body, attributes | {"sequence": str(number + offset), "signature": signed})],
            )

    def receive(self) -> None:
        Worker(self.app).run_until_idle()

    def ask(self, *numbers: int, offset: int = 0) -> list[str]:
        listed = [
            {
                "epoch": EPOCH,
                "sequence": str(number + offset),
                "digest": sha256(self.body(number)).hexdigest()[: message_verification.DIGEST_DIGITS],
            }
            for number in numbers
        ]
        queried = till_gaps.parse_acknowledged(self.app.ports, TOKEN, {"till": "front", "messages": listed})
        return [str(one) for one in till_gaps.acknowledged_states(self.app.ports, queried)]

    def lost(self) -> list[str]:
        """The messages of the open losses."""
        return [one.loss.message for one in losses.open_losses(self.app.ports)]


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    app = build(Settings(home=tmp_path, threads=1, samples=False), ManualClock(datetime(2026, 11, 20, 12, tzinfo=UTC)))
    yield Till(app)
    app.close()


def test_a_message_is_stored_waiting_or_missing(till: Till) -> None:
    till.publish(1, 2)
    till.receive()
    till.publish(3)
    (leased,) = till.app.ports.bus.pull("receive", 1)
    assert till.ask(1, 2, 3) == ["stored", "stored", "waiting"], "a message that is being received is not missing"
    assert till.lost() == []
    assert till.ask(4, 3, 2) == ["missing", "waiting", "stored"]
    till.app.ports.bus.release([leased], "later")
    (record,) = losses.open_losses(till.app.ports)
    assert (record.loss.kind, record.loss.stores) == (losses.LossKind.STORE_SALES, (f"{REGION}/{STORE}",))
    assert record.loss.message.startswith(f"1 message of the till front of {REGION}/{STORE} was acknowledged, and is ")


def test_a_dead_letter_is_waiting(till: Till) -> None:
    till.publish(1)
    for _ in range(20):
        till.app.ports.bus.release(till.app.ports.bus.pull("receive", 1), "broken")
        till.app.ports.clock.advance(3600)  # type: ignore[attr-defined]
    assert len(till.app.ports.bus.dead_letters("receive")) == 1
    assert till.ask(1) == ["waiting"]


def test_a_number_with_another_payload_is_missing(till: Till) -> None:
    till.publish(1)
    till.receive()
    assert till.ask(2, offset=-1) == ["missing"]


def test_a_message_in_quarantine_is_stored(till: Till) -> None:
    till.publish(1, signature="nonsense")
    till.receive()
    assert till.ask(1) == ["stored"]
    assert message_verification.last_till_sequence(till.app.ports, REGION, STORE, "front", EPOCH) == 0, (
        "it proves nothing"
    )


def test_a_loss_is_resolved_once_all_of_it_is_stored_whatever_its_numbers(till: Till) -> None:
    assert till.ask(1, 2, 3) == ["missing"] * 3
    assert "3 messages" in till.lost()[0]
    till.publish(1, 2, offset=10)
    assert till.ask(1, 2, offset=10) == ["waiting"] * 2
    assert "3 messages" in till.lost()[0]
    till.receive()
    till.ask(1, 2, offset=10)
    assert "1 message of" in till.lost()[0], "what the till no longer lists stays lost"
    till.publish(3, offset=10)
    till.receive()
    till.ask(3, offset=10)
    assert till.lost() == []
    (record,) = losses.all_losses(till.app.ports)
    assert record.resolution is Resolution.RESTORED


def test_what_follows_a_loss_that_is_resolved_is_another_one(till: Till) -> None:
    till.ask(1)
    (record,) = losses.open_losses(till.app.ports)
    losses.resolve_loss(till.app.ports, record.id, Resolution.ACCEPTED, "The till is broken.", by="boss")
    assert till.ask(1) == ["missing"]
    assert till.lost() == []
    for _ in range(2):
        till.ask(1, 2)
        assert "1 message of" in till.lost()[0]
    till.publish(2, offset=10)
    till.receive()
    till.ask(1)
    till.ask(2, offset=10)
    assert till.lost() == []


def test_a_till_without_a_key_cannot_report_losses(till: Till) -> None:
    listed = [{"epoch": EPOCH, "sequence": "1", "digest": "0" * 16}]
    queried = till_gaps.parse_acknowledged(till.app.ports, TOKEN, {"till": "back", "messages": listed})
    assert till_gaps.acknowledged_states(till.app.ports, queried) == []
    assert till.lost() == []


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {"till": "front"},
        {"till": 5, "messages": []},
        {"till": "front", "messages": ["1"]},
        {"till": "front", "messages": [{"epoch": EPOCH, "sequence": "1"}]},
        {"till": "front", "messages": [{"epoch": EPOCH, "sequence": "0", "digest": "0" * 16}]},
        {"till": "front", "messages": [{"epoch": EPOCH, "sequence": 1, "digest": "0" * 16}]},
        {"till": "front", "messages": [{"epoch": EPOCH, "sequence": "1", "digest": "x" * 16}]},
        {"till": "front", "messages": [{"epoch": EPOCH, "sequence": "1", "digest": "0" * 16}] * 1001},
    ],
)
def test_what_lists_no_messages_is_refused(till: Till, value: Any) -> None:
    with pytest.raises(Rejected, match="acknowledged"):
        till_gaps.parse_acknowledged(till.app.ports, TOKEN, value)
