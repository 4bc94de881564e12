"""A head office that lost records of batches of a home writes them from its ledger, and the home completes them."""

import pytest
from stateful.sources import Fix, Sale
from stateful.steps import fix, like, process, send_sales, upload_rows
from sync.test_owners_of_batches import OTHER, sent_by_other
from sync.two_homes import NAME, SOURCE, Pair

from tillstream.model.errors import Rejected
from tillstream.model.events import INBOX
from tillstream.model.object_names import SYNC_FOLDER
from tillstream.operations import ledger_repair
from tillstream.people import signatures
from tillstream.records import batch_records
from tillstream.review import replay, undo
from tillstream.sync import exchange, homes
from tillstream.sync.homes import Home


def sold(two: Pair) -> list[str]:
    """A file, one with a correction that is replayed, and a sale of a till: all batches, that of the file first."""
    home = two.home
    first = upload_rows(home, SOURCE, like(number="5"))
    corrected = upload_rows(home, SOURCE, like(number="1"), like(number="2", fault="qty"))
    fix(home, corrected, Fix(2, like(number="2"), "edit"))
    process(home, replay.replay_batch(home.plain.ports, home.plain.contracts, corrected, None, "manager"))
    send_sales(home, Sale("7", "S1", "2024-03-01", 9, (("P", 5, 7),)))
    batches = {batch.batch_id for batch in batch_records.all_batches(home.plain.ports)}
    return [first, *sorted(batches - {first})]


def forget(two: Pair, early: Home, *, originals: bool = False) -> None:
    """Put older documents back at the head office, and write the records that its ledger has.

    originals: what the home sent is lost as well.
    """
    ports = two.office.ports
    for document in ports.documents.find(batch_records.BATCHES):
        ports.documents.delete(batch_records.BATCHES, document.id)
    homes.change_home(ports, NAME, lambda _: early)
    if originals:
        for stored in list(ports.objects.list(INBOX, f"{SYNC_FOLDER}/")):
            ports.objects.delete(INBOX, stored.name)
    ledger_repair.repair_ledger(ports, two.office.contracts, whole=True)


def test_written_records_have_the_home_and_the_original_of_each_batch(two: Pair) -> None:
    early = homes.get_home(two.office.ports, NAME)
    batches = sold(two)
    two.sync()
    before = {batch: batch_records.get_batch(two.office.ports, batch) for batch in batches}
    forget(two, early)
    for batch, old in before.items():
        new = batch_records.get_batch(two.office.ports, batch)
        assert (new.home, new.object, new.generation) == (NAME, old.object, old.generation), new.kind
    with pytest.raises(Rejected, match=f"batch of the home {NAME}"):
        undo.undo_batch(two.office.ports, batches[0], "chief")


@pytest.mark.parametrize("originals", [True, False])
def test_the_home_sends_them_again_and_completes_their_records(two: Pair, originals: bool) -> None:
    early = homes.get_home(two.office.ports, NAME)
    batches = sold(two)
    two.sync()
    forget(two, early, originals=originals)
    two.check_agreement(two.sync())
    for batch in batches:
        here, there = (batch_records.get_batch(app.ports, batch) for app in (two.home.plain, two.office))
        assert (there.home, there.received_by, there.size) == (NAME, here.received_by, here.size)
    undo.undo_batch(two.home.plain.ports, batches[0], "manager")
    two.home.wait()
    two.check_agreement(two.sync())


def test_another_home_cannot_complete_a_record_with_its_original_here(two: Pair) -> None:
    early = homes.get_home(two.office.ports, NAME)
    upload_rows(two.home, SOURCE, like())
    two.sync()
    forget(two, early)
    homes.add_home(two.office.ports, OTHER, signatures.new_key_pair()[1], "owner")
    (parcel,) = exchange.journal_parcels(two.home.plain.ports, early.position)
    with pytest.raises(Rejected, match="belongs to another home"):
        sent_by_other(two, parcel)
