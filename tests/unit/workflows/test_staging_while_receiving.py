"""The local worker stages store sales as it receives them; the event that stages them is for what went wrong."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from app_factory import build
from threads import PATIENCE
from waiting import wait_for

from tillstream import handlers
from tillstream.app import App
from tillstream.intake import store_sales
from tillstream.intake.store_sales import RepeatedSales
from tillstream.model.batch import Batch, BatchKind, BatchState
from tillstream.model.errors import Unavailable
from tillstream.model.events import SALES_RECEIVED, SALES_STAGED, TOPIC_STORE_SALES
from tillstream.model.messages import store_sale_schema
from tillstream.operations import maintenance_status, reconcile
from tillstream.pipeline.staging.stage import stage
from tillstream.ports.bus import Message
from tillstream.records import batch_records
from tillstream.server.worker import Worker
from tillstream.settings import Settings


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = build(Settings(home=tmp_path, threads=1), rates=False)
    yield app
    app.close()


def publish(app: App, count: int, first: int = 0, **changes: Any) -> None:
    sale = store_sale_schema()["examples"][0] | changes
    app.ports.bus.publish(
        TOPIC_STORE_SALES,
        [Message(json.dumps(sale | {"number": str(n)}).encode()) for n in range(first, first + count)],
    )


def receive(app: App, stage: Any) -> list[Batch]:
    return store_sales.receive_store_sales(app.ports, app.contracts, 20_000, 0, stage)


def events(app: App) -> list[str]:
    return [one.message.attributes["type"] for one in app.ports.bus.pull("batches", 100)]


def test_received_sales_are_staged_without_an_event_of_their_own(app: App) -> None:
    publish(app, 3)
    (kept,) = receive(app, lambda batch: stage(app.ports, batch.batch_id))

    assert batch_records.get_batch(app.ports, kept.batch_id).state is BatchState.STAGED
    assert events(app) == [SALES_STAGED]


def test_a_staging_that_fails_is_left_to_its_event(app: App) -> None:
    publish(app, 3)
    publish(app, 3, version=2)

    def fail(_: Batch) -> None:
        raise Unavailable("The disk is full.")

    with pytest.raises(Unavailable):
        receive(app, fail)

    assert events(app) == [SALES_RECEIVED, SALES_RECEIVED]
    assert app.ports.bus.pull(store_sales.RECEIVE_SUBSCRIPTION, 10) == []


def test_a_process_killed_before_it_staged_leaves_its_sales_to_the_sweep(app: App) -> None:
    publish(app, 3)
    deliveries = app.ports.bus.pull(store_sales.RECEIVE_SUBSCRIPTION, 10)
    store_sales.keep_messages(app.ports, app.contracts, deliveries, publish=False)
    app.ports.bus.acknowledge(deliveries)

    reconcile.run_sweep(app.ports, app.contracts, patience=reconcile.RUN_PATIENCE * 0)
    assert app.ports.warehouse.query("SELECT COUNT(*) AS n FROM sale_lines")["n"].to_pylist() == [6]


def test_a_backlog_is_one_micro_batch_up_to_the_limit(app: App) -> None:
    publish(app, 2 * store_sales.PULL_MESSAGES + 1)
    kept = store_sales.receive_store_sales(app.ports, app.contracts, 2 * store_sales.PULL_MESSAGES, 0)

    assert [batch.file for batch in kept] == ["4,000 store sales"]
    assert len(app.ports.bus.pull(store_sales.RECEIVE_SUBSCRIPTION, 10)) == 1


def test_large_messages_fill_a_micro_batch_early(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_sales, "MAX_GATHERED_BYTES", 1)
    publish(app, 2 * store_sales.PULL_MESSAGES)

    assert [batch.file for batch in receive(app, None)] == ["2,000 store sales"]


def test_a_slow_machine_keeps_what_it_has_pulled_before_the_lease_ends(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_sales, "MAX_PULL_TIME", timedelta(0))
    publish(app, 2 * store_sales.PULL_MESSAGES)

    assert [batch.file for batch in receive(app, None)] == ["2,000 store sales"]


def test_one_settlement_completes_the_events_of_all_staged_micro_batches(app: App) -> None:
    for version in range(1, 6):
        publish(app, 2, version=version)
        receive(app, lambda batch: stage(app.ports, batch.batch_id))
    Worker(app).run_until_idle()

    assert app.ports.warehouse.query("SELECT COUNT(*) AS n FROM settlements")["n"].to_pylist() == [1]
    states = {batch.state for batch in batch_records.find_batches(app.ports, kind=BatchKind.STORE_SALES)}
    assert states == {BatchState.ANNOUNCED}
    assert events(app) == []


def test_messages_about_recent_sales_are_held_until_few_others_arrive(app: App) -> None:
    repeated = RepeatedSales()

    def received() -> list[str]:
        kept = store_sales.receive_store_sales(app.ports, app.contracts, 100, 0, repeated=repeated)
        return [batch.file for batch in kept]

    publish(app, 20)
    assert received() == ["20 store sales"]
    publish(app, 25, version=2)
    publish(app, 2, version=3)
    assert received() == ["5 store sales"]
    assert received() == ["20 store sales", "2 store sales"]
    assert app.ports.bus.pull("receive", 100) == []

    Worker(app).run_until_idle()
    counted = app.ports.warehouse.query("SELECT COUNT(*) AS n, COUNT(DISTINCT sale_id) AS v FROM sale_lines")
    assert counted.to_pylist() == [{"n": 50, "v": 25}]


def test_a_repeated_sale_of_a_region_without_a_data_source_is_kept_apart(app: App) -> None:
    publish(app, 3, region="Mars")
    publish(app, 2, region="Mars", version=2)
    kept = receive(app, None)

    assert [batch.file for batch in kept] == ["3 store sales", "2 store sales"]


def store_sales_of(app: App) -> list[Batch]:
    return batch_records.find_batches(app.ports, kind=BatchKind.STORE_SALES, limit=None)


def wait_for_announcement(app: App, batches: int) -> None:
    wait_for(
        lambda: [batch.state for batch in store_sales_of(app)] == [BatchState.ANNOUNCED] * batches, "the settlements"
    )


@pytest.fixture
def running(app: App) -> Iterator[Worker]:
    """After its first sweep, which would settle what the tests let wait."""
    worker = Worker(app)
    worker.start()
    wait_for(lambda: bool(maintenance_status.last_run(app.ports, maintenance_status.SWEEP_TASK)), "the first sweep")
    yield worker
    worker.stop()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Whether a settlement has begun, and whether it may go on."""
    began, may_settle = threading.Event(), threading.Event()
    settle = handlers.ROUTES[SALES_STAGED]

    def settle_later(*event: Any) -> dict[str, Any]:
        began.set()
        assert may_settle.wait(30)
        return settle(*event)

    monkeypatch.setitem(handlers.ROUTES, SALES_STAGED, settle_later)
    yield began, may_settle
    may_settle.set()


