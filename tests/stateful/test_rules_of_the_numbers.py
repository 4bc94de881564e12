"""The rules of the numbers one by one, each as a story of a few lines that ends with every check."""

import pytest
from stateful.checks import check
from stateful.crashes import Crash
from stateful.sources import Fix, Sale
from stateful.steps import GOOD, drive, fix, like, rows, send_sales, source, upload_rows
from stateful.world import World

from tillstream.batches import records
from tillstream.domain.batch.record import State
from tillstream.domain.errors import Rejected
from tillstream.domain.events import TOPIC_STORE_SALES
from tillstream.pipeline.settling import settle
from tillstream.ports.event_bus import Message
from tillstream.workflows.intake import store_sales
from tillstream.workflows.review import decisions, replay, undo

SALE = Sale("1", "S1", "2024-03-01", 9, (("P", 1, 1), ("Q", 1, 1)), 2)


def test_the_same_file_again_is_all_duplicates_and_a_blank_row_is_counted(world: World) -> None:
    rows_of_file = [GOOD, like(product="Q"), like(fault="blank"), like(number="2")]
    assert rows(world, upload_rows(world, "ruling", *rows_of_file)) == {"new": 3, "blank": 1}
    assert rows(world, upload_rows(world, "ruling", *rows_of_file)) == {"duplicate": 3, "blank": 1}
    check(world)


def test_a_later_file_corrects_and_the_first_again_takes_nothing_back_until_it_is_told_anew(world: World) -> None:
    upload_rows(world, "ruling", GOOD)
    assert rows(world, upload_rows(world, "ruling", like(qty=2))) == {"corrected": 1}
    again = upload_rows(world, "ruling", GOOD)
    assert rows(world, again) == {"duplicate": 1}
    confirmed = decisions.confirm(world.app.ports, again, "manager", as_new=True)
    settle.settle_all(world.app.ports, world.app.book)
    assert rows(world, confirmed.batch_id) == {"corrected": 1}
    check(world)


def test_undo_keeps_what_another_file_says_too(world: World) -> None:
    first = upload_rows(world, "ruling", GOOD, like(number="2"))
    upload_rows(world, "ruling", GOOD)
    undo.undo(world.app.ports, first, "manager")
    assert set(check(world).current()) == {("S1/1", "P#1")}


def test_a_file_that_tells_sales_whole_removes_the_lines_that_it_lacks(world: World) -> None:
    upload_rows(world, "sale", GOOD, like(product="Q"), like(number="2"))
    upload_rows(world, "sale", like(qty=2))
    assert set(check(world).current()) == {("S1/1", "P#1"), ("S1/2", "P#1")}


def test_a_refused_row_keeps_its_sale_from_losing_lines(world: World) -> None:
    upload_rows(world, "sale", GOOD, like(product="Q"))
    upload_rows(world, "sale", like(qty=2), like(product="Q", fault="qty"), like(number="2"))
    assert len(check(world).current()) == 3


def test_two_contents_of_one_line_in_a_file_are_both_refused(numbered_world: World) -> None:
    batch = upload_rows(numbered_world, "ruling", GOOD, like(qty=2), like(line="2"))
    assert rows(numbered_world, batch) == {"new": 1, "quarantined": 2}
    check(numbered_world)


def test_the_higher_version_counts_whichever_comes_last(world: World) -> None:
    upload_rows(world, "version", like(version=3, qty=2))
    assert rows(world, upload_rows(world, "version", like(version=2))) == {"duplicate": 1}
    check(world)


def test_a_file_row_that_differs_from_a_till_waits_for_a_person(world: World) -> None:
    send_sales(world, SALE)
    batch = upload_rows(world, "sale", like(qty=2), like(product="Q"))
    assert rows(world, batch) == {"duplicate": 1, "quarantined": 1}
    fix(world, batch, Fix(1, like(qty=2), "accept"))
    assert rows(world, batch) == {"duplicate": 1, "corrected": 1}
    check(world)


def test_where_files_rule_an_earlier_file_stands_against_a_later_till(world: World) -> None:
    upload_rows(world, "ruling", like(qty=2))
    send_sales(world, SALE)
    assert dict(check(world).current()["S1/1", "P#1"])["qty"] == 2


def test_a_replay_replaces_its_file_and_keeps_the_fixes(world: World) -> None:
    batch = upload_rows(world, "ruling", GOOD, like(product="Q", fault="qty"))
    fix(world, batch, Fix(2, like(product="Q"), "anew"))
    again = replay.replay(world.app.ports, world.app.book, batch, "yielding", "clerk")
    drive(world, again)
    assert rows(world, again.batch_id) == {"new": 2}
    undo.undo(world.app.ports, again.batch_id, "manager")
    assert not check(world).current()


def test_what_a_waiting_replay_is_to_replace_is_not_undone(world: World) -> None:
    batch = upload_rows(world, "ruling", GOOD)
    again = replay.replay(world.app.ports, world.app.book, batch, "yielding", "clerk")
    for step in (undo.preview, lambda ports, batch_id: undo.undo(ports, batch_id, "manager")):
        with pytest.raises(Rejected, match=f"already being replayed as batch {again.batch_id}, which is received"):
            step(world.app.ports, batch)
    drive(world, again)
    assert set(check(world).current()) == {("S1/1", "P#1")}


def test_the_same_bytes_under_another_contract_are_held(world: World) -> None:
    upload_rows(world, "ruling", GOOD)
    other = upload_rows(world, "yielding", GOOD)
    assert records.get(world.app.ports, other).state is State.HELD
    check(world)


def test_sales_outlive_a_crash_while_they_are_received(world: World) -> None:
    world.sales[SALE.body().decode()] = SALE
    world.app.ports.bus.publish(TOPIC_STORE_SALES, [Message(SALE.body())])
    world.promised.append(SALE.body().decode())
    world.fuse.armed = [("objects.writer inbox", "before"), ("bus.acknowledge receive", "before")]
    for _ in range(2):
        with pytest.raises(Crash):
            store_sales.receive(world.app.ports, world.app.book, 10, 0)
        world.restart()
    assert len(check(world).current()) == 2


def test_a_file_outlives_a_crash_before_anybody_hears_of_it(world: World) -> None:
    world.fuse.armed = [("bus.publish object-events", "before")]
    with pytest.raises(Crash):
        world.give(source(world, "ruling"), [GOOD], source(world, "ruling").columns)
    world.restart()
    assert len(check(world).current()) == 1


def test_a_settlement_outlives_a_crash_and_is_announced_once(world: World) -> None:
    world.fuse.armed = [("warehouse.settle staged", "after"), ("bus.publish sale-events", "after")]
    with pytest.raises(Crash):
        upload_rows(world, "ruling", GOOD)
    world.restart()
    with pytest.raises(Crash):
        world.wait()
    world.restart()
    check(world)
    assert len(world.heard) == 2
    assert len({delivery.message.body for delivery in world.heard}) == 1
