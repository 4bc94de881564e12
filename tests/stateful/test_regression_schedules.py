"""Schedules that once went wrong, each a few steps long, and the rules they taught; all end with every check."""

import pytest
from stateful.checks import check
from stateful.crashes import Crash
from stateful.sources import Fix, Sale, Source
from stateful.steps import GOOD, fix, like, process, rows, send_sales, source, upload_rows
from stateful.system import System

from examples import in_long_proofs
from tillstream.model.batch import BatchState
from tillstream.model.errors import Rejected
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage
from tillstream.ports.warehouse import Settlement
from tillstream.receipts import receipt as receipts
from tillstream.review import held_batches, replay, undo


def test_a_file_confirmed_as_new_keeps_its_corrected_rows(system: System) -> None:
    batch = upload_rows(system, "ruling", GOOD, like(number="2"), like(product="Q", fault="qty"))
    fix(system, batch, Fix(3, like(product="Q"), "edit"))
    confirmed = held_batches.confirm_batch(system.app.ports, batch, "manager", as_new=True)
    settle.settle_all(system.app.ports, system.app.contracts)
    assert rows(system, confirmed.batch_id) == {"new": 3}
    check(system)


def test_a_correction_of_a_replay_follows_the_corrections_included_in_it(system: System) -> None:
    batch = upload_rows(system, "ruling", GOOD, like(number="2"), like(product="Q", fault="qty"))
    fix(system, batch, Fix(3, like(product="Q", fault="qty"), "edit"))
    again = replay.replay_batch(system.app.ports, system.app.contracts, batch, None, "clerk")
    process(system, again)
    fix(system, again.batch_id, Fix(3, like(product="Q"), "edit"))
    assert rows(system, again.batch_id) == {"new": 3}
    check(system)


@pytest.mark.long
def test_a_row_of_a_replays_correction_that_the_ledger_refused_can_be_downloaded(system: System) -> None:
    send_sales(system, Sale("1", "S1", "2024-03-01", 9, (("P", 2, 2),)))
    batch = upload_rows(system, "sale", like(number="2"), like(fault="qty"))
    fix(system, batch, Fix(2, GOOD, "edit"))
    again = replay.replay_batch(system.app.ports, system.app.contracts, batch, None, "clerk")
    process(system, again)
    assert rows(system, again.batch_id) == {"new": 1, "quarantined": 1}
    assert [row["Qty"] for row in system.rejected_rows(again.batch_id)] == ["1"]
    fix(system, again.batch_id, Fix(2, GOOD, "accept"))
    assert rows(system, again.batch_id) == {"new": 1, "corrected": 1}
    check(system)


def test_what_a_correction_removes_is_added_to_what_its_file_removed(system: System) -> None:
    upload_rows(system, "sale", GOOD, like(product="Q"), like(number="2"), like(number="2", product="Q"))
    batch = upload_rows(system, "sale", GOOD, like(number="2"), like(number="2", product="Q", fault="qty"))
    assert receipts.batch_receipt(system.app.ports, batch)["removed"] == 1
    fix(system, batch, Fix(3, like(), "discard"))
    assert receipts.batch_receipt(system.app.ports, batch)["removed"] == 2
    check(system)


@pytest.mark.long
def test_corrected_rows_move_with_their_file_if_equal_bytes_were_received_earlier(system: System) -> None:
    bytes_twice = [GOOD, like(number="2"), like(product="Q", fault="qty")]
    first = upload_rows(system, "ruling", *bytes_twice, settled=False)
    upload_rows(system, "ruling", like(product="Q", qty=2))
    repeat = upload_rows(system, "ruling", *bytes_twice)
    fix(system, repeat, Fix(3, like(product="Q"), "edit"))
    stage.stage(system.app.ports, first)
    settle.settle_all(system.app.ports, system.app.contracts)
    ledger = check(system)
    assert dict(ledger.current()["S1/1", "Q#1"])["qty"] == 2


@pytest.mark.long
def test_a_correction_has_the_place_of_its_repeated_file(system: System) -> None:
    bytes_twice = [GOOD, like(number="2"), like(product="Q", fault="qty")]
    upload_rows(system, "ruling", *bytes_twice)
    upload_rows(system, "ruling", like(product="Q", qty=2))
    repeat = upload_rows(system, "ruling", *bytes_twice)
    fix(system, repeat, Fix(3, like(product="Q"), "edit"))
    assert rows(system, repeat) == {"duplicate": 3}
    check(system)


@pytest.mark.long
def test_known_versions_are_duplicates_in_another_file(numbered_system: System) -> None:
    system = numbered_system
    both = [GOOD, like(version=2, qty=2)]
    assert rows(system, upload_rows(system, "version", *both)) == {"new": 1, "corrected": 1}
    assert rows(system, upload_rows(system, "version", *both, like(number="2"))) == {"duplicate": 2, "new": 1}
    check(system)


