"""Schedules that once went wrong, each a few steps long, and the rules they taught; all end with every check."""

import pytest
from stateful.checks import check
from stateful.crashes import Crash
from stateful.sources import Fix, Sale, Source
from stateful.steps import GOOD, drive, fix, like, rows, send_sales, source, upload_rows
from stateful.world import World

from tillstream.domain.batch.record import State
from tillstream.domain.errors import Rejected
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage
from tillstream.ports.warehouse import Settlement
from tillstream.receipts import receipt as receipts
from tillstream.workflows.review import decisions, replay, undo


def test_a_file_told_anew_keeps_the_rows_that_were_fixed(world: World) -> None:
    batch = upload_rows(world, "ruling", GOOD, like(number="2"), like(product="Q", fault="qty"))
    fix(world, batch, Fix(3, like(product="Q"), "anew"))
    confirmed = decisions.confirm(world.app.ports, batch, "manager", as_new=True)
    settle.settle_all(world.app.ports, world.app.book)
    assert rows(world, confirmed.batch_id) == {"new": 3}
    check(world)


def test_a_correction_of_a_replay_comes_after_the_corrections_that_the_replay_took_along(world: World) -> None:
    batch = upload_rows(world, "ruling", GOOD, like(number="2"), like(product="Q", fault="qty"))
    fix(world, batch, Fix(3, like(product="Q", fault="qty"), "anew"))
    again = replay.replay(world.app.ports, world.app.book, batch, None, "clerk")
    drive(world, again)
    fix(world, again.batch_id, Fix(3, like(product="Q"), "anew"))
    assert rows(world, again.batch_id) == {"new": 3}
    check(world)


def test_a_row_of_a_replays_correction_that_the_ledger_refused_can_be_downloaded(world: World) -> None:
    send_sales(world, Sale("1", "S1", "2024-03-01", 9, (("P", 2, 2),)))
    batch = upload_rows(world, "sale", like(number="2"), like(fault="qty"))
    fix(world, batch, Fix(2, GOOD, "anew"))
    again = replay.replay(world.app.ports, world.app.book, batch, None, "clerk")
    drive(world, again)
    assert rows(world, again.batch_id) == {"new": 1, "quarantined": 1}
    assert [row["Qty"] for row in world.refused(again.batch_id)] == ["1"]
    fix(world, again.batch_id, Fix(2, GOOD, "accept"))
    assert rows(world, again.batch_id) == {"new": 1, "corrected": 1}
    check(world)


def test_what_a_correction_removes_is_added_to_what_its_file_removed(world: World) -> None:
    upload_rows(world, "sale", GOOD, like(product="Q"), like(number="2"), like(number="2", product="Q"))
    batch = upload_rows(world, "sale", GOOD, like(number="2"), like(number="2", product="Q", fault="qty"))
    assert receipts.receipt(world.app.ports, batch)["removed"] == 1
    fix(world, batch, Fix(3, like(), "discard"))
    assert receipts.receipt(world.app.ports, batch)["removed"] == 2
    check(world)


def test_fixed_rows_move_with_their_file_when_the_same_bytes_turn_out_to_be_older(world: World) -> None:
    bytes_twice = [GOOD, like(number="2"), like(product="Q", fault="qty")]
    first = upload_rows(world, "ruling", *bytes_twice, settled=False)
    upload_rows(world, "ruling", like(product="Q", qty=2))
    repeat = upload_rows(world, "ruling", *bytes_twice)
    fix(world, repeat, Fix(3, like(product="Q"), "anew"))
    stage.stage(world.app.ports, first)
    settle.settle_all(world.app.ports, world.app.book)
    ledger = check(world)
    assert dict(ledger.current()["S1/1", "Q#1"])["qty"] == 2


def test_a_correction_stands_where_its_repeated_file_stands(world: World) -> None:
    bytes_twice = [GOOD, like(number="2"), like(product="Q", fault="qty")]
    upload_rows(world, "ruling", *bytes_twice)
    upload_rows(world, "ruling", like(product="Q", qty=2))
    repeat = upload_rows(world, "ruling", *bytes_twice)
    fix(world, repeat, Fix(3, like(product="Q"), "anew"))
    assert rows(world, repeat) == {"duplicate": 3}
    check(world)


def test_versions_that_were_told_before_are_duplicates_in_another_file_too(numbered_world: World) -> None:
    world = numbered_world
    both = [GOOD, like(version=2, qty=2)]
    assert rows(world, upload_rows(world, "version", *both)) == {"new": 1, "corrected": 1}
    assert rows(world, upload_rows(world, "version", *both, like(number="2"))) == {"duplicate": 2, "new": 1}
    check(world)


