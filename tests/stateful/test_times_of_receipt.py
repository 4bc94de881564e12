"""A file that was received while the clock was wrong, replayed with the time at which it was received."""

from datetime import timedelta

import pytest
from stateful.checks import check
from stateful.sources import Fix
from stateful.steps import GOOD, fix, like, process, rows, upload_rows
from stateful.system import System

from tillstream.model.batch import STATES_IN_LEDGER, receipt_time
from tillstream.model.errors import Rejected
from tillstream.records import batch_records
from tillstream.review import replay, settlement_previews

AHEAD = timedelta(days=400).total_seconds()


def units(system: System) -> object:
    return dict(check(system).current()["S1/1", "P#1"])["qty"]


def replayed(system: System, batch: str, received: str) -> str:
    ports, contracts = system.app.ports, system.app.contracts
    again = replay.replay_batch(ports, contracts, batch, None, "manager", received=received)
    process(system, again)
    return again.batch_id


def time_of(system: System, batch: str) -> str:
    return receipt_time(batch_records.get_batch(system.app.ports, batch).received_seq).isoformat()


@pytest.fixture
def wrong(system: System) -> tuple[str, str]:
    """An old statement of 1 unit that was received under a clock 400 days ahead, and when it was received."""
    upload_rows(system, "ruling", like(number="2"))
    right = system.clock.now().isoformat()
    system.clock.advance(AHEAD)
    batch = upload_rows(system, "ruling", GOOD)
    system.clock.advance(-AHEAD)
    return batch, right


def test_an_old_statement_from_a_clock_ahead_yields_to_the_newer_one(system: System, wrong: tuple[str, str]) -> None:
    batch, right = wrong
    system.clock.advance(60)
    upload_rows(system, "ruling", like(qty=7))
    assert units(system) == 1
    ports, contracts = system.app.ports, system.app.contracts
    previewed = settlement_previews.preview_replay(ports, contracts, batch, received=right)
    assert (previewed["changes"]["corrected"], previewed["received"]["after"]) == (1, right[:19] + "+00:00")
    again = replayed(system, batch, right)
    assert units(system) == 7
    assert time_of(system, batch)[:4] != time_of(system, again)[:4]
    assert batch_records.get_batch(ports, again).as_new is False


def test_equal_bytes_that_are_sent_once_more_share_the_earlier_time(system: System, wrong: tuple[str, str]) -> None:
    batch, right = wrong
    system.clock.advance(60)
    upload_rows(system, "ruling", like(qty=7))
    replayed(system, batch, right)
    assert rows(system, upload_rows(system, "ruling", GOOD)) == {"duplicate": 1}
    assert units(system) == 7


def test_a_statement_from_a_clock_behind_replaces_what_was_received_before_it(system: System) -> None:
    new = upload_rows(system, "ruling", like(qty=7))
    system.clock.advance(3600)
    upload_rows(system, "ruling", GOOD)
    system.clock.advance(3600)
    assert units(system) == 1
    replayed(system, new, system.clock.now().isoformat())
    assert units(system) == 7


def test_corrections_that_were_made_under_the_wrong_clock_are_part_of_the_replay(system: System) -> None:
    right = system.clock.now().isoformat()
    system.clock.advance(AHEAD)
    batch = upload_rows(system, "ruling", GOOD, like(product="Q", fault="qty"))
    fix(system, batch, Fix(2, like(product="Q"), "edit"))
    system.clock.advance(60 - AHEAD)
    assert rows(system, replayed(system, batch, right)) == {"new": 2}
    check(system)


def test_files_that_were_received_in_one_second_keep_their_order(system: System) -> None:
    batches = [upload_rows(system, "ruling", like(qty=quantity)) for quantity in (2, 3)]
    again = [replayed(system, batch, "2023-12-05 10:00") for batch in batches]
    system.wait()
    assert units(system) == 3
    assert len({time_of(system, batch) for batch in again}) == 2


@pytest.mark.parametrize(
    ("received", "why"),
    [
        ("yesterday", "yesterday is not a time of receipt. Write it as 2026-11-20 09:30"),
        ("9999-12-31 23:59", "9999-12-31 23:59 UTC is in the future"),
        ("0001-01-01T00:00:00+14:00", "is not a time of receipt"),
        ("1999-12-31", "1999-12-31 00:00 UTC is too long ago"),
    ],
)
def test_an_impossible_time_is_refused(system: System, received: str, why: str) -> None:
    batch = upload_rows(system, "ruling", GOOD)
    with pytest.raises(Rejected, match=why):
        replayed(system, batch, received)
    assert batch_records.get_batch(system.app.ports, batch).state in STATES_IN_LEDGER
