"""Noted digests are those of one ledger, and programs of an earlier version read the documents next to them."""

import shutil
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from large_settlements import with_jobs
from stateful.steps import like, upload_rows
from sync.two_homes import NAME, SOURCE, Pair, head_office, lines

from tillstream.app import App, local_recovery
from tillstream.records import batch_records
from tillstream.settings import Settings
from tillstream.sync import agreement, digest_notes, homes

WAREHOUSE = "warehouse.duckdb*"
"""With its write-ahead log."""


def put_back(two: Pair, folder: Path) -> None:
    """Settle and compare, then put back the warehouse of the head office from before."""
    upload_rows(two.home, SOURCE, like())
    two.check_agreement(two.sync())
    two.office.close()
    files = list((folder / "office").glob(WAREHOUSE))
    for file in files:
        shutil.copy(file, folder / file.name)
    two.office = head_office(folder / "office", two.clock)
    upload_rows(two.home, SOURCE, like(number="2"))
    two.check_agreement(two.sync())
    two.office.close()
    for file in files:
        shutil.copy(folder / file.name, file)
    two.office = head_office(folder / "office", two.clock)


def test_a_warehouse_that_was_put_back_at_the_head_office_does_not_agree(two: Pair, tmp_path: Path) -> None:
    put_back(two, tmp_path)
    assert lines(two.office) != lines(two.home.plain)
    assert not two.sync().agrees
    assert not two.sync().agrees


def test_a_project_looks_up_its_settlement_when_it_reads_batches(two: Pair, tmp_path: Path) -> None:
    put_back(two, tmp_path)
    two.office = with_jobs(two.office, 500_000)[0]
    upload_rows(two.home, SOURCE, like(number="3"))
    assert not two.sync().agrees


def test_a_comparison_without_anything_new_writes_no_notes(two: Pair) -> None:
    upload_rows(two.home, SOURCE, like())
    two.sync()
    before = notes(two)
    two.home.clock.advance(60)
    two.check_agreement(two.sync())
    assert notes(two) == before


def notes(two: Pair) -> list[Any]:
    apps = (two.home.plain, two.office)
    return [
        app.ports.documents.find(name)
        for app in apps
        for name in (digest_notes.NOTED_DIGESTS, digest_notes.NOTED_SUMS, agreement.TOUCHED_BATCHES)
    ]


def test_a_home_has_the_fields_of_the_first_version(two: Pair) -> None:
    upload_rows(two.home, SOURCE, like())
    two.sync()
    document = two.office.ports.documents.get(batch_records.SYNC_HOMES, NAME)
    assert document
    assert "touched" not in document.data
    assert set(document.data) == {one.name for one in fields(homes.Home)}
    later = homes.HOMES.record(replace(document, data={**document.data, "of_a_later_version": {}}))
    assert later == homes.get_home(two.office.ports, NAME)


def test_ids_of_batches_are_not_searchable(two: Pair) -> None:
    upload_rows(two.home, SOURCE, like())
    two.sync()
    (sums,) = two.office.ports.documents.find(digest_notes.NOTED_SUMS)
    (since,) = two.office.ports.documents.find(agreement.TOUCHED_BATCHES)
    assert (set(sums.data), set(since.data)) == ({"sums"}, {"hash", "batches"})


@pytest.mark.parametrize("has_touched", [True, False])
def test_entries_that_an_earlier_version_took_count_as_touched(two: Pair, *, has_touched: bool) -> None:
    upload_rows(two.home, SOURCE, like())
    two.sync()
    office = two.office.ports
    before = office.documents.get(agreement.TOUCHED_BATCHES, NAME)
    assert before
    upload_rows(two.home, SOURCE, like(number="2"))
    two.set_clock()
    days = agreement.digests_of_home(office, homes.get_home(office, NAME))
    two.sync()
    if has_touched:  # as the earlier version left it
        office.documents.put(agreement.TOUCHED_BATCHES, NAME, before.data)
    else:
        office.documents.delete(agreement.TOUCHED_BATCHES, NAME)
    notes_now = digest_notes.get_notes(office, NAME)
    assert notes_now
    digest_notes.save_notes(
        office, NAME, digest_notes.DigestNotes(notes_now.whole_at, days, {}, notes_now.number, notes_now.settled_at)
    )
    home = homes.get_home(office, NAME)
    assert agreement.get_touched(office, home).all
    assert agreement.digests_of_home(office, home) == agreement.own_digests(two.home.plain.ports, 2)
    assert not agreement.get_touched(office, home).batches


def test_a_rebuild_deletes_the_notes(two: Pair, tmp_path: Path) -> None:
    upload_rows(two.home, SOURCE, like())
    two.sync()
    folder = tmp_path / "office"
    clear_a_row(two.office)
    two.office.close()
    try:
        report = local_recovery.renew_warehouse(Settings(home=folder, threads=1, samples=False))
    finally:
        two.office = head_office(folder, two.clock)
    assert report
    assert two.office.ports.documents.find(digest_notes.NOTED_DIGESTS) == []
    two.check_agreement(two.sync())


def clear_a_row(app: App) -> None:
    """Lose a sighting without a settlement."""
    warehouse = app.ports.warehouse
    warehouse.replace_table("sightings", warehouse.query("SELECT * FROM sightings LIMIT 0"))
