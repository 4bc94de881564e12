"""Damage of kept originals is found before they are needed, and shown until somebody has dealt with it."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from faults.objects.damaged_objects import SALE, flip, lines, original_of, receive, staged, sweep

from examples import in_long_proofs
from tillstream.app import App
from tillstream.intake import micro_batch
from tillstream.model.batch import Batch, BatchKind, BatchState
from tillstream.model.errors import Rejected
from tillstream.model.events import INBOX, TOPIC_STORE_SALES
from tillstream.operations import kept_originals, reconcile
from tillstream.operations.kept_originals import ReadingShare
from tillstream.pipeline.settling import settle
from tillstream.ports.bus import Message
from tillstream.records import batch_originals, batch_records, losses
from tillstream.records.losses import LossKind, Resolution
from tillstream.server.worker import Worker


def settled(app: App, number: int) -> Batch:
    batch = staged(app, number)
    settle.settle_all(app.ports, app.contracts)
    return batch_records.get_batch(app.ports, batch.batch_id)


@pytest.mark.parametrize("damage", ["flipped", *in_long_proofs("emptied", "removed")])
def test_a_damaged_original_of_loaded_rows_is_a_loss_until_it_is_put_back(app: App, damage: str) -> None:
    batch, _ = settled(app, 1), settled(app, 2)
    path = original_of(app, batch)
    kept = path.read_bytes()
    if damage == "removed":
        path.unlink()
    elif damage == "emptied":
        path.write_bytes(b"")
    else:
        flip(path, 90)
    (sentence,) = sweep(app)
    assert "file-1.csv" in sentence
    assert "Restore it from a backup" in sentence
    (record,) = losses.open_losses(app.ports)
    assert "Its rows count" in record.loss.message
    with pytest.raises(Rejected, match="kept original"):
        kept_originals.decide_loss(app.ports, record.id, Resolution.RESTORED, "", by="ana")
    assert lines(app) == 2
    path.write_bytes(kept)
    assert sweep(app) == []
    (resolved,) = losses.all_losses(app.ports)
    assert (resolved.resolution, resolved.resolved_by) == (Resolution.RESTORED, losses.SYSTEM)


def test_a_file_whose_original_was_lost_is_loaded_when_it_is_put_back(app: App) -> None:
    batch = receive(app, 1)
    path = original_of(app, batch)
    kept = path.read_bytes()
    path.write_bytes(b"")
    Worker(app).run_until_idle()
    assert batch_records.get_batch(app.ports, batch.batch_id).state is BatchState.REJECTED
    (record,) = losses.open_losses(app.ports)
    path.write_bytes(kept)
    decided = kept_originals.decide_loss(
        app.ports, record.id, Resolution.RESTORED, "From the backup of Monday.", by="ana"
    )
    assert (decided.resolution, decided.resolved_by) == (Resolution.RESTORED, "ana")
    Worker(app).run_until_idle()
    assert (batch_records.get_batch(app.ports, batch.batch_id).state, lines(app)) == (BatchState.ANNOUNCED, 1)


def sold(app: App) -> None:
    """Three sales of stores, each in a micro-batch of its own."""
    for number in range(3):
        app.ports.bus.publish(TOPIC_STORE_SALES, [Message(SALE % number)])
        Worker(app).run_until_idle()


@pytest.mark.parametrize("damage", ["removed", *in_long_proofs("flipped")])
def test_a_damaged_micro_batch_is_a_loss_also_if_those_before_and_after_it_are_packed(app: App, damage: str) -> None:
    sold(app)
    _, torn, _ = sorted(batch_records.all_batches(app.ports), key=lambda one: one.received_seq)
    path = original_of(app, torn)
    path.unlink() if damage == "removed" else flip(path, 60)
    app.ports.clock.advance(2 * 3600)  # type: ignore[attr-defined]
    reconcile.run_sweep(app.ports, app.contracts)
    (pack,) = batch_originals.all_packs(app.ports)
    assert len(batch_originals.pack_members(app.ports, pack)) == 2
    sweep(app)
    assert [one.loss.kind for one in losses.open_losses(app.ports)] == [LossKind.ORIGINAL]


def test_a_pack_whose_last_byte_changed_is_a_loss(app: App) -> None:
    sold(app)
    app.ports.clock.advance(2 * 3600)  # type: ignore[attr-defined]
    reconcile.run_sweep(app.ports, app.contracts)
    (pack,) = batch_originals.all_packs(app.ports)
    flip(Path(app.ports.objects.uri(INBOX, pack.name)), pack.size - 1)
    (sentence,) = sweep(app)
    assert pack.name in sentence


def test_a_damaged_pack_is_one_loss_whatever_it_contains(app: App) -> None:
    sold(app)
    app.ports.clock.advance(2 * 3600)  # type: ignore[attr-defined]
    assert reconcile.run_sweep(app.ports, app.contracts)["repaired"] == []
    assert lines(app) == 3
    (pack,) = batch_originals.all_packs(app.ports)
    path = Path(app.ports.objects.uri(INBOX, pack.name))
    flip(path, 60)
    (sentence,) = sweep(app)
    assert pack.name in sentence
    (record,) = losses.open_losses(app.ports)
    assert (record.loss.kind, record.loss.regions) == (LossKind.PACK, ("UK",))
    path.unlink()
    assert sweep(app) == []
    assert [one.loss.kind for one in losses.open_losses(app.ports)] == [LossKind.PACK]


def test_each_sweep_reads_a_share_and_a_round_begins_each_day(app: App) -> None:
    batches = [settled(app, number) for number in range(5)]
    for batch in batches:
        original_of(app, batch).write_bytes(b"")
    share = ReadingShare(files=2)
    counts = [len(kept_originals.verify_originals(app.ports, share)) for _ in range(4)]
    assert counts == [2, 2, 1, 0]
    for one in losses.open_losses(app.ports):
        losses.resolve_loss(app.ports, one.id, Resolution.RESTORED, "", by="ana")  # it is not: the next round says so
    assert kept_originals.verify_originals(app.ports) == []
    app.ports.clock.advance(timedelta(days=1).total_seconds())  # type: ignore[attr-defined]
    assert len(kept_originals.verify_originals(app.ports)) == 5


def test_a_clock_that_was_ahead_stops_no_round(app: App) -> None:
    batch = settled(app, 1)
    ahead = datetime(2027, 7, 1, tzinfo=UTC).isoformat()
    app.ports.documents.put("upkeep", kept_originals.ORIGINALS_DOCUMENT, {"began": ahead, "pack": "~", "batch": "~"})
    original_of(app, batch).write_bytes(b"")
    assert len(kept_originals.verify_originals(app.ports)) == 1


def test_damaged_store_sales_without_a_record_are_a_loss_until_they_are_put_back(app: App) -> None:
    raw = SALE % 1 + b"\n"
    name = f"store-sales/UK/{micro_batch.micro_batch_file_name(app.ports.clock.tick(), sha256(raw).hexdigest())}"
    with app.ports.objects.writer(INBOX, name) as out:
        out.write(raw)
    path = Path(app.ports.objects.uri(INBOX, name))
    flip(path, 90)
    reconcile.run_sweep(app.ports, app.contracts)
    (record,) = losses.open_losses(app.ports)
    assert (record.loss.kind, record.loss.regions) == (LossKind.STORE_SALES, ("UK",))
    with pytest.raises(Rejected, match="still damaged"):
        kept_originals.decide_loss(app.ports, record.id, Resolution.RESTORED, "", by="ana")
    path.write_bytes(raw)
    reconcile.run_sweep(app.ports, app.contracts)
    assert losses.open_losses(app.ports) == []
    assert [one.object for one in batch_records.find_batches(app.ports, kind=BatchKind.STORE_SALES)] == [name]