def test_an_unreadable_message_keeps_no_other_sale_from_being_told_whole(world: World) -> None:
    send_sales(world, Sale("1", "S1", "2024-03-01", 9, (("P", 1, 1), ("Q", 1, 1)), 1))
    world.clock.advance(1)
    send_sales(
        world,
        Sale("1", "S1", "2024-03-01", 9, (("P", 1, 1),), 2),
        Sale("2", "S1", "2024-03-01", 9, (("P", 1, 1),), fault="schema"),
    )
    assert set(check(world).current()) == {("S1/1", "P#1")}


def test_a_row_accepted_by_a_person_does_not_lower_the_statement_of_the_side_that_rules(world: World) -> None:
    upload_rows(world, "ruling-sale", like(number="2", product="Q"))
    batch = upload_rows(world, "ruling-sale", GOOD, like(number="2", fault="range"))
    fix(world, batch, Fix(2, like(number="2", fault="range"), "accept"))
    assert set(check(world).current()) == {("S1/1", "P#1"), ("S1/2", "P#1")}


def test_a_file_cannot_be_replayed_twice_at_a_time_nor_corrected_meanwhile(world: World) -> None:
    batch = upload_rows(world, "ruling", GOOD, like(product="Q", fault="qty"))
    first = replay.replay(world.app.ports, world.app.book, batch, "sale", "clerk")
    with pytest.raises(Rejected, match="is already being replayed"):
        replay.replay(world.app.ports, world.app.book, batch, None, "clerk")
    with pytest.raises(Rejected, match="is already being replayed"):
        decisions.confirm(world.app.ports, batch, "manager", as_new=True)
    with pytest.raises(Rejected, match="is already being replayed"):
        world.fix(batch, [Fix(2, like(product="Q"), "anew")])
    drive(world, first)
    check(world)


def test_a_row_whose_correction_is_on_its_way_cannot_be_corrected_again(world: World) -> None:
    batch = upload_rows(world, "ruling", GOOD, like(product="Q", fault="qty"))
    world.fix(batch, [Fix(2, like(product="Q"), "anew")])
    with pytest.raises(Rejected, match="is not in quarantine"):
        world.fix(batch, [Fix(2, like(number="2"), "anew")])
    check(world)


def test_the_same_bytes_read_by_two_versions_of_a_contract_are_what_the_later_version_says(world: World) -> None:
    first = upload_rows(world, "ruling", GOOD)
    upload_rows(world, "ruling", GOOD)
    edited = source(world, "ruling")
    world.teach(Source(edited.name, rules=edited.rules, edition=2))
    world.restart()
    again = replay.replay(world.app.ports, world.app.book, first, None, "clerk")
    drive(world, again)
    assert rows(world, again.batch_id) == {"corrected": 1}
    assert dict(check(world).current()["S1/1", "P#1"])["channel"] == "edition 2"


def test_a_correction_does_not_outlive_its_undone_file(world: World) -> None:
    batch = upload_rows(world, "ruling", GOOD, like(product="Q", fault="qty"))
    correction = world.fix(batch, [Fix(2, like(product="Q"), "anew")])
    stage.stage(world.app.ports, correction.batch_id)
    world.app.ports.warehouse.settle(Settlement(undo=[batch], request_id=f"undo {batch}"))  # and here the process died
    world.restart()
    world.wait()
    states = {record.kind: record.state for record, _ in world.batches().values()}
    assert states == {"upload": State.UNDONE, "correction": State.CANCELLED}
    assert not check(world).current()


@pytest.mark.parametrize("when", ["before", "after"])
def test_corrections_follow_their_file_when_the_process_dies_between_them(world: World, when: str) -> None:
    batch = upload_rows(world, "ruling", GOOD, like(product="Q", fault="qty"))
    fix(world, batch, Fix(2, like(product="Q"), "anew"))
    world.wait()
    world.fuse.armed = [("documents.put batches undone", when)]
    with pytest.raises(Crash):
        undo.undo(world.app.ports, batch, "manager")
    world.restart()
    world.wait()
    assert {record.state for record, _ in world.batches().values()} == {State.UNDONE}
    check(world)


def test_a_rebuild_accepts_what_a_person_accepted_where_files_rule(numbered_world: World) -> None:
    world = numbered_world
    batch = upload_rows(world, "ruling", GOOD, like(qty=2), like(number="2"))
    fix(world, batch, Fix(1, GOOD, "accept"), Fix(2, like(qty=2), "accept"))
    assert rows(world, batch) == {"new": 2, "corrected": 1}
    check(world)
