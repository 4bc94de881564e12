"""Tills of two stores send sales and day closes in any order, with repeats and forgeries; totals equal a model."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from app_factory import build
from hypothesis import given, settings
from hypothesis import strategies as st

from examples import examples
from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.intake import store_sales
from tillstream.model import messages
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.model.messages import store_sale_schema
from tillstream.operations import reconcile
from tillstream.people import signatures, store_credentials
from tillstream.ports.bus import Message
from tillstream.receipts import message_outcomes
from tillstream.receipts.message_outcomes import OutcomePosition, OutcomeReader
from tillstream.review import day_closes
from tillstream.server.worker import Worker
from tillstream.settings import Settings

SALE, CLOSE = store_sale_schema()["examples"][0], messages.day_close_schema()["examples"][0]
REGION, STORES = "UK", ("LON1", "MAN1")


@dataclass(frozen=True)
class Step:
    """One delivery. A sale's amount follows from its number and version, so a repetition is the same sale."""

    store: str
    number: int
    version: int
    how: str
    """genuine, unsigned, altered, or stolen: signed with the key of the other store."""
    receive: bool


STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from(STORES),
        st.integers(1, 4),
        st.integers(1, 3),
        st.sampled_from(["genuine", "genuine", "genuine", "unsigned", "altered", "stolen"]),
        st.booleans(),
    ),
    max_size=14,
)


@dataclass
class Company:
    app: App
    clock: ManualClock
    keys: dict[str, tuple[str, str]]
    """store → ID of its key, private key"""
    counted: dict[tuple[str, int], int] = field(default_factory=dict)
    """(store, number) → greatest version that a genuine message has"""
    refused: int = 0

    def send(self, step: Step) -> None:
        body = json.dumps(sale(step)).encode()
        signer = step.store if step.how != "stolen" else next(one for one in STORES if one != step.store)
        key, private = self.keys[signer]
        attributes = {"region": REGION, "store_id": step.store, "key": key, "till": "front"}
        attributes["signature"] = signatures.sign_payload(private, body if step.how != "altered" else body + b" ")
        if step.how == "unsigned":
            attributes = {"region": REGION, "store_id": step.store}
        self.app.ports.bus.publish(TOPIC_STORE_SALES, [Message(body, attributes)])
        if step.how == "genuine":
            at = step.store, step.number
            self.counted[at] = max(self.counted.get(at, 0), step.version)
        else:
            self.refused += 1
        if step.receive:
            store_sales.receive_store_sales(self.app.ports, self.app.contracts, 100, 0)

    def close(self, store: str, hour: int) -> None:
        """Close the day with what a till that lost nothing recorded: every genuine sale, in its last version."""
        own = {number: version for (of, number), version in self.counted.items() if of == store}
        net = sum((amount(number, version) for number, version in own.items()), Decimal(0))
        message = CLOSE | {"store_id": store, "sales": len(own), "numbers": [text(store, number) for number in own]}
        body = json.dumps(
            message | {"closed_at": f"2026-11-20T{hour}:00:00Z", "totals": [{"currency": "GBP", "net": str(net)}]}
        ).encode()
        key, private = self.keys[store]
        attributes = {"region": REGION, "store_id": store, "key": key, "till": "front"}
        signed = attributes | {"signature": signatures.sign_payload(private, body)}
        self.app.ports.bus.publish(TOPIC_STORE_SALES, [Message(body, signed)])


def text(store: str, number: int) -> str:
    """A sale number that is unique in the region."""
    return f"{store}-{number}"


def amount(number: int, version: int) -> Decimal:
    return Decimal(number * 10 + version)


def sale(step: Step) -> dict[str, Any]:
    line = {"line": "1", "product_id": f"P{step.number}", "net_amount": str(amount(step.number, step.version))}
    return SALE | {
        "store_id": step.store,
        "number": text(step.store, step.number),
        "version": step.version,
        "lines": [line],
    }


@contextmanager
def company() -> Iterator[Company]:
    clock = ManualClock(datetime(2026, 11, 20, 20, tzinfo=UTC))
    with tempfile.TemporaryDirectory() as home:
        app = build(Settings(home=Path(home), threads=1, samples=False), clock)
        issued = {
            store: store_credentials.issue_store_key(app.ports, REGION, store, "front", "boss") for store in STORES
        }
        yield Company(app, clock, {store: (key.id, private) for store, (key, private) in issued.items()})
        app.close()


def outcomes(app: App, pages: int) -> list[dict[str, Any]]:
    """Every outcome, read in pages of this size."""
    read, since = [], OutcomePosition()
    while True:
        page = message_outcomes.read_outcomes(app.ports, OutcomeReader(lambda _: True), since, pages)
        read += page.outcomes
        if page.next == since:
            return read
        since = page.next


@given(STEPS, st.integers(1, 5), st.booleans())
@settings(max_examples=examples(24), deadline=None)
def test_only_genuine_messages_count_each_once_and_every_message_has_an_outcome(
    steps: list[Step], pages: int, early: bool
) -> None:
    with company() as one:
        if early:  # what comes later is missing until it is there
            for store in STORES:
                one.close(store, 18)
        for step in steps:
            one.send(step)
        for store in STORES:
            one.close(store, 19)
        Worker(one.app).run_until_idle()
        one.clock.advance(600)
        reconcile.resume_interrupted_work(one.app.ports, one.app.contracts)
        rows = one.app.ports.warehouse.query("SELECT sale_id, net_amount FROM sale_lines").to_pylist()
        counted = {row["sale_id"].rpartition("/")[2]: row["net_amount"] for row in rows}
        assert counted == {text(*at): amount(at[1], version) for at, version in one.counted.items()}
        refusals = one.app.ports.warehouse.query("SELECT code FROM refusals").column("code").to_pylist()
        assert refusals == ["unverified-message"] * one.refused
        read = outcomes(one.app, pages)
        assert len(read) == len(steps)
        assert [entry["outcome"] for entry in read].count("quarantined") == one.refused
        assert {close.state for close in day_closes.find_day_closes(one.app.ports)} == {"agreed"}
