"""In a cloud with years of files, the sweep delegates the work and checks only recent files."""

import io
from datetime import UTC, datetime, timedelta

import pytest

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.intake import inbox
from tillstream.intake.store_sales import publish_unsigned_sale, receive_store_sales
from tillstream.model.batch import Batch, BatchState
from tillstream.model.events import BATCH_RECEIVED, INBOX, SALES_RECEIVED
from tillstream.model.messages import store_sale_schema
from tillstream.operations import inbox_upkeep, maintenance_status
from tillstream.operations.reconcile import RUN_PATIENCE, STAGING_PACE, resume_interrupted_work
from tillstream.people.store_credentials import StoreToken
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage
from tillstream.records import batch_records

CSV = (
    b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    b"1,A,Shelf,1,12/5/2011 9:02,2.50,7,UK\n"
)
HOURS = 3600


def swept(app: App) -> dict[str, int]:
    counts: dict[str, int] = resume_interrupted_work(app.ports, app.contracts, delegate=True)
    maintenance_status.note_run(app.ports, maintenance_status.SWEEP_TASK)
    return counts


def test_what_stopped_before_it_was_staged_is_handed_on_by_event(app: App, clock: ManualClock) -> None:
    upload = inbox.receive_file(app.ports, app.contracts.pin("online-retail-uk"), "a.csv", io.BytesIO(CSV), "emma")
    clock.advance(HOURS)
    assert swept(app)["staged"] == 1
    assert batch_records.get_batch(app.ports, upload.batch_id).state is BatchState.RECEIVED
    (delivery,) = app.ports.bus.pull("batches", 10)
    assert delivery.message.attributes["type"] == BATCH_RECEIVED
    assert upload.batch_id in delivery.message.body.decode()


def test_an_object_whose_event_was_lost_is_found_while_it_is_young(app: App, clock: ManualClock) -> None:
    swept(app)
    clock.advance(HOURS)
    with app.ports.objects.writer(INBOX, "online-retail-uk/monday.csv") as writer:
        writer.write(CSV)
    assert [swept(app)["registered"] for _ in range(2)] == [1, 0]


def test_sweeps_skip_an_object_that_they_checked_for_hours(app: App, clock: ManualClock) -> None:
    with app.ports.objects.writer(INBOX, "online-retail-uk/monday.csv") as writer:
        writer.write(CSV)
    clock.advance(3 * HOURS)
    assert swept(app)["registered"] == 1
    (document,) = app.ports.documents.find(batch_records.BATCHES)
    app.ports.documents.delete(batch_records.BATCHES, document.id)
    assert swept(app)["registered"] == 0
    assert resume_interrupted_work(app.ports, app.contracts)["registered"] == 1


def sell(app: App) -> Batch:
    publish_unsigned_sale(app.ports, StoreToken("till", "UK", "LON1"), store_sale_schema()["examples"][0])
    (batch,) = receive_store_sales(app.ports, app.contracts, 10, 0)
    app.ports.bus.acknowledge(app.ports.bus.pull("batches", 10))
    return batch


def minutes_until_staged(app: App, clock: ManualClock) -> int:
    """Sweep every five minutes until a micro-batch is handed on by event."""
    for minutes in range(5, 60, 5):
        clock.advance(300)
        swept(app)
        for delivery in app.ports.bus.pull("batches", 10):
            assert delivery.message.attributes["type"] == SALES_RECEIVED
            return minutes
    raise AssertionError("It was not handed on.")


def test_a_micro_batch_whose_event_was_lost_is_staged_within_half_an_hour(app: App, clock: ManualClock) -> None:
    """The record exists; its event was never published, or an older version of `receive` wrote it."""
    swept(app)
    sell(app)
    assert minutes_until_staged(app, clock) == 20


def test_a_micro_batch_without_record_and_event_is_staged_within_half_an_hour(app: App, clock: ManualClock) -> None:
    swept(app)
    batch = sell(app)
    app.ports.documents.delete(batch_records.BATCHES, batch.batch_id)
    assert minutes_until_staged(app, clock) == 25


def test_a_micro_batch_is_left_to_the_settlement_of_its_minute_until_that_is_overdue(
    app: App, clock: ManualClock
) -> None:
    stage.stage(app.ports, sell(app).batch_id, contracts=app.contracts)
    counts = []
    for _ in range(3):
        counts.append(swept(app)["settled"])
        clock.advance(STAGING_PACE.total_seconds() / 2)
    assert counts == [0, 0, 1]


def test_a_staged_file_is_settled_by_the_next_sweep(app: App) -> None:
    upload = inbox.receive_file(app.ports, app.contracts.pin("online-retail-uk"), "a.csv", io.BytesIO(CSV), "emma")
    stage.stage(app.ports, upload.batch_id, contracts=app.contracts)
    assert swept(app)["settled"] == 1


def settled_now(app: App, clock: ManualClock) -> None:
    """Settle a file; settlements have the time of the warehouse, so the clock is set to it."""
    clock.advance(max((datetime.now(UTC) - clock.now()).total_seconds(), 0))
    upload = inbox.receive_file(app.ports, app.contracts.pin("online-retail-uk"), "a.csv", io.BytesIO(CSV), "emma")
    stage.stage(app.ports, upload.batch_id, contracts=app.contracts)
    settle.settle_all(app.ports, app.contracts)


@pytest.mark.parametrize("delegate", [True, False])
def test_a_settlement_is_left_to_its_event_until_that_must_be_lost(
    app: App, clock: ManualClock, delegate: bool
) -> None:
    settled_now(app, clock)
    announced = []
    for minutes in (0, 15, 10, 5):
        clock.advance(minutes * 60)
        announced.append(resume_interrupted_work(app.ports, app.contracts, delegate=delegate)["announced"])
        maintenance_status.note_run(app.ports, maintenance_status.SWEEP_TASK)
    assert announced == [0, 0, 1, 0]


def test_a_sweep_without_patience_announces_at_once(app: App, clock: ManualClock) -> None:
    settled_now(app, clock)
    counts = [resume_interrupted_work(app.ports, app.contracts, patience=timedelta(0))["announced"] for _ in range(2)]
    assert counts == [1, 0]


def test_a_settlement_is_still_checked_when_its_patience_is_over() -> None:
    """Each sweep looks back further than it waits, so no settlement falls between two of them."""
    assert inbox_upkeep.SWEEP_OVERLAP > RUN_PATIENCE
