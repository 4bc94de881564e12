"""Batches that are staged and not settled in time are in the log, except while a large settlement runs."""

import io
from datetime import timedelta

import pytest

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.intake import inbox
from tillstream.operations.maintenance_status import SETTLED_WITHIN, overdue_batches_text
from tillstream.pipeline.settling import large_job, settle
from tillstream.pipeline.staging import stage

CSV = (
    b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    b"1,A,Shelf,1,12/5/2011 9:02,2.50,7,UK\n"
)


@pytest.fixture
def staged(app: App) -> str:
    """The id of a staged batch."""
    batch = inbox.receive_file(app.ports, app.contracts.pin("online-retail-uk"), "a.csv", io.BytesIO(CSV), "emma")
    return stage.stage(app.ports, batch.batch_id, contracts=app.contracts).batch_id


def test_a_staged_batch_is_overdue_after_its_time_and_until_it_is_settled(
    app: App, clock: ManualClock, staged: str
) -> None:
    assert overdue_batches_text(app.ports) == []
    clock.advance((SETTLED_WITHIN + timedelta(seconds=1)).total_seconds())
    (sentence,) = overdue_batches_text(app.ports)
    assert sentence == f"Staged and not settled: 1; the oldest is {staged}, since 2026-11-20T00:00+00:00."
    settle.settle_all(app.ports, app.contracts)
    assert overdue_batches_text(app.ports) == []


def test_nothing_is_overdue_while_a_large_settlement_runs(app: App, clock: ManualClock, staged: str) -> None:
    clock.advance((SETTLED_WITHIN * 2).total_seconds())
    with large_job.hold_run(app.ports):
        assert overdue_batches_text(app.ports) == []
    assert overdue_batches_text(app.ports)
