"""Properties of settling: grouping, order, repeats and undos, on small random files and sales in fresh warehouses."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stateful.sources import Row, Sale, some_row, some_sale
from stateful.system import System, running_system

from examples import examples
from tillstream.model.batch import BatchKind, BatchState
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage
from tillstream.ports.bus import Message
from tillstream.ports.warehouse import Settlement, SettlementResult, StagedBatch, Warehouse
from tillstream.records import batch_records

pytestmark = pytest.mark.timeout(300)  # each example settles in warehouses of its own
FEW = settings(max_examples=examples(8), suppress_health_check=[HealthCheck.function_scoped_fixture])
SEEDS = st.integers(0, 1 << 30)
LINES = "SELECT key, content FROM current_lines"
RECEIPTS = """SELECT batch_id, rows_read, rows_new, rows_corrected, rows_duplicate, rows_quarantined, rows_blank,
    rows_ignored, superseded, removed FROM receipts"""
CHANGES = "SELECT key, kind, old, new FROM changes"


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Where the batches are staged; they are settled elsewhere."""
    with running_system(Path(tmp_path_factory.mktemp("ledger")) / "home", numbered=False) as new_system:
        yield new_system


def files(system: System, rng: Random, count: int, *, versions: bool = True, whole: bool = True) -> list[StagedBatch]:
    sources = [s for s in system.latest() if (versions or not s.version) and (whole or not s.replaces)]
    staged: list[StagedBatch] = []
    earlier: list[list[Row]] = []
    for _ in range(count):
        source = rng.choice(sources)
        rows = [some_row(rng) for _ in range(rng.randint(1, 5))]
        if earlier and rng.random() < 0.5:
            rows = [row if rng.random() < 0.6 else some_row(rng) for row in rng.choice(earlier)]
        earlier.append(rows)
        staged.append(_staged(system, system.upload(source, rows, source.columns).batch_id))
    shas = {batch.sha256: batch.contract for batch in staged}
    return [batch for batch in staged if shas[batch.sha256] == batch.contract]  # the same bytes elsewhere are held


def sales(system: System, rng: Random, count: int) -> list[StagedBatch]:
    """Micro-batches of sales with versions; a version of a sale always has the same content."""
    first_by_version: dict[tuple[str, str, int], Sale] = {}
    before = {
        record.batch_id
        for record in batch_records.find_batches(system.app.ports, kind=BatchKind.STORE_SALES, limit=None)
    }
    for _ in range(count):
        sale = replace(some_sale(rng), version=rng.randint(1, 3), fault="")
        sale = first_by_version.setdefault((sale.store, sale.number, sale.version), sale)
        system.app.ports.bus.publish("store-sales", [Message(sale.body())])
        system.clock.advance(1)
    from tillstream.intake import store_sales

    while store_sales.receive_store_sales(system.app.ports, system.app.contracts, 2, 0):
        pass
    records = batch_records.find_batches(system.app.ports, kind=BatchKind.STORE_SALES, limit=None)
    return [_staged(system, record.batch_id) for record in records if record.batch_id not in before]


def _staged(system: System, batch: str) -> StagedBatch:
    upload = stage.stage(system.app.ports, batch)
    system.clock.advance(1)
    return settle.to_staged_batch(system.app.ports, system.app.contracts, replace(upload, state=BatchState.STAGED))


def ledger(system: System, *groups: Sequence[StagedBatch]) -> Warehouse:
    warehouse = system.plain.fresh_warehouse()
    for group in groups:
        warehouse.settle(Settlement(group))
    return warehouse


def ask(warehouse: Warehouse, query: str) -> set[tuple[Any, ...]]:
    return {tuple(row.values()) for row in warehouse.query(query).to_pylist()}


def in_received_order(batches: Sequence[StagedBatch]) -> list[StagedBatch]:
    return sorted(batches, key=lambda batch: (batch.received_seq, batch.batch_id))


@FEW
@given(SEEDS)
def test_settling_together_equals_settling_one_by_one(system: System, seed: int) -> None:
    rng = Random(seed)
    batches = in_received_order(files(system, rng, 4) + sales(system, rng, 4))
    together, single = ledger(system, batches), ledger(system, *([batch] for batch in batches))
    assert ask(together, LINES) == ask(single, LINES)
    assert ask(together, RECEIPTS) == ask(single, RECEIPTS)
    net = {(key, "added", None, new) for key, new in ask(together, LINES)}
    assert ask(together, CHANGES) == net
    for _, read, *outcomes in ask(together, RECEIPTS):
        assert read == sum(outcomes[:6])


@FEW
@given(SEEDS)
def test_the_order_of_settling_never_changes_current_lines(system: System, seed: int) -> None:
    rng = Random(seed)
    tills = rng.random() < 0.5
    batches = in_received_order(files(system, rng, 4, versions=not tills) + (sales(system, rng, 4) if tills else []))
    shuffled = rng.sample(batches, len(batches))
    first, second = ledger(system, batches), ledger(system, *([batch] for batch in shuffled))
    assert ask(first, LINES) == ask(second, LINES)


@pytest.mark.system
@FEW
@given(SEEDS)
def test_repeats_and_redelivery_never_change_current_lines(system: System, seed: int) -> None:
    rng = Random(seed)
    batches = in_received_order(files(system, rng, 3) + sales(system, rng, 3))
    warehouse = ledger(system, batches)
    before = ask(warehouse, LINES)
    assert warehouse.settle(Settlement(batches)) == SettlementResult(0, dict.fromkeys((b.batch_id for b in batches), 1))
    again = [
        replace(batch, batch_id=f"again {batch.batch_id}", received_seq=batch.received_seq + 10**9)
        for batch in batches
        if batch.kind == "upload"
    ]
    warehouse.settle(Settlement(again))
    assert ask(warehouse, LINES) == before
    assert ask(warehouse, f"{CHANGES} WHERE settlement_no = 2") == set()


@pytest.mark.system
@FEW
@given(SEEDS)
def test_undo_restores_exactly_the_lines_of_the_other_batches(system: System, seed: int) -> None:
    rng = Random(seed)
    batches = files(system, rng, 4, versions=False)
    removed = rng.choice(batches)
    others = [batch for batch in batches if batch.sha256 != removed.sha256]
    warehouse = ledger(system, batches)
    before = ask(warehouse, LINES)
    warehouse.settle(Settlement(undo=[batch.batch_id for batch in batches if batch.sha256 == removed.sha256]))
    assert ask(warehouse, LINES) == ask(ledger(system, others), LINES)
    warehouse.settle(Settlement([replace(removed, batch_id="once more", received_seq=removed.received_seq + 10**9)]))
    assert ask(warehouse, LINES) == before
