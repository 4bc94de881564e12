"""Messages of stores with keys: what is verified counts, everything else is kept whole and is a security event."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from app_factory import build

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.intake import message_verification, store_sales
from tillstream.intake.message_verification import SignatureVerifier
from tillstream.model.batch import BatchKind
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.model.messages import store_sale_schema
from tillstream.people import signatures, store_credentials
from tillstream.ports.bus import Message
from tillstream.records import audit_log, batch_records
from tillstream.server.worker import Worker
from tillstream.settings import Settings

SALE = store_sale_schema()["examples"][0]
REGION, STORE = SALE["region"], SALE["store_id"]
EPOCH = "0123456789abcdef"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = build(Settings(home=tmp_path, threads=1, samples=False), ManualClock(datetime(2026, 11, 20, 12, tzinfo=UTC)))
    yield app
    app.close()


def body(**changes: Any) -> bytes:
    return json.dumps(SALE | changes).encode()


def signed(payload: bytes, key: str, private: str, sequence: int = 1, store: str = STORE) -> Message:
    attributes = {"region": REGION, "store_id": store, "key": key, "till": "front", "epoch": EPOCH}
    signature = signatures.sign_payload(private, payload)
    return Message(payload, attributes | {"sequence": str(sequence), "signature": signature})


def send(app: App, *messages: Message) -> None:
    app.ports.bus.publish(TOPIC_STORE_SALES, messages)
    Worker(app).run_until_idle()


def lines(app: App) -> int:
    return int(app.ports.warehouse.query("SELECT COUNT(*) AS n FROM sale_lines").column("n")[0].as_py())


def refusals(app: App) -> list[tuple[str, str]]:
    rows = app.ports.warehouse.query("SELECT code, problems, raw FROM refusals ORDER BY settlement_no").to_pylist()
    return [(row["code"], json.loads(row["problems"])[0]["detail"]) for row in rows]


def events(app: App, what: str) -> int:
    return len(list(audit_log.find_entries(app.ports, audit_log.AuditFilter(what=what))))


def test_a_signed_message_counts_and_its_repetition_changes_nothing(app: App) -> None:
    key, private = store_credentials.issue_store_key(app.ports, REGION, STORE, "front", "boss")
    message = signed(body(), key.id, private)
    send(app, message)
    send(app, message)
    assert (lines(app), refusals(app)) == (2, [])
    assert events(app, "sale") == 0


def test_an_unsigned_message_of_a_store_with_a_key_is_kept_whole_and_is_a_security_event(app: App) -> None:
    store_credentials.issue_store_key(app.ports, REGION, STORE, "front", "boss")
    send(app, Message(body(), {"region": REGION, "store_id": STORE}), Message(body(number="2")))
    assert lines(app) == 0
    assert [code for code, _ in refusals(app)] == ["unverified-message"] * 2
    kept = app.ports.warehouse.query("SELECT raw FROM refusals").column("raw").to_pylist()
    assert sorted(kept) == sorted([body().decode(), body(number="2").decode()])
    assert events(app, "sale.unverified-message") > 0


def test_the_security_event_states_who_sent_what_with_which_key(app: App) -> None:
    store_credentials.issue_store_key(app.ports, REGION, STORE, "front", "boss")
    key, private = store_credentials.issue_store_key(app.ports, REGION, "MAN1", "front", "boss")
    message = signed(body(), key.id, private, store="MAN1")
    send(app, Message(message.body, {**message.attributes, "address": "192.0.2.7"}))
    (event,) = audit_log.find_entries(app.ports, audit_log.AuditFilter(what="sale.unverified-message"))
    assert event.after == {
        "rows": 1,
        "file": "1 store sale",
        "region": REGION,
        "reasons": ["its key belongs to another store"],
        "stores": ["MAN1"],
        "claimed_stores": [f"{REGION}/{STORE}"],
        "keys": [key.id],
        "addresses": ["192.0.2.7"],
    }


def test_a_wrong_signature_or_an_altered_message_is_not_verified(app: App) -> None:
    key, private = store_credentials.issue_store_key(app.ports, REGION, STORE, "front", "boss")
    message = signed(body(), key.id, private)
    altered = Message(body(number="2"), message.attributes)
    broken = Message(message.body, {**message.attributes, "signature": "nonsense"})
    send(app, altered, broken)
    assert refusals(app) == [("unverified-message", "its signature is wrong")] * 2


def test_a_store_that_signs_for_another_store_is_refused(app: App) -> None:
    key, private = store_credentials.issue_store_key(app.ports, REGION, "MAN1", "front", "boss")
    send(app, signed(body(), key.id, private, store="MAN1"), signed(body(), key.id, private))
    send(app, signed(body(), "nobody", private))
    details = [detail for _, detail in refusals(app)]
    assert details == ["its key belongs to another store", "its key belongs to another store", "its key is unknown"]
    assert lines(app) == 0


def test_a_replaced_key_is_valid_until_it_is_revoked(app: App) -> None:
    old, private = store_credentials.issue_store_key(app.ports, REGION, STORE, "front", "boss")
    new, new_private = store_credentials.rotate_store_key(app.ports, old.id, "boss")
    send(app, signed(body(), old.id, private), signed(body(number="2"), new.id, new_private, 2))
    assert lines(app) == 4
    store_credentials.revoke_store_key(app.ports, old.id, "boss")
    store_credentials.revoke_store_key(app.ports, old.id, "boss")
    send(app, signed(body(number="3"), old.id, private, 3))
    assert refusals(app) == [("unverified-message", "its key is revoked")]
    assert [one.what for one in audit_log.find_by_subject(app.ports, "key", old.id)] == ["key.revoked", "key.issued"]


def test_a_store_whose_only_key_is_revoked_still_accepts_nothing_unsigned(app: App) -> None:
    key, _ = store_credentials.issue_store_key(app.ports, REGION, STORE, "front", "boss")
    store_credentials.revoke_store_key(app.ports, key.id, "boss")
    send(app, Message(body(), {"region": REGION, "store_id": STORE}))
    assert [code for code, _ in refusals(app)] == ["unverified-message"]


def test_bytes_that_are_not_text_are_kept(app: App) -> None:
    key, private = store_credentials.issue_store_key(app.ports, REGION, STORE, "front", "boss")
    raw = b"\xff\xfe{broken"
    message = signed(body(), key.id, private)
    send(app, Message(raw, message.attributes))
    assert [code for code, _ in refusals(app)] == ["unverified-message"]
    (stored,) = app.ports.objects.list("inbox")
    with app.ports.objects.open("inbox", stored.name, stored.generation) as stream:
        assert b'"bytes": "//57YnJva2Vu"' in stream.read()


def test_one_sequence_number_with_two_payloads_is_a_security_event_and_both_are_kept(app: App) -> None:
    key, private = store_credentials.issue_store_key(app.ports, REGION, STORE, "front", "boss")
    first, second = signed(body(), key.id, private, 7), signed(body(number="2"), key.id, private, 7)
    send(app, first)
    send(app, second)
    send(app, second)
    assert lines(app) == 4
    assert events(app, "sale.sequence-reused") == 1
    assert message_verification.last_till_sequence(app.ports, REGION, STORE, "front", EPOCH) == 7
    assert message_verification.last_till_sequence(app.ports, REGION, STORE, "back", EPOCH) == 0


def test_a_sale_entered_in_the_portal_counts_for_a_store_with_a_key(app: App) -> None:
    store_credentials.issue_store_key(app.ports, REGION, STORE, "front", "boss")
    sale = SALE | {"source": "form"}
    store_sales.publish_portal_sale(app.ports, REGION, STORE, json.dumps(sale).encode())
    Worker(app).run_until_idle()
    assert lines(app) == 2


def test_the_name_of_the_portal_does_not_verify_a_message(app: App) -> None:
    store_credentials.issue_store_key(app.ports, REGION, STORE, "front", "boss")
    portal = store_credentials.portal_key(app.ports)[0]
    _, private = store_credentials.issue_store_key(app.ports, REGION, "MAN1", "front", "boss")
    forged = signed(body(), portal, private)
    reason = SignatureVerifier(app.ports).reason(forged.body, {**forged.attributes, "till": "portal"})
    assert reason == "its signature is wrong"


@pytest.mark.parametrize(
    ("sold_at", "code"),
    [
        ("2026-11-20T12:30:00+00:00", "clock-ahead"),
        ("2062-01-01T12:00:00+00:00", "clock-ahead"),
        ("2019-11-20T12:00:00+00:00", "sold-long-ago"),
    ],
)
def test_a_time_that_does_not_fit_the_receipt_is_flagged_and_the_sale_counts(app: App, sold_at: str, code: str) -> None:
    send(app, Message(body(sold_at=sold_at)), Message(body(number="2")))
    (batch,) = batch_records.find_batches(app.ports, kind=BatchKind.STORE_SALES)
    assert batch.staged is not None
    counts = {one.code: (one.count, one.example) for one in batch.staged.problems}
    assert counts[code] == (2, sold_at)
    assert lines(app) == 4
