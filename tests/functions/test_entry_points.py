"""Real event JSON, binary and structured, reaches the handlers; returning acknowledges, raising comes again."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from event_json import binary, message, notification, structured
from flask.testing import FlaskClient

import sql
from tillstream.app import App
from tillstream.intake import inbox
from tillstream.intake.store_sales import publish_unsigned_sale, receive_store_sales
from tillstream.model.batch import Batch, BatchKind, BatchState
from tillstream.model.events import (
    BATCH_RECEIVED,
    BATCH_SETTLED,
    BATCH_STAGED,
    INBOX,
    MESSAGE_PUBLISHED,
    OBJECT_FINALIZED,
    SALES_RECEIVED,
    SALES_STAGED,
    TOPIC_OBJECTS,
)
from tillstream.model.messages import store_sale_schema
from tillstream.operations import maintenance_status, message_queues, quality_results
from tillstream.people.store_credentials import StoreToken
from tillstream.receipts import receipt as receipts
from tillstream.records import batch_records

Entry = Callable[[str], FlaskClient]


def upload(app: App) -> Batch:
    contract = app.contracts.pin("classic-models")
    names = list(contract.columns.values())
    cells = {
        "ORDERNUMBER": "10107",
        "ORDERLINENUMBER": "2",
        "QUANTITYORDERED": "30",
        "PRICEEACH": "95.70",
        "SALES": "2871",
        "ORDERDATE": "2/24/2003 0:00",
        "STATUS": "Shipped",
    }
    text = ",".join(names) + "\n" + ",".join(cells.get(name, "x") for name in names) + "\n"
    return inbox.receive_file(app.ports, contract, "sales.csv", io.BytesIO(text.encode("cp850")), "emma")


def storage_data(received: Batch) -> dict[str, Any]:
    """As Cloud Storage sends it: numbers are text, and there is more than we need."""
    return {
        "kind": "storage#object",
        "id": f"{received.bucket}/{received.object}/{received.generation}",
        "name": received.object,
        "bucket": received.bucket,
        "generation": str(received.generation),
        "metageneration": "1",
        "contentType": "text/csv",
        "timeCreated": "2026-11-20T10:00:00.000Z",
        "size": str(received.size),
        "md5Hash": "1B2M2Y8AsgTpgAmY7PhCfg==",
        "crc32c": "AAAAAA==",
    }


@pytest.mark.parametrize("send", [binary, structured])
def test_a_finalized_object_is_staged(entry: Entry, app: App, send: Callable[..., int]) -> None:
    received = upload(app)
    assert send(entry("stage"), OBJECT_FINALIZED, storage_data(received)) == 200
    assert batch_records.get_batch(app.ports, received.batch_id).state is BatchState.STAGED


def test_an_object_is_staged_by_the_notification_of_its_bucket(entry: Entry, app: App) -> None:
    received = upload(app)
    binary(entry("stage"), MESSAGE_PUBLISHED, notification(storage_data(received), "OBJECT_DELETE"))
    assert batch_records.get_batch(app.ports, received.batch_id).state is BatchState.RECEIVED
    assert binary(entry("stage"), MESSAGE_PUBLISHED, notification(storage_data(received))) == 200
    assert batch_records.get_batch(app.ports, received.batch_id).state is BatchState.STAGED


def test_a_dead_letter_of_an_object_is_staged_when_it_is_sent_again(entry: Entry, app: App) -> None:
    received = upload(app)
    assert binary(entry("stage"), MESSAGE_PUBLISHED, message(OBJECT_FINALIZED, storage_data(received))) == 200
    assert batch_records.get_batch(app.ports, received.batch_id).state is BatchState.STAGED


def test_the_same_event_twice_stages_once(entry: Entry, app: App) -> None:
    received = upload(app)
    client = entry("stage")
    assert [binary(client, OBJECT_FINALIZED, storage_data(received)) for _ in range(2)] == [200, 200]
    assert len(batch_records.find_batches(app.ports)) == 1


@pytest.mark.parametrize("send", [binary, structured])
def test_staged_settled_announced_through_pubsub_messages(entry: Entry, app: App, send: Callable[..., int]) -> None:
    app.ports.bus.subscribe("sale-events", "listener")
    received = upload(app)
    assert send(entry("stage"), OBJECT_FINALIZED, storage_data(received)) == 200
    staged = message(BATCH_STAGED, {"batch_id": received.batch_id})
    assert send(entry("settle"), MESSAGE_PUBLISHED, staged) == 200
    assert receipts.batch_receipt(app.ports, received.batch_id)["rows"]["new"] == 1
    settled = message(BATCH_SETTLED, {"settlement_no": 1})
    announce = entry("announce")
    assert [send(announce, MESSAGE_PUBLISHED, settled) for _ in range(2)] == [200, 200]
    deliveries = app.ports.bus.pull("listener", 10)
    assert [json.loads(delivery.message.body)["type"] for delivery in deliveries] == ["sale.changed"]
    assert batch_records.get_batch(app.ports, received.batch_id).state is BatchState.ANNOUNCED


def test_the_days_of_settlements_are_summed_by_the_clock(entry: Entry, app: App) -> None:
    received = upload(app)
    binary(entry("stage"), OBJECT_FINALIZED, storage_data(received))
    binary(entry("settle"), MESSAGE_PUBLISHED, message(BATCH_STAGED, {"batch_id": received.batch_id}))
    answer = entry("project").post("/")
    assert (answer.status_code, answer.get_json()) == (200, {"days": 1, "stock_levels": 0})
    assert entry("project").post("/").get_json() == {"days": 0, "stock_levels": 0}
    assert app.ports.warehouse.query(sql.text("daily_totals/summed")).to_pylist()[0]["summed_settlement"] == 1


def test_an_event_for_another_function_is_let_pass(entry: Entry, app: App) -> None:
    """Without a filter, each function of a topic receives all its messages."""
    received = upload(app)
    binary(entry("stage"), OBJECT_FINALIZED, storage_data(received))
    staged = message(BATCH_STAGED, {"batch_id": received.batch_id})
    assert [binary(entry(name), MESSAGE_PUBLISHED, staged) for name in ("stage", "announce")] == [200] * 2
    assert batch_records.get_batch(app.ports, received.batch_id).state is BatchState.STAGED


def test_a_message_that_pubsub_pushes_by_itself_is_understood(entry: Entry, app: App) -> None:
    """A push subscription of ours, sends no CloudEvent."""
    received = upload(app)
    binary(entry("stage"), OBJECT_FINALIZED, storage_data(received))
    pushed = message(BATCH_STAGED, {"batch_id": received.batch_id})
    pushed["message"]["publishTime"] = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    assert entry("settle").post("/", json=pushed).status_code == 200
    assert batch_records.get_batch(app.ports, received.batch_id).state is BatchState.SETTLED


def test_a_replay_reaches_stage_by_its_message(entry: Entry, app: App) -> None:
    received = upload(app)
    event = message(BATCH_RECEIVED, {"batch_id": received.batch_id})
    assert binary(entry("stage"), MESSAGE_PUBLISHED, event) == 200
    assert batch_records.get_batch(app.ports, received.batch_id).state is BatchState.STAGED


def test_an_event_that_fails_for_hours_becomes_a_dead_letter_that_can_be_sent_again(entry: Entry, app: App) -> None:
    broken = {"bucket": INBOX, "name": "classic-models/a.csv", "generation": "x", "size": "3"}
    client = entry("stage")
    assert binary(client, OBJECT_FINALIZED, broken, hours=5) == 500
    assert message_queues.find_dead_letters(app.ports) == []
    assert [binary(client, OBJECT_FINALIZED, broken, hours=6.5) for _ in range(2)] == [200, 200]
    (letter,) = message_queues.find_dead_letters(app.ports)
    assert (letter.subscription, letter.topic, letter.message.attributes) == (
        "stage",
        TOPIC_OBJECTS,
        {"type": OBJECT_FINALIZED},
    )
    assert json.loads(letter.message.body) == broken
    assert "ValueError" in letter.error
    assert letter.died_at - letter.published_at >= timedelta(hours=6)
    assert message_queues.resend_dead_letters(app.ports, [letter.id], "emma") == 1
    (delivery,) = app.ports.bus.pull("objects", 10)
    assert delivery.message == letter.message
    assert message_queues.find_dead_letters(app.ports) == []


def test_an_event_that_ended_each_instance_that_tried_it_is_given_up_untried(entry: Entry, app: App) -> None:
    received = upload(app)
    assert binary(entry("stage"), OBJECT_FINALIZED, storage_data(received), hours=7.5) == 200
    assert batch_records.get_batch(app.ports, received.batch_id).state is BatchState.RECEIVED
    assert [letter.subscription for letter in message_queues.find_dead_letters(app.ports)] == ["stage"]


def test_the_sweep_drives_on_and_looks_after_rates(entry: Entry, app: App) -> None:
    received = upload(app)
    binary(entry("stage"), OBJECT_FINALIZED, storage_data(received))
    answer = entry("sweep").post("/")
    assert (answer.status_code, answer.get_json()["settled"], answer.get_json()["announced"]) == (200, 1, 0)
    assert batch_records.get_batch(app.ports, received.batch_id).state is BatchState.SETTLED  # its event announces it
    assert maintenance_status.last_run(app.ports, maintenance_status.SWEEP_TASK)
    assert app.ports.warehouse.query("SELECT COUNT(*) AS n FROM reporting_rates").to_pylist()[0]["n"] > 1000


def test_the_ledger_is_compacted_and_checked_by_the_clock(entry: Entry, app: App) -> None:
    answer = entry("compact").post("/")
    assert (answer.status_code, answer.get_json()) == (200, {"days": 0})
    assert quality_results.last_results(app.ports).all_checked_at


def test_changed_days_are_checked_by_the_clock(entry: Entry, app: App) -> None:
    received = upload(app)
    binary(entry("stage"), OBJECT_FINALIZED, storage_data(received))
    binary(entry("settle"), MESSAGE_PUBLISHED, message(BATCH_STAGED, {"batch_id": received.batch_id}))
    entry("project").post("/")
    entry("compact").post("/")
    assert quality_results.last_results(app.ports).settlement_no == 1
    assert quality_results.last_results(app.ports).failing == []


def test_the_sale_index_is_completed_by_the_clock(entry: Entry) -> None:
    answer = entry("index").post("/")
    assert (answer.status_code, answer.get_json()) == (200, {"pending_days": 0})


def test_store_sales_are_pulled_and_staged(entry: Entry, app: App) -> None:
    sale = store_sale_schema()["examples"][0]
    publish_unsigned_sale(app.ports, StoreToken("till", "UK", "LON1"), sale)
    assert entry("receive").post("/").get_json() == {"batches": 1}
    (batch,) = batch_records.find_batches(app.ports, kind=BatchKind.STORE_SALES)
    assert (batch.region, batch.file, batch.state) == ("UK", "1 store sale", BatchState.STAGED)


def micro_batch(app: App) -> Batch:
    publish_unsigned_sale(app.ports, StoreToken("till", "UK", "LON1"), store_sale_schema()["examples"][0])
    (batch,) = receive_store_sales(app.ports, app.contracts, 10, 0)
    return batch


def test_a_micro_batch_is_staged_by_its_own_event(entry: Entry, app: App) -> None:
    batch = micro_batch(app)
    event = message(SALES_RECEIVED, {"batch_id": batch.batch_id})
    assert binary(entry("sales"), MESSAGE_PUBLISHED, event) == 200
    assert batch_records.get_batch(app.ports, batch.batch_id).state is BatchState.STAGED


def test_the_object_of_a_recorded_micro_batch_is_acknowledged_unread(entry: Entry, app: App) -> None:
    batch = micro_batch(app)
    app.ports.objects.delete(INBOX, batch.object)  # reading it would reject the batch
    assert binary(entry("stage"), OBJECT_FINALIZED, storage_data(batch)) == 200
    assert batch_records.get_batch(app.ports, batch.batch_id) == batch


def test_the_object_of_a_micro_batch_without_a_record_is_staged(entry: Entry, app: App) -> None:
    batch = micro_batch(app)
    app.ports.documents.delete(batch_records.BATCHES, batch.batch_id)
    assert binary(entry("stage"), OBJECT_FINALIZED, storage_data(batch)) == 200
    assert batch_records.get_batch(app.ports, batch.batch_id).state is BatchState.STAGED


def test_a_staged_micro_batch_is_settled_when_receive_starts_a_settlement(entry: Entry, app: App) -> None:
    batch = micro_batch(app)
    app.ports.bus.acknowledge(app.ports.bus.pull("batches", 10))
    binary(entry("sales"), MESSAGE_PUBLISHED, message(SALES_RECEIVED, {"batch_id": batch.batch_id}))
    (staged,) = app.ports.bus.pull("batches", 10)
    assert staged.message.attributes["type"] == SALES_STAGED
    settle = entry("settle")
    assert binary(settle, MESSAGE_PUBLISHED, message(SALES_STAGED, {"batch_id": batch.batch_id})) == 200
    assert batch_records.get_batch(app.ports, batch.batch_id).state is BatchState.STAGED
    assert entry("receive").post("/").get_json() == {"batches": 0}
    (due,) = app.ports.bus.pull("batches", 10)
    event = message(due.message.attributes["type"], json.loads(due.message.body))
    assert binary(settle, MESSAGE_PUBLISHED, event) == 200
    assert batch_records.get_batch(app.ports, batch.batch_id).state is BatchState.SETTLED


def test_receive_starts_no_settlement_if_nothing_is_staged(entry: Entry, app: App) -> None:
    received = upload(app)
    binary(entry("stage"), OBJECT_FINALIZED, storage_data(received))
    app.ports.bus.acknowledge(app.ports.bus.pull("batches", 10))
    entry("receive").post("/")
    assert app.ports.bus.pull("batches", 10) == []


def test_an_object_in_no_contracts_folder_is_kept_and_held(entry: Entry, app: App) -> None:
    with app.ports.objects.writer(INBOX, "nowhere/file.csv") as writer:
        writer.write(b"a,b\n1,2\n")
    stored = app.ports.objects.stat(INBOX, "nowhere/file.csv")
    data = {
        "bucket": stored.bucket,
        "name": stored.name,
        "generation": str(stored.generation),
        "size": str(stored.size),
    }
    assert binary(entry("stage"), OBJECT_FINALIZED, data) == 200
    assert app.ports.objects.stat(INBOX, "nowhere/file.csv") == stored
    (held,) = batch_records.find_batches(app.ports)
    assert (held.state, held.holds[0].code) == (BatchState.HELD, "which-contract")


def test_an_object_that_is_gone_is_acknowledged(entry: Entry) -> None:
    data = {"bucket": INBOX, "name": "classic-models/gone.csv", "generation": "1", "size": "3"}
    assert binary(entry("stage"), OBJECT_FINALIZED, data) == 200


def test_broken_event_data_comes_again(entry: Entry) -> None:
    assert binary(entry("stage"), OBJECT_FINALIZED, {"bucket": INBOX}) == 500


def test_an_event_without_its_headers_is_refused(entry: Entry) -> None:
    assert entry("stage").post("/", json={"bucket": INBOX}).status_code == 400
