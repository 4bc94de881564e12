"""A head office answers with a part of its journal at a time, however few settlements are about the home."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from stateful.steps import like, upload_rows
from sync.test_two_homes import restored, saved
from sync.two_homes import NAME, SOURCE, Pair, pair

from tillstream.records import batch_records
from tillstream.sync import journal
from tillstream.sync.journal import JournalEntry

OTHER = "paris-1"


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Pair]:
    """The first and the last of five settlements are about the home; it was restored from a backup without them."""
    with pair(tmp_path) as both:
        saved(both, tmp_path / "copy")
        batches = []
        for number in range(5):
            batches.append(upload_rows(both.home, SOURCE, like(number=str(number))))
            both.sync()
        for batch in batches[1:4]:
            batch_records.repair_batch(both.office.ports, batch, lambda record: replace(record, home=OTHER))
        restored(both, tmp_path / "copy")
        yield both


def parts(two: Pair) -> Iterator[tuple[JournalEntry, ...]]:
    after = 0
    while part := journal.journal_part(two.office.ports, after, NAME):
        yield part
        after = part[-1].number


def test_a_part_reads_a_limited_number_of_settlements(two: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [[one.number for one in part] for part in parts(two)] == [[1, 5]]
    monkeypatch.setattr(journal, "PART_SETTLEMENTS", 2)
    assert [[(one.number, len(one.batches)) for one in part] for part in parts(two)] == [
        [(1, 1), (2, 0)], [(4, 0)], [(5, 1)],
    ]  # fmt: skip
    monkeypatch.setattr(journal, "PART_ENTRIES", 1)
    assert [[one.number for one in part] for part in parts(two)] == [[1], [3], [5]]


def test_a_home_continues_after_parts_without_its_batches(two: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "PART_SETTLEMENTS", 1)
    result = two.sync()
    assert (result.recovered, result.agrees) == (2, True)
