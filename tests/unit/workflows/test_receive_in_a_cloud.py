"""Where several messages may share their place in time, and any may come twice, micro-batches stay apart and whole."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from app_factory import build

from tillstream.app import App
from tillstream.contracts import registry
from tillstream.intake import inbox, micro_batch, store_sales
from tillstream.model.batch import BatchKind
from tillstream.model.events import INBOX, TOPIC_STORE_SALES
from tillstream.model.messages import store_sale_schema
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage
from tillstream.ports.bus import Delivery, Message
from tillstream.records import batch_records
from tillstream.settings import Settings

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SEQUENCE = int(NOW.timestamp() * 1_000_000)
NO_BYTES = hashlib.sha256(b"").hexdigest()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = build(Settings(home=tmp_path, threads=1), rates=False)
    yield app
    app.close()


def delivery(id_: str, **changes: Any) -> Delivery:
    body = json.dumps(store_sale_schema()["examples"][0] | changes).encode()
    return Delivery(id_, store_sales.RECEIVE_SUBSCRIPTION, TOPIC_STORE_SALES, Message(body), NOW, SEQUENCE, 1, id_, NOW)


def lines(app: App) -> int:
    for batch in [one.batch_id for one in batch_records.find_batches(app.ports, kind=BatchKind.STORE_SALES)]:
        stage.stage(app.ports, batch, contracts=app.contracts)
    settle.settle_all(app.ports, app.contracts)
    return int(app.ports.warehouse.query("SELECT COUNT(*) AS n FROM sale_lines").column("n")[0].as_py())


def test_micro_batches_of_one_moment_are_two(app: App) -> None:
    first = store_sales.keep_messages(app.ports, app.contracts, [delivery("1")])
    second = store_sales.keep_messages(app.ports, app.contracts, [delivery("2", number="other")])
    assert first[0].received_seq == second[0].received_seq == SEQUENCE
    assert first[0].batch_id != second[0].batch_id
    assert lines(app) == 4


def test_two_versions_of_a_sale_received_together_are_two_micro_batches(app: App) -> None:
    kept = store_sales.keep_messages(app.ports, app.contracts, [delivery("1"), delivery("2", version=2)])
    assert len({one.batch_id for one in kept}) == len(kept) == 2
    assert lines(app) == 2


def test_a_micro_batch_that_comes_again_is_the_one_that_is_there(app: App) -> None:
    (first,) = store_sales.keep_messages(app.ports, app.contracts, [delivery("1"), delivery("2", number="other")])
    (again,) = store_sales.keep_messages(app.ports, app.contracts, [delivery("2", number="other"), delivery("1")])
    assert again == first
    assert [stored.generation for stored in app.ports.objects.list(INBOX)] == [first.generation]
    assert lines(app) == 4


def test_a_micro_batch_is_not_read_to_be_registered(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[Any, ...]] = []
    monkeypatch.setattr(type(app.ports.objects), "open", lambda _, *where: opened.append(where))
    (kept,) = store_sales.keep_messages(app.ports, app.contracts, [delivery("1"), delivery("2", number="other")])
    monkeypatch.undo()
    assert not opened
    stored = app.ports.objects.stat(kept.bucket, kept.object)
    records_of_object = micro_batch.register_micro_batch(app.ports, app.contracts, stored)
    assert (records_of_object, kept.file, kept.size) == (kept, "2 store sales", stored.size)


@pytest.mark.parametrize("name", [f"{SEQUENCE}.jsonl", f"{SEQUENCE}-{NO_BYTES[:16]}.jsonl"])
def test_micro_batches_are_known_by_their_names_of_old_and_now(app: App, name: str) -> None:
    with app.ports.objects.writer(INBOX, f"{registry.UNASSIGNED.name}/UK/{name}") as writer:
        writer.write(b"")
    assert writer.stored is not None
    record = inbox.ensure_record(app.ports, app.contracts, writer.stored)
    assert (record.kind, record.received_seq, record.region) == ("messages", SEQUENCE, "UK")
