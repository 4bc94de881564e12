"""Objects that are no files of sales: a damaged one is written again, given up by name, or read around."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from faults.objects.damaged_objects import SALE, flip, original_of, receive, staged, sweep

from examples import in_long_proofs
from tillstream.analytics import reference
from tillstream.analytics.fx import rate_files
from tillstream.app import App
from tillstream.catalogue import file_import
from tillstream.catalogue.stored_entries import STATE, STATE_ID, catalogue_state
from tillstream.intake import micro_batch
from tillstream.model.batch import BatchKind
from tillstream.model.errors import Rejected
from tillstream.model.events import INBOX, STAGING, TOPIC_STORE_SALES
from tillstream.model.object_names import RATES_FOLDER
from tillstream.operations import ledger_repair
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage
from tillstream.ports.bus import Message
from tillstream.receipts import source_line
from tillstream.records import batch_originals, batch_records, losses
from tillstream.records.batch_originals import UnreadableOriginal
from tillstream.server.worker import Worker


@pytest.mark.parametrize("place", [60, *in_long_proofs(-6, None)])
def test_damaged_rates_are_kept_again_from_the_warehouse(app: App, place: int | None) -> None:
    reference.load_rates(app.ports, "date,currency,rate\n2024-01-05,XYZ,0.5\n", "rates.csv", "USD", "ana")
    (stored,) = app.ports.objects.list(INBOX, f"{RATES_FOLDER}/")
    path = Path(app.ports.objects.uri(INBOX, stored.name))
    path.unlink() if place is None else flip(path, place)
    assert "XYZ" not in rate_files.read_kept_rates(app.ports).column("currency").to_pylist()
    (sentence,) = sweep(app)
    assert "could not be read" in sentence
    assert "XYZ" in rate_files.read_kept_rates(app.ports).column("currency").to_pylist()
    assert sweep(app) == []


def test_an_import_whose_changes_are_damaged_ends_and_is_a_named_loss(app: App) -> None:
    name = file_import.import_object_name("abc")
    with app.ports.objects.writer(STAGING, name) as out:
        out.write(json.dumps([["products", "A", {"x": 1}, None]]).encode() + b"\n")
    document = {"kind": "products", "file": "products.csv", "by": "ana", "at": "2026-07-01", "added": 3, "changed": 0}
    document |= {"done": 0, "revision": 2, "state": file_import.APPLYING, "sha256": "of-other-bytes"}
    app.ports.documents.put(file_import.IMPORTS_COLLECTION, "abc", document)
    app.ports.documents.put(STATE, STATE_ID, {"revision": 1, "import": "abc"})
    sweep(app)
    assert catalogue_state(app.ports).data["import"] == ""
    (record,) = losses.open_losses(app.ports)
    assert record.loss.message == "The import of products.csv stopped after 0 of 3 changes. The rest is lost."
    assert app.ports.documents.get("products", "A") is None


def test_no_page_shows_a_line_of_a_damaged_original(app: App) -> None:
    batch = staged(app, 1)
    settle.settle_all(app.ports, app.contracts)
    assert (
        source_line.find_row(app.ports, batch_records.get_batch(app.ports, batch.batch_id), 2).row.cells["UnitPrice"]
        == "2.50"
    )
    path = original_of(app, batch)
    path.write_bytes(path.read_bytes().replace(b"2.50", b"2.60"))
    with pytest.raises(UnreadableOriginal, match="is damaged"):
        source_line.find_row(app.ports, batch_records.get_batch(app.ports, batch.batch_id), 2)


def test_a_damaged_micro_batch_without_a_record_is_not_counted_as_another_one(app: App) -> None:
    app.ports.bus.publish(TOPIC_STORE_SALES, [Message(SALE % 1)])
    Worker(app).run_until_idle()
    (batch,) = batch_records.find_batches(app.ports, kind=BatchKind.STORE_SALES)
    path = original_of(app, batch)
    path.write_bytes(path.read_bytes().replace(b"2.50", b"2.60"))
    app.ports.documents.delete(batch_records.BATCHES, batch.batch_id)
    with pytest.raises(Rejected, match="are damaged"):
        micro_batch.register_micro_batch(app.ports, app.contracts, app.ports.objects.stat(INBOX, batch.object))
    assert batch_records.find_batches(app.ports, kind=BatchKind.STORE_SALES) == []
    assert [one.loss.name for one in losses.open_losses(app.ports)] == [batch.object]


def test_a_damaged_pack_stops_no_repair_of_records(app: App) -> None:
    batch = staged(app, 1)
    settle.settle_all(app.ports, app.contracts)
    name = "packs/store-sales/UK/2026-07-01/1782896400000000-1782896400000001-0123456789abcdef.zip"
    with app.ports.objects.writer(INBOX, name) as out:
        out.write(b"no archive")
    assert [one.name for one in batch_originals.all_packs(app.ports)] == [name]
    app.ports.documents.delete(batch_records.BATCHES, batch.batch_id)
    rows = app.ports.warehouse.query("SELECT * FROM batches").to_pylist()
    rows.append(rows[0] | {"batch_id": "gone", "kind": "messages"})
    assert ledger_repair.write_records(app.ports, app.contracts, rows) == 2
    assert batch_records.get_batch(app.ports, batch.batch_id).object == batch.object


def test_records_of_files_that_were_received_before_they_were_stored_find_their_originals(app: App) -> None:
    batch = receive(app, 1, received=datetime(2026, 1, 5, 6, tzinfo=UTC))
    stage.stage(app.ports, batch.batch_id, contracts=app.contracts)
    settle.settle_all(app.ports, app.contracts)
    rows = app.ports.warehouse.query("SELECT * FROM batches").to_pylist()
    assert [one["received_seq"] for one in rows] == [batch.received_seq]
    replay = rows[0] | {
        "batch_id": "again",
        "kind": "replay",
        "parent": batch.batch_id,
        "settled_at": app.ports.clock.now(),
    }
    app.ports.documents.delete(batch_records.BATCHES, batch.batch_id)
    assert ledger_repair.write_records(app.ports, app.contracts, [*rows, replay]) == 2
    for one in (batch.batch_id, "again"):
        record = batch_records.get_batch(app.ports, one)
        assert (record.object, record.generation) == (batch.object, batch.generation)
