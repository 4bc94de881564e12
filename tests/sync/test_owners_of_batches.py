"""A home undoes, replaces and corrects its own batches only."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from stateful.steps import like, process, upload_rows
from sync.two_homes import NAME, SOURCE, Pair, lines, pair

from tillstream.model.batch import BatchState
from tillstream.model.errors import Rejected
from tillstream.people import signatures
from tillstream.records import batch_records
from tillstream.review import replay
from tillstream.sync import exchange, homes, journal, sync_status
from tillstream.sync.head_office import LocalOffice
from tillstream.sync.journal import JournalEntry, JournalPosition, Parcel

OTHER = "paris-1"


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Pair]:
    with pair(tmp_path) as both:
        homes.add_home(both.office.ports, OTHER, signatures.new_key_pair()[1], "owner")
        yield both


def sent_by_other(two: Pair, parcel: Parcel) -> None:
    two.set_clock()
    LocalOffice(two.office.ports, two.office.contracts, OTHER, two.clock.now()).apply(parcel)


def check_untouched(two: Pair, batch: str) -> None:
    record = batch_records.get_batch(two.office.ports, batch)
    assert (record.state, record.home) == (BatchState.SETTLED, NAME)
    assert lines(two.office) == lines(two.home.plain) != set()
    assert not [*journal.journal_entries(two.office.ports, 0, OTHER)]


def test_a_home_cannot_undo_a_batch_of_another_one(two: Pair) -> None:
    batch = upload_rows(two.home, SOURCE, like())
    two.sync()
    with pytest.raises(Rejected, match=r"belongs to another home\. If .* a copy .* into a new home"):
        sent_by_other(two, Parcel(JournalPosition(), (JournalEntry(1, undone=(batch,)),)))
    check_untouched(two, batch)


@pytest.mark.parametrize("counts", [True, False])
def test_a_home_cannot_replay_a_batch_of_another_one(two: Pair, counts: bool) -> None:
    batch = upload_rows(two.home, SOURCE, like())
    two.sync()
    ports, contracts = two.home.plain.ports, two.home.plain.contracts
    process(two.home, replay.replay_batch(ports, contracts, batch, None, "owner"))
    (parcel,) = exchange.journal_parcels(ports, homes.get_home(two.office.ports, NAME).position)
    (entry,) = parcel.entries
    sent = tuple(replace(one, counts=counts) for one in entry.batches)
    with pytest.raises(Rejected, match="belongs to another home"):
        sent_by_other(two, replace(parcel, after=JournalPosition(), entries=(replace(entry, batches=sent, undone=()),)))
    check_untouched(two, batch)


def test_a_head_office_does_not_sync_to_another_one_and_a_home_that_syncs_is_no_head_office(two: Pair) -> None:
    home, office = two.home.plain.ports, two.office.ports
    with pytest.raises(Rejected, match="Homes sync to this Tillstream"):
        sync_status.begin_sync(office, "https://top.example.com", "chief")
    for name in (NAME, OTHER):
        homes.remove_home(office, name, "chief")
    sync_status.begin_sync(office, "https://top.example.com", "chief")
    sync_status.begin_sync(home, "https://office.example.com", "owner")
    with pytest.raises(Rejected, match=r"itself syncs to https://office\.example\.com"):
        homes.add_home(home, OTHER, signatures.new_key_pair()[1], "owner")
    sync_status.stop_sync(home, "owner")
    homes.add_home(home, OTHER, signatures.new_key_pair()[1], "owner")


def test_a_parent_that_was_sent_before_its_batch_is_checked_when_it_counts(two: Pair) -> None:
    """A batch is recorded although its parent is not there yet; sent again without the parent, its record has it."""
    batch = upload_rows(two.home, SOURCE, like())
    ports, contracts = two.home.plain.ports, two.home.plain.contracts
    settled = journal.last_settlement_number(ports)
    process(two.home, replay.replay_batch(ports, contracts, batch, None, "owner"))
    (parcel,) = exchange.journal_parcels(ports, JournalPosition(number=settled))
    (early,) = (replace(one, counts=False) for one in parcel.entries[0].batches)
    first = replace(parcel, after=JournalPosition(), entries=(JournalEntry(1, (early,)),))
    sent_by_other(two, first)
    with pytest.raises(Rejected, match="belongs to another home"):
        two.sync()  # that the other home has the ID of the replay is noticed too
    late = replace(early, counts=True, fields={**early.fields, "parent": ""})
    with pytest.raises(Rejected, match="belongs to another home"):
        sent_by_other(two, replace(parcel, after=first.end, entries=(JournalEntry(2, (late,)),)))
    assert batch_records.get_batch(two.office.ports, batch).state is BatchState.SETTLED
