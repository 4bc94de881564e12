"""The rules of the numbers one by one, each as a story of a few lines that ends with every check."""

import pytest
from stateful.checks import check
from stateful.crashes import Crash
from stateful.sources import Fix, Sale
from stateful.steps import GOOD, fix, like, process, rows, send_sales, source, upload_rows
from stateful.system import System

from tillstream.intake import store_sales
from tillstream.model.batch import BatchState
from tillstream.model.errors import Rejected
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.pipeline.settling import settle
from tillstream.ports.bus import Message
from tillstream.records import batch_records
from tillstream.review import held_batches, replay, undo

SALE = Sale("1", "S1", "2024-03-01", 9, (("P", 1, 1), ("Q", 1, 1)), 2)


def test_the_same_file_again_is_all_duplicates_and_a_blank_row_is_counted(system: System) -> None:
    rows_of_file = [GOOD, like(product="Q"), like(fault="blank"), like(number="2")]
    assert rows(system, upload_rows(system, "ruling", *rows_of_file)) == {"new": 3, "blank": 1}
    assert rows(system, upload_rows(system, "ruling", *rows_of_file)) == {"duplicate": 3, "blank": 1}
    check(system)


def test_a_repeated_older_file_changes_nothing_until_it_is_confirmed_as_new(system: System) -> None:
    upload_rows(system, "ruling", GOOD)
    assert rows(system, upload_rows(system, "ruling", like(qty=2))) == {"corrected": 1}
    again = upload_rows(system, "ruling", GOOD)
    assert rows(system, again) == {"duplicate": 1}
    confirmed = held_batches.confirm_batch(system.app.ports, again, "manager", as_new=True)
    settle.settle_all(system.app.ports, system.app.contracts)
    assert rows(system, confirmed.batch_id) == {"corrected": 1}
    check(system)


def test_undo_keeps_lines_that_another_file_also_contains(system: System) -> None:
    first = upload_rows(system, "ruling", GOOD, like(number="2"))
    upload_rows(system, "ruling", GOOD)
    undo.undo_batch(system.app.ports, first, "manager")
    assert set(check(system).current()) == {("S1/1", "P#1")}


def test_a_statement_of_complete_sales_removes_missing_lines(system: System) -> None:
    upload_rows(system, "sale", GOOD, like(product="Q"), like(number="2"))
    upload_rows(system, "sale", like(qty=2))
    assert set(check(system).current()) == {("S1/1", "P#1"), ("S1/2", "P#1")}


def test_a_statement_of_a_complete_day_removes_its_other_sales(system: System) -> None:
    upload_rows(system, "day", GOOD, like(number="2"))
    upload_rows(system, "day", like(number="3"))
    assert set(check(system).current()) == {("S1/3", "P#1")}


def test_a_refused_row_keeps_its_sale_from_losing_lines(system: System) -> None:
    upload_rows(system, "sale", GOOD, like(product="Q"))
    upload_rows(system, "sale", like(qty=2), like(product="Q", fault="qty"), like(number="2"))
    assert len(check(system).current()) == 3


def test_two_contents_of_one_line_in_a_file_are_both_refused(numbered_system: System) -> None:
    batch = upload_rows(numbered_system, "ruling", GOOD, like(qty=2), like(line="2"))
    assert rows(numbered_system, batch) == {"new": 1, "quarantined": 2}
    check(numbered_system)


def test_the_higher_version_counts_whichever_comes_last(system: System) -> None:
    upload_rows(system, "version", like(version=3, qty=2))
    assert rows(system, upload_rows(system, "version", like(version=2))) == {"duplicate": 1}
    check(system)


def test_a_file_row_that_differs_from_a_till_is_quarantined(system: System) -> None:
    send_sales(system, SALE)
    batch = upload_rows(system, "sale", like(qty=2), like(product="Q"))
    assert rows(system, batch) == {"duplicate": 1, "quarantined": 1}
    fix(system, batch, Fix(1, like(qty=2), "accept"))
    assert rows(system, batch) == {"duplicate": 1, "corrected": 1}
    check(system)


def test_a_preferred_earlier_file_overrides_a_later_till(system: System) -> None:
    upload_rows(system, "ruling", like(qty=2))
    send_sales(system, SALE)
    assert dict(check(system).current()["S1/1", "P#1"])["qty"] == 2


def test_a_replay_replaces_its_file_and_keeps_the_fixes(system: System) -> None:
    batch = upload_rows(system, "ruling", GOOD, like(product="Q", fault="qty"))
    fix(system, batch, Fix(2, like(product="Q"), "edit"))
    again = replay.replay_batch(system.app.ports, system.app.contracts, batch, "yielding", "clerk")
    process(system, again)
    assert rows(system, again.batch_id) == {"new": 2}
    undo.undo_batch(system.app.ports, again.batch_id, "manager")
    assert not check(system).current()


def test_a_batch_with_a_pending_replay_cannot_be_undone(system: System) -> None:
    batch = upload_rows(system, "ruling", GOOD)
    again = replay.replay_batch(system.app.ports, system.app.contracts, batch, "yielding", "clerk")
    for step in (undo.preview_undo, lambda ports, batch_id: undo.undo_batch(ports, batch_id, "manager")):
        with pytest.raises(Rejected, match=f"already being replayed as batch {again.batch_id}, which is received"):
            step(system.app.ports, batch)
    process(system, again)
    assert set(check(system).current()) == {("S1/1", "P#1")}


def test_the_same_bytes_under_another_contract_are_held(system: System) -> None:
    upload_rows(system, "ruling", GOOD)
    other = upload_rows(system, "yielding", GOOD)
    assert batch_records.get_batch(system.app.ports, other).state is BatchState.HELD
    check(system)


def test_sales_outlive_a_crash_while_they_are_received(system: System) -> None:
    system.sales[SALE.body().decode()] = SALE
    system.app.ports.bus.publish(TOPIC_STORE_SALES, [Message(SALE.body())])
    system.promised.append(SALE.body().decode())
    system.fuse.armed = [("objects.writer inbox", "before"), ("bus.acknowledge receive", "before")]
    for _ in range(2):
        with pytest.raises(Crash):
            store_sales.receive_store_sales(system.app.ports, system.app.contracts, 10, 0)
        system.restart()
    assert len(check(system).current()) == 2


def test_a_file_survives_a_crash_before_its_event_is_published(system: System) -> None:
    system.fuse.armed = [("bus.publish object-events", "before")]
    with pytest.raises(Crash):
        system.upload(source(system, "ruling"), [GOOD], source(system, "ruling").columns)
    system.restart()
    assert len(check(system).current()) == 1


def test_a_settlement_outlives_a_crash_and_is_announced_once(system: System) -> None:
    system.fuse.armed = [("warehouse.settle staged", "after"), ("bus.publish sale-events", "after")]
    with pytest.raises(Crash):
        upload_rows(system, "ruling", GOOD)
    system.restart()
    with pytest.raises(Crash):
        system.wait()
    system.restart()
    check(system)
    assert len(system.received_events) == 2
    assert len({delivery.message.body for delivery in system.received_events}) == 1