def test_an_unreadable_message_does_not_block_the_statement_of_another_sale(system: System) -> None:
    send_sales(system, Sale("1", "S1", "2024-03-01", 9, (("P", 1, 1), ("Q", 1, 1)), 1))
    system.clock.advance(1)
    send_sales(
        system,
        Sale("1", "S1", "2024-03-01", 9, (("P", 1, 1),), 2),
        Sale("2", "S1", "2024-03-01", 9, (("P", 1, 1),), fault="schema"),
    )
    assert set(check(system).current()) == {("S1/1", "P#1")}


def test_an_accepted_row_does_not_lower_the_statement_of_the_preferred_side(system: System) -> None:
    upload_rows(system, "ruling-sale", like(number="2", product="Q"))
    batch = upload_rows(system, "ruling-sale", GOOD, like(number="2", fault="range"))
    fix(system, batch, Fix(2, like(number="2", fault="range"), "accept"))
    assert set(check(system).current()) == {("S1/1", "P#1"), ("S1/2", "P#1")}


def test_a_file_cannot_be_replayed_twice_at_a_time_nor_corrected_meanwhile(system: System) -> None:
    batch = upload_rows(system, "ruling", GOOD, like(product="Q", fault="qty"))
    first = replay.replay_batch(system.app.ports, system.app.contracts, batch, "sale", "clerk")
    with pytest.raises(Rejected, match="is already being replayed"):
        replay.replay_batch(system.app.ports, system.app.contracts, batch, None, "clerk")
    with pytest.raises(Rejected, match="is already being replayed"):
        held_batches.confirm_batch(system.app.ports, batch, "manager", as_new=True)
    with pytest.raises(Rejected, match="is already being replayed"):
        system.fix(batch, [Fix(2, like(product="Q"), "edit")])
    process(system, first)
    check(system)


@pytest.mark.long
def test_a_row_whose_correction_is_on_its_way_cannot_be_corrected_again(system: System) -> None:
    batch = upload_rows(system, "ruling", GOOD, like(product="Q", fault="qty"))
    system.fix(batch, [Fix(2, like(product="Q"), "edit")])
    with pytest.raises(Rejected, match="is not a row to fix"):
        system.fix(batch, [Fix(2, like(number="2"), "edit")])
    check(system)


@pytest.mark.long
def test_equal_bytes_read_with_two_contract_versions_count_as_the_later_version(system: System) -> None:
    first = upload_rows(system, "ruling", GOOD)
    upload_rows(system, "ruling", GOOD)
    edited = source(system, "ruling")
    system.add_contract(Source(edited.name, rules=edited.rules, edition=2))
    system.restart()
    again = replay.replay_batch(system.app.ports, system.app.contracts, first, None, "clerk")
    process(system, again)
    assert rows(system, again.batch_id) == {"corrected": 1}
    assert dict(check(system).current()["S1/1", "P#1"])["channel"] == "edition 2"


def test_a_correction_does_not_outlive_its_undone_file(system: System) -> None:
    batch = upload_rows(system, "ruling", GOOD, like(product="Q", fault="qty"))
    correction = system.fix(batch, [Fix(2, like(product="Q"), "edit")])
    stage.stage(system.app.ports, correction.batch_id)
    system.app.ports.warehouse.settle(Settlement(undo=[batch], request_id=f"undo {batch}"))  # and here the process died
    system.restart()
    system.wait()
    states = {record.kind: record.state for record, _ in system.batches().values()}
    assert states == {"upload": BatchState.UNDONE, "correction": BatchState.CANCELLED}
    assert not check(system).current()


@pytest.mark.parametrize("when", ["before", *in_long_proofs("after")])
def test_corrections_follow_their_file_when_the_process_dies_between_them(system: System, when: str) -> None:
    batch = upload_rows(system, "ruling", GOOD, like(product="Q", fault="qty"))
    fix(system, batch, Fix(2, like(product="Q"), "edit"))
    system.wait()
    system.fuse.armed = [("documents.put batches undone", when)]
    with pytest.raises(Crash):
        undo.undo_batch(system.app.ports, batch, "manager")
    system.restart()
    system.wait()
    assert {record.state for record, _ in system.batches().values()} == {BatchState.UNDONE}
    check(system)


@pytest.mark.long
def test_a_rebuild_accepts_rows_that_a_user_accepted_if_files_are_preferred(numbered_system: System) -> None:
    system = numbered_system
    batch = upload_rows(system, "ruling", GOOD, like(qty=2), like(number="2"))
    fix(system, batch, Fix(1, GOOD, "accept"), Fix(2, like(qty=2), "accept"))
    assert rows(system, batch) == {"new": 2, "corrected": 1}
    check(system)
