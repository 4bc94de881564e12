"""`receive` stages what it pulls and makes it visible: each sale is in the ledger or unsettled, never in both."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from app_factory import build

from functions import receiving
from functions.receiving import keep_receiving
from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.handlers import FUNCTIONS, Event, dispatch
from tillstream.intake.store_sales import publish_unsigned_sale
from tillstream.model.batch import Batch, BatchKind, BatchState
from tillstream.model.errors import Unavailable
from tillstream.model.events import SALES_RECEIVED
from tillstream.model.messages import store_sale_schema
from tillstream.people.store_credentials import StoreToken
from tillstream.pipeline.publishing import live_lines
from tillstream.pipeline.settling.settle import settle_all
from tillstream.ports.bus import RetryPolicy
from tillstream.records import batch_records, data_version
from tillstream.review.undo import undo_batch
from tillstream.settings import Settings

TILL = StoreToken("till", "UK", "LON1")
UNSETTLED = "SELECT sale_id, SUM(net_amount) AS amount FROM unsettled_lines GROUP BY sale_id ORDER BY sale_id"
LEDGER = "SELECT sale_id, SUM(net_amount) AS amount FROM sale_lines GROUP BY sale_id ORDER BY sale_id"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def app(tmp_path: Path, clock: ManualClock) -> Iterator[App]:
    app = build(Settings(home=tmp_path, threads=1), clock)
    yield app
    app.close()


def sale(app: App, number: int, amount: str = "10", version: int = 1, age: timedelta = timedelta(0)) -> dict[str, Any]:
    line = {"line": "1", "product_id": "P", "quantity": "1", "unit_price": amount, "net_amount": amount}
    sold_at = (app.ports.clock.now() - age).isoformat(timespec="seconds")
    example = store_sale_schema()["examples"][0] | {"number": str(number), "version": version, "sold_at": sold_at}
    return example | {"lines": [line]}


def stage_batch(app: App, batch: Batch) -> None:
    dispatch(app, Event(batch.batch_id, SALES_RECEIVED, {"batch_id": batch.batch_id}), FUNCTIONS["sales"])


def receive(app: App, *sales: dict[str, Any]) -> list[Batch]:
    """The micro-batches of this call."""
    before = {batch.batch_id for batch in batch_records.find_batches(app.ports, kind=BatchKind.STORE_SALES)}
    for each in sales:
        publish_unsigned_sale(app.ports, TILL, each)
    keep_receiving(app.ports, app.contracts, 100, 0, 0, lambda batch: stage_batch(app, batch))
    return [
        batch
        for batch in batch_records.find_batches(app.ports, kind=BatchKind.STORE_SALES)
        if batch.batch_id not in before
    ]


def amounts(app: App, query: str) -> dict[str, int]:
    rows = app.ports.warehouse.query(query).to_pylist()
    return {row["sale_id"]: int(Decimal(row["amount"])) for row in rows}


def test_a_sale_is_visible_before_it_is_settled_and_is_then_in_the_ledger_only(app: App) -> None:
    receive(app, sale(app, 1), sale(app, 2, "20"))
    assert (amounts(app, UNSETTLED), amounts(app, LEDGER)) == ({"1": 10, "2": 20}, {})
    settle_all(app.ports, app.contracts)
    assert (amounts(app, UNSETTLED), amounts(app, LEDGER)) == ({}, {"1": 10, "2": 20})


def test_lines_that_are_appended_twice_or_after_their_settlement_count_once(app: App) -> None:
    (batch,) = receive(app, sale(app, 1))
    assert live_lines.publish_live_lines(app.ports, batch.batch_id).rows == 1
    assert amounts(app, UNSETTLED) == {"1": 10}
    settle_all(app.ports, app.contracts)
    assert live_lines.publish_live_lines(app.ports, batch.batch_id).rows == 0
    assert amounts(app, UNSETTLED) == {}


def test_only_the_latest_message_of_a_sale_is_shown_and_none_once_one_is_settled(app: App) -> None:
    receive(app, sale(app, 1))
    receive(app, sale(app, 1, "30", version=3), sale(app, 1, "20", version=2))
    assert amounts(app, UNSETTLED) == {"1": 30}
    settle_all(app.ports, app.contracts)
    assert (amounts(app, UNSETTLED), amounts(app, LEDGER)) == ({}, {"1": 30})
    receive(app, sale(app, 1, "40", version=4))
    assert (amounts(app, UNSETTLED), amounts(app, LEDGER)) == ({}, {"1": 30})
    settle_all(app.ports, app.contracts)
    assert amounts(app, LEDGER) == {"1": 40}


def test_of_messages_with_the_same_version_the_one_that_the_ledger_chooses_is_shown(app: App) -> None:
    receive(app, sale(app, 1), sale(app, 1, "20"))
    receive(app, sale(app, 1, "30"))
    shown = amounts(app, UNSETTLED)
    settle_all(app.ports, app.contracts)
    assert shown == amounts(app, LEDGER) == {"1": 10}


def test_the_sales_of_a_batch_that_is_undone_do_not_come_back(app: App) -> None:
    (batch,) = receive(app, sale(app, 1))
    settle_all(app.ports, app.contracts)
    undo_batch(app.ports, batch.batch_id, "boss")
    assert (amounts(app, UNSETTLED), amounts(app, LEDGER)) == ({}, {})


def test_an_old_sale_appears_with_its_settlement(app: App) -> None:
    receive(app, sale(app, 1, age=live_lines.RECENT_TIME + timedelta(minutes=1)), sale(app, 2))
    assert amounts(app, UNSETTLED) == {"2": 10}


def test_pages_notice_each_append(app: App) -> None:
    assert data_version.live_appends(app.ports.documents) == 0
    for number in (1, 2):
        receive(app, sale(app, number))
        assert data_version.live_appends(app.ports.documents) == number


def test_a_sale_that_cannot_be_appended_is_staged_and_settled(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise Unavailable("The Storage Write API does not answer.")

    monkeypatch.setattr(app.ports.warehouse, "append_live", fail)
    (batch,) = receive(app, sale(app, 1))
    assert batch.state is BatchState.STAGED
    settle_all(app.ports, app.contracts)
    assert amounts(app, LEDGER) == {"1": 10}


def test_a_batch_that_cannot_be_staged_is_left_to_its_event_and_the_others_are_staged(app: App) -> None:
    def fail(_: Batch) -> None:
        raise OSError("The disk is full.")

    publish_unsigned_sale(app.ports, TILL, sale(app, 1))
    assert keep_receiving(app.ports, app.contracts, 100, 0, 0, fail) == 1
    (event,) = app.ports.bus.pull("batches", 10, 0)
    assert event.message.attributes["type"] == SALES_RECEIVED
    assert app.ports.bus.pull("receive", 10, 0) == []


def test_messages_are_delivered_again_if_the_process_ends_before_it_has_staged_them(app: App) -> None:
    def stop(_: Batch) -> None:
        raise SystemExit

    publish_unsigned_sale(app.ports, TILL, sale(app, 1))
    with pytest.raises(SystemExit):
        keep_receiving(app.ports, app.contracts, 100, 0, 0, stop)
    (depth,) = (one for one in app.ports.bus.queue_depths() if one.subscription == "receive")
    assert (depth.ready or 0) + (depth.leased or 0) == 1


def test_messages_stay_leased_while_many_micro_batches_are_staged(app: App, clock: ManualClock) -> None:
    for version in range(1, 7):
        publish_unsigned_sale(app.ports, TILL, sale(app, 1, version=version))
    seconds_each = RetryPolicy.lease * 0.4
    assert keep_receiving(app.ports, app.contracts, 100, 0, 0, lambda _: clock.sleep(seconds_each)) == 6
    clock.sleep(RetryPolicy.lease)
    assert app.ports.bus.pull("receive", 100, 0) == []


def test_receiving_gathers_sales_for_a_while_and_ends_in_time(app: App, clock: ManualClock) -> None:
    publish_unsigned_sale(app.ports, TILL, sale(app, 1))
    begun = clock.now()
    assert keep_receiving(app.ports, app.contracts, 10, seconds=0, gather=10, stage=lambda _: None) == 1
    assert clock.now() - begun < timedelta(seconds=1)


def test_receiving_ends_in_time_however_steadily_sales_arrive(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else no call would end before its timeout, and none would start a settlement."""
    keep = receiving.keep_messages

    def keep_while_another_arrives(*arguments: Any, **options: Any) -> list[Batch]:
        publish_unsigned_sale(app.ports, TILL, sale(app, 2))
        return keep(*arguments, **options)

    publish_unsigned_sale(app.ports, TILL, sale(app, 1))
    monkeypatch.setattr(receiving, "keep_messages", keep_while_another_arrives)
    assert keep_receiving(app.ports, app.contracts, 10, seconds=0, gather=10, stage=lambda _: None) == 1
