"""Staged rows of which a byte changed: their batch is staged again from its original, and the others go on."""

from dataclasses import replace
from random import Random

import pyarrow.parquet as pq
import pytest
from faults.objects.damaged_objects import flip, lines, original_of, staged, staged_file, sweep

from examples import in_long_proofs
from tillstream.app import App
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.model.batch import BatchState
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import expiry, stage
from tillstream.receipts import receipt
from tillstream.records import batch_records, losses
from tillstream.records.losses import LossKind
from tillstream.server.worker import Worker


def test_a_flipped_byte_anywhere_in_staged_rows_is_noticed_by_content(app: App) -> None:
    batch = staged(app, 1, rows=300)
    assert batch.staged
    path = staged_file(app, batch)
    whole = path.read_bytes()
    assert expiry.is_whole(app.ports.objects, batch.staged)
    unnoticed, silent = [], 0
    for place in [120, 4177, len(whole) - 5, len(whole) - 9, *Random(1).sample(range(len(whole)), 60)]:
        flip(path, place)
        unnoticed += [place] if expiry.is_whole(app.ports.objects, batch.staged) else []
        old = replace(batch.staged, digests=())  # as an earlier version recorded it: whether all rows can be read
        try:
            pq.read_table(path)
            silent += 1
        except Exception:  # noqa: BLE001 - what it raises differs from place to place
            assert not expiry.is_whole(app.ports.objects, old)
        path.write_bytes(whole)
    assert unnoticed == []
    assert silent, "some changes give other values without an error"


@pytest.mark.parametrize("place", [4177, *in_long_proofs(120, -5)])
def test_a_damaged_batch_is_staged_again_and_the_others_are_settled(app: App, place: int) -> None:
    damaged, other = staged(app, 1), staged(app, 2)
    flip(staged_file(app, damaged), place)
    settle.settle_all(app.ports, app.contracts)
    assert batch_records.get_batch(app.ports, other.batch_id).state is BatchState.SETTLED
    assert batch_records.get_batch(app.ports, damaged.batch_id).state is BatchState.RECEIVED
    Worker(app).run_until_idle()
    assert (lines(app), losses.all_losses(app.ports)) == (2, [])


def test_a_sweep_stages_a_damaged_batch_again_and_settles_it(app: App) -> None:
    damaged, _ = staged(app, 1), staged(app, 2)
    flip(staged_file(app, damaged), 120)
    assert sweep(app) == []
    assert lines(app) == 2
    assert COMMANDS["rebuild"](app, quiet).data["differences"] == []


@pytest.mark.parametrize("loss", ["flipped", *in_long_proofs("emptied", "removed")])
def test_staged_rows_whose_original_is_lost_as_well_are_a_named_loss(app: App, loss: str) -> None:
    damaged, _ = staged(app, 1), staged(app, 2)
    flip(staged_file(app, damaged), 120)
    original = original_of(app, damaged)
    kept = original.read_bytes()
    if loss == "removed":
        original.unlink()
    else:
        original.write_bytes(b"" if loss == "emptied" else kept.replace(b"Shelf", b"Shelv"))
    (sentence,) = sweep(app)
    assert "file-1.csv" in sentence
    assert lines(app) == 1
    (record,) = losses.open_losses(app.ports)
    assert (record.loss.kind, record.loss.batch, record.loss.regions) == (
        LossKind.ORIGINAL,
        damaged.batch_id,
        ("UK",),
    )
    assert "do not count" in record.loss.message
    assert sweep(app) == [], "it is said once"


def test_a_file_that_changed_after_its_receipt_is_not_loaded(app: App) -> None:
    """A flipped byte in a CSV gives another number without an error."""
    batch = staged(app, 1)
    settle.settle_all(app.ports, app.contracts)
    original = original_of(app, batch)
    original.write_bytes(original.read_bytes().replace(b"2.50", b"2.60"))
    again = replace(batch, state=BatchState.RECEIVED, staged=None, sha256=batch.sha256)
    batch_records.repair_batch(app.ports, batch.batch_id, lambda _: again)
    expiry.delete_staged(app.ports, f"{batch.batch_id}/")
    rejected = stage.stage(app.ports, batch.batch_id, contracts=app.contracts)
    assert rejected.state is BatchState.REJECTED
    assert "is damaged" in rejected.error
    assert [one.loss.batch for one in losses.open_losses(app.ports)] == [batch.batch_id]


def test_pages_show_no_rows_of_damaged_files(app: App) -> None:
    batch = staged(app, 1)
    flip(staged_file(app, batch), 120)
    assert receipt.staged_store_days(app.ports, batch) == set()
