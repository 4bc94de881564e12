"""What is too large for a function waits for the job, and everything else goes on."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from app_factory import build
from large_settlements import ROWS, StartedJobs, with_jobs

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.intake import inbox, store_sales
from tillstream.model.batch import Batch, BatchState
from tillstream.model.errors import Conflict, Rejected, TooLarge, Unavailable
from tillstream.operations import large_settlements
from tillstream.operations.reconcile import resume_interrupted_work
from tillstream.people.store_credentials import StoreToken
from tillstream.pipeline.settling import large_job, settle
from tillstream.pipeline.staging import stage
from tillstream.ports.jobs import SETTLE_LARGE_JOB
from tillstream.ports.warehouse import Settlement, SettlementResult
from tillstream.records import batch_records
from tillstream.review import replay, settlement_previews, undo
from tillstream.settings import Settings

CONTRACT = """
name: {name}
region: {name}
currency: EUR
columns: {{sale_id: number, line_key: line, date: day, store_id: store, product_id: product, quantity: quantity,
          unit_price: price}}
"""
HEAD = "number,line,day,store,product,quantity,price\n"
REGIONS = ("North", "South")


class Refusing:
    """A warehouse for whose memory more rows than `fits` are too many; it may lose against other settlements."""

    def __init__(self, warehouse: Any, fits: int = 1_000) -> None:
        self._warehouse = warehouse
        self.fits, self.losses = fits, 0
        self.settled: list[list[str]] = []
        self.paused: list[bool] = []
        self.app: App | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._warehouse, name)

    def settle(self, settlement: Settlement) -> SettlementResult:
        if sum(batch.rows_read for batch in settlement.staged) > self.fits:
            raise TooLarge("Out of memory.")
        self.paused.append(bool(self.app and large_job.is_settling_paused(self.app.ports)))
        if self.losses:
            self.losses -= 1
            raise Conflict("Another settlement came first.")
        self.settled.append([batch.batch_id for batch in settlement.staged])
        result: SettlementResult = self._warehouse.settle(settlement)
        return result


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def local(tmp_path: Path, clock: ManualClock) -> Iterator[App]:
    (tmp_path / "contracts").mkdir()
    for name in REGIONS:
        (tmp_path / "contracts" / f"{name}.yaml").write_text(CONTRACT.format(name=name))
    app = build(Settings(home=tmp_path, threads=1), clock)
    yield app
    app.close()


@pytest.fixture
def cloud(local: App) -> tuple[App, StartedJobs, Refusing]:
    app, jobs = with_jobs(local)
    warehouse: Any = Refusing(app.ports.warehouse)
    warehouse.app = app
    return replace(app, ports=replace(app.ports, warehouse=warehouse)), jobs, warehouse


def file_of(app: App, region: str, rows: int, first: int = 0) -> Batch:
    lines = "".join(f"{first + number},1,2026-01-05,S1,A,1,2.50\n" for number in range(rows))
    upload = inbox.receive_file(
        app.ports, app.contracts.pin(region), f"{region}-{first}.csv", io.BytesIO((HEAD + lines).encode()), "emma"
    )
    return stage.stage(app.ports, upload.batch_id)


def sale_of(app: App, region: str, number: str) -> Batch:
    line = {"line": "1", "product_id": "A", "quantity": "1", "unit_price": "2.50"}
    sale = {"schema": "store-sale/1", "region": region, "store_id": "S1", "number": number, "version": 1,
            "sold_at": "2026-01-05T12:00:00+01:00", "currency": "EUR", "lines": [line]}  # fmt: skip
    store_sales.publish_unsigned_sale(app.ports, StoreToken("till", region, "S1"), sale)
    (batch,) = store_sales.receive_store_sales(app.ports, app.contracts, 100, 0)
    return stage.stage(app.ports, batch.batch_id)


def state(app: App, batch: Batch) -> BatchState:
    return batch_records.get_batch(app.ports, batch.batch_id).state


Cloud = tuple[App, StartedJobs, Refusing]


def test_a_large_file_waits_for_the_job_and_sales_of_other_regions_do_not_wait(cloud: Cloud) -> None:
    app, jobs, _ = cloud
    small, big = file_of(app, "North", 1), file_of(app, "North", ROWS + 1, first=10)
    same, other, later = sale_of(app, "North", "900"), sale_of(app, "South", "900"), file_of(app, "South", 1, first=20)
    settle.settle_all(app.ports, app.contracts)
    assert [state(app, one) for one in (small, big, same, other, later)] == [
        BatchState.SETTLED,
        BatchState.STAGED,
        BatchState.STAGED,
        BatchState.SETTLED,
        BatchState.STAGED,
    ]
    assert jobs.starts == [SETTLE_LARGE_JOB]
    assert large_settlements.settle_large(app.ports, app.contracts) == {"settled": 1, "undone": 0, "repaired": []}
    assert {state(app, one) for one in (big, same, later)} == {BatchState.SETTLED}


def test_the_job_is_not_started_twice_while_it_is_starting_or_running(cloud: Cloud, clock: ManualClock) -> None:
    app, jobs, _ = cloud
    file_of(app, "North", ROWS + 1)
    for _ in range(2):
        settle.settle_all(app.ports, app.contracts)
    with large_job.hold_run(app.ports) as run, pytest.raises(Conflict), large_job.hold_run(app.ports):
        pass
    with large_job.hold_run(app.ports) as run:
        for _ in range(5):
            clock.advance((large_job.LEASE_TIME - timedelta(seconds=1)).total_seconds())
            run.beat()
            settle.settle_all(app.ports, app.contracts)
    assert jobs.starts == [SETTLE_LARGE_JOB]


def test_a_run_that_died_is_started_again_after_growing_pauses(cloud: Cloud, clock: ManualClock) -> None:
    app, jobs, _ = cloud
    file_of(app, "North", ROWS + 1)
    minutes = []
    for minute in range(24 * 60):
        settle.settle_all(app.ports, app.contracts)
        if len(jobs.starts) > len(minutes):
            minutes.append(minute)
        clock.advance(60)
    assert minutes[:4] == [0, 15, 45, 135]
    assert len(minutes) == 7
    large_settlements.settle_large(app.ports, app.contracts)
    file_of(app, "North", ROWS + 1, first=100)
    settle.settle_all(app.ports, app.contracts)
    assert len(jobs.starts) == len(minutes) + 1  # after a success, at once


def test_a_job_that_cannot_be_started_fails_the_event_and_is_started_by_the_next(cloud: Cloud) -> None:
    app, jobs, _ = cloud
    big, other = file_of(app, "North", ROWS + 1), sale_of(app, "South", "1")
    jobs.is_reachable = False
    for _ in range(2):
        with pytest.raises(Unavailable):
            settle.settle_all(app.ports, app.contracts)
    assert (state(app, big), state(app, other)) == (BatchState.STAGED, BatchState.SETTLED)
    jobs.is_reachable = True
    settle.settle_all(app.ports, app.contracts)
    assert jobs.starts == [SETTLE_LARGE_JOB]


def test_the_job_pauses_others_only_after_its_first_try_was_overtaken(cloud: Cloud) -> None:
    app, _, warehouse = cloud
    big = file_of(app, "North", ROWS + 1)
    warehouse.losses = 1
    large_settlements.settle_large(app.ports, app.contracts)
    assert state(app, big) is BatchState.SETTLED
    assert warehouse.paused == [False, True]
    assert not large_job.is_settling_paused(app.ports)


def test_a_pause_ends_without_a_beat_and_after_an_hour(cloud: Cloud, clock: ManualClock) -> None:
    app, _, _ = cloud
    sale = sale_of(app, "South", "1")
    with large_job.hold_run(app.ports) as run, run.pause():
        settle.settle_all(app.ports, app.contracts)
        assert state(app, sale) is BatchState.STAGED
        clock.advance(large_job.LEASE_TIME.total_seconds())
        assert not large_job.is_settling_paused(app.ports)
        run.beat()
        assert large_job.is_settling_paused(app.ports)
        clock.advance(large_job.LONGEST_PAUSE.total_seconds())
        run.beat()
        settle.settle_all(app.ports, app.contracts)
        assert state(app, sale) is BatchState.SETTLED


def test_a_large_undo_is_requested_and_done_by_the_job(cloud: Cloud) -> None:
    app, jobs, _ = cloud
    big = file_of(app, "North", ROWS + 1)
    large_settlements.settle_large(app.ports, app.contracts)
    with pytest.raises(TooLarge, match="no preview for more than 3 rows"):
        settlement_previews.preview_replay(app.ports, app.contracts, big.batch_id)
    done = undo.undo_batch(app.ports, big.batch_id, "emma")
    assert done["requested"]
    assert undo.undo_batch(app.ports, big.batch_id, "emma")["requested"]
    assert (state(app, big), jobs.starts) == (BatchState.SETTLED, [SETTLE_LARGE_JOB])
    with pytest.raises(TooLarge):
        undo.preview_undo_settlement(app.ports, big.batch_id, ())
    with pytest.raises(Rejected, match="being undone"):
        replay.replay_batch(app.ports, app.contracts, big.batch_id, None, "emma")
    assert large_settlements.settle_large(app.ports, app.contracts) == {"settled": 0, "undone": 1, "repaired": []}
    assert state(app, big) is BatchState.UNDONE
    assert not undo.is_undo_requested(app.ports, big.batch_id)
    assert large_settlements.settle_large(app.ports, app.contracts) == {"settled": 0, "undone": 0, "repaired": []}


def test_the_sweep_starts_the_job_that_an_undo_could_not_start(cloud: Cloud) -> None:
    app, jobs, _ = cloud
    big = file_of(app, "North", ROWS + 1)
    large_settlements.settle_large(app.ports, app.contracts)
    jobs.is_reachable = False
    undo.undo_batch(app.ports, big.batch_id, "emma")
    with pytest.raises(Unavailable):
        resume_interrupted_work(app.ports, app.contracts, delegate=True)
    jobs.is_reachable = True
    resume_interrupted_work(app.ports, app.contracts, delegate=True)
    assert jobs.starts == [SETTLE_LARGE_JOB]


def test_a_small_undo_is_done_at_once_except_during_a_pause(cloud: Cloud) -> None:
    app, _, _ = cloud
    one, two = file_of(app, "North", 1), file_of(app, "North", 1, first=5)
    settle.settle_all(app.ports, app.contracts)
    assert undo.undo_batch(app.ports, one.batch_id, "emma")["changes"]["removed"] == 1
    with large_job.hold_run(app.ports) as run, run.pause():
        assert undo.undo_batch(app.ports, two.batch_id, "emma")["requested"]
    large_settlements.settle_large(app.ports, app.contracts)
    assert state(app, two) is BatchState.UNDONE


def test_a_replay_is_as_large_as_both_readings(cloud: Cloud) -> None:
    app, jobs, _ = cloud
    old = file_of(app, "North", ROWS - 1)
    settle.settle_all(app.ports, app.contracts)
    new = replay.replay_batch(app.ports, app.contracts, old.batch_id, None, "emma")
    stage.stage(app.ports, new.batch_id)
    settle.settle_all(app.ports, app.contracts)
    assert (state(app, new), jobs.starts) == (BatchState.STAGED, [SETTLE_LARGE_JOB])
    large_settlements.settle_large(app.ports, app.contracts)
    assert (state(app, old), state(app, new)) == (BatchState.REPLAYED, BatchState.SETTLED)


def test_a_refused_settlement_is_halved_and_a_single_batch_is_left_to_the_job(cloud: Cloud) -> None:
    app, jobs, warehouse = cloud
    warehouse.fits = 1
    files = [file_of(app, "North", 1, first) for first in (10, 20, 30)]
    refused = file_of(app, "North", 2, first=40)
    settle.settle_all(app.ports, app.contracts)
    assert [len(batches) for batches in warehouse.settled] == [1, 1, 1]
    assert {state(app, one) for one in files} == {BatchState.SETTLED}
    assert (state(app, refused), jobs.starts) == (BatchState.STAGED, [SETTLE_LARGE_JOB])
    with pytest.raises(TooLarge, match=r"North-40\.csv .* has 2 rows"):
        large_settlements.settle_large(app.ports, app.contracts)
    warehouse.fits = 2
    large_settlements.settle_large(app.ports, app.contracts)
    assert state(app, refused) is BatchState.SETTLED
    assert large_job.requested_batches(app.ports, large_job.RequestedWork.SETTLE) == []


def test_without_a_job_a_refused_settlement_is_halved_too_and_the_command_settles_everything(local: App) -> None:
    warehouse: Any = Refusing(local.ports.warehouse, fits=2)
    app = replace(local, ports=replace(local.ports, warehouse=warehouse))
    for first in (10, 20, 30):
        file_of(app, "North", 1, first)
    file_of(app, "North", 2, first=40)
    assert large_settlements.settle_large(app.ports, app.contracts)["settled"] == len(warehouse.settled) > 1
    assert batch_records.find_batches(app.ports, state=BatchState.STAGED, kind=None) == []