@pytest.mark.usefixtures("running")
def test_one_settlement_takes_every_micro_batch_of_a_pull(app: App) -> None:
    sale = store_sale_schema()["examples"][0]
    senders: list[dict[str, str]] = [{}, {"store_id": sale["store_id"]}]
    messages = [
        Message(json.dumps(sale | {"number": str(number)}).encode(), attributes)
        for number, attributes in enumerate(senders)
    ]
    app.ports.bus.publish(TOPIC_STORE_SALES, messages)
    wait_for_announcement(app, 2)

    assert app.ports.warehouse.query("SELECT COUNT(*) AS n FROM settlements")["n"].to_pylist() == [1]


def test_held_messages_are_released_when_the_worker_stops(
    app: App, running: Worker, gate: tuple[threading.Event, threading.Event]
) -> None:
    began, may_settle = gate
    sale = store_sale_schema()["examples"][0]
    messages = [sale | {"number": str(number)} for number in range(20)] + [sale | {"number": "0", "version": 2}]
    app.ports.bus.publish(TOPIC_STORE_SALES, [Message(json.dumps(each).encode()) for each in messages])
    assert began.wait(30)
    stopping = threading.Thread(target=running.stop)
    stopping.start()
    wait_for(lambda: all(thread.name != "worker-receive" for thread in threading.enumerate()), "the end of the thread")
    may_settle.set()
    stopping.join()

    (depth,) = [depth for depth in app.ports.bus.queue_depths() if depth.subscription == "receive"]
    assert (depth.leased, depth.ready, depth.delayed) == (0, 0, 1)


class AwaitedEvent(threading.Event):
    is_awaited = False

    def wait(self, timeout: float | None = None) -> bool:
        self.is_awaited = True
        return super().wait(timeout)


def test_sales_that_arrive_during_a_settlement_form_one_micro_batch(
    app: App, running: Worker, gate: tuple[threading.Event, threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tillstream.server.worker.GATHER_WITHIN", PATIENCE)
    settled = running._settled = AwaitedEvent()
    began, may_settle = gate
    publish(app, 1)
    assert began.wait(30)
    wait_for(lambda: settled.is_awaited, "the receiver, which waits for the settlement")
    for number in (1, 2, 3):
        publish(app, 1, first=number)
    assert len(store_sales_of(app)) == 1
    may_settle.set()
    wait_for_announcement(app, 2)

    assert sorted(batch.file for batch in store_sales_of(app)) == ["1 store sale", "3 store sales"]


@pytest.mark.usefixtures("running")
def test_a_backlog_is_received_while_its_first_part_is_settled(
    app: App, gate: tuple[threading.Event, threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tillstream.server.worker.BACKLOG", 1)
    began, may_settle = gate
    publish(app, 1)
    assert began.wait(30)
    publish(app, 1, first=1)
    wait_for(lambda: len(store_sales_of(app)) == 2, "two batches")
    may_settle.set()
    wait_for_announcement(app, 2)
