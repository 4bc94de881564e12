"""The sale index is rebuilt from the ledger as settlements noted it, and without it nothing is settled."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import count

import pytest
from emulator_fixtures import dataset_of
from google.cloud.storage import Client
from settling_contract import Keep, lines, staged

from devtools.emulators import PROJECT, Emulator
from tillstream.adapters.google.bigquery import sale_index_rebuild
from tillstream.adapters.google.bigquery.dataset import Dataset
from tillstream.adapters.google.bigquery.migrations import migrate
from tillstream.adapters.google.bigquery.sale_index_rebuild import last_settlement, rebuild_index
from tillstream.adapters.google.bigquery.settling import BigQuerySettling
from tillstream.adapters.google.bigquery.warehouse import BigQueryWarehouse, note_pending_days
from tillstream.adapters.google.object_store import Downloads
from tillstream.adapters.local.sale_index import MemorySaleIndex
from tillstream.model.errors import Conflict, Rejected, Unavailable
from tillstream.ports.warehouse import PendingDay, Settlement

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("cloud_storage")]
_NUMBERS = count(1)


@dataclass(frozen=True)
class Ledger:
    dataset: Dataset
    keep: Keep

    def warehouse(self, index: MemorySaleIndex) -> BigQueryWarehouse:
        return BigQueryWarehouse(self.dataset, Downloads(PROJECT), index)


@pytest.fixture
def ledger(bigquery: Emulator) -> Iterator[Ledger]:
    dataset = dataset_of(bigquery, f"indexing_{next(_NUMBERS)}")
    migrate(dataset)
    bucket = Client(PROJECT).bucket("indexing")
    if not bucket.exists():
        bucket.create()

    def keep(name: str, data: bytes) -> str:
        bucket.blob(name).upload_from_string(data)
        return f"gs://{bucket.name}/{name}"

    yield Ledger(dataset, keep)
    dataset.close()


def test_a_rebuild_notes_what_the_settlements_noted(ledger: Ledger) -> None:
    noted, rebuilt = MemorySaleIndex(), MemorySaleIndex()
    warehouse = ledger.warehouse(noted)
    for n, rows in enumerate(([("S1/1", "P", "1"), ("S1/2", "P", "1")], [("S1/1", "P", "2")]), 1):
        warehouse.settle(Settlement([staged(ledger.keep, f"file-{n}", rows, region="IN", at=n)]))
    warehouse.settle(Settlement(undo=["file-2"]))
    assert rebuild_index(ledger.dataset, rebuilt) == last_settlement(ledger.dataset) == 3
    assert rebuilt._days == noted._days
    assert len(rebuilt._days) == 6
    rebuilt.check(3)


def test_an_empty_ledger_has_an_empty_index_that_is_complete(ledger: Ledger) -> None:
    index = MemorySaleIndex()
    index.check(0)
    assert rebuild_index(ledger.dataset, index) == 0
    index.check(0)
    assert index._days == {}


def test_nothing_is_settled_or_previewed_with_an_incomplete_index(ledger: Ledger) -> None:
    first = Settlement([staged(ledger.keep, "first", [("S1/1", "P", "1")], region="IN")])
    second = Settlement([staged(ledger.keep, "second", [("S1/1", "P", "2")], region="IN", at=2)])
    ledger.warehouse(MemorySaleIndex()).settle(first)
    lost = MemorySaleIndex()
    warehouse = ledger.warehouse(lost)
    for settle in (warehouse.settle, warehouse.preview):
        with pytest.raises(Unavailable, match="tillstream deploy index"):
            settle(second)
    rebuild_index(ledger.dataset, lost)
    assert warehouse.settle(second).changes == {"added": 0, "corrected": 1, "removed": 0}
    assert len(lines(warehouse, "IN")) == 1


def test_a_settlement_that_was_prepared_before_a_rebuild_is_not_committed(ledger: Ledger) -> None:
    index = MemorySaleIndex()
    settling = BigQuerySettling(ledger.dataset, Downloads(PROJECT), index)
    epoch, last = settling._numbers()
    prepared = settling._settle_slice(Settlement([staged(ledger.keep, "late", [("S1/1", "P", "1")])]), last)
    rebuild_index(ledger.dataset, index)
    with pytest.raises(Conflict):
        settling._run(epoch, prepared, keep=True)


def test_sales_of_a_large_settlement_are_found_before_and_after_they_are_noted(ledger: Ledger) -> None:
    index, whole = MemorySaleIndex(most_pairs=0), MemorySaleIndex()
    warehouse = ledger.warehouse(index)
    for n, amount in enumerate("123", 1):
        settled = warehouse.settle(
            Settlement([staged(ledger.keep, f"night-{n}", [("S1/1", "P", amount)], region="IN", at=n)])
        )
        assert settled.changes == {"added": int(n == 1), "corrected": int(n > 1), "removed": 0}
        if n == 2:
            assert warehouse.note_pending_days() == 0
    warehouse.note_pending_days()
    rebuild_index(ledger.dataset, whole)
    assert index._days == whole._days


def test_a_day_stays_pending_until_its_epoch_has_passed(ledger: Ledger) -> None:
    index = MemorySaleIndex()
    warehouse = ledger.warehouse(index)
    day = date(2024, 7, 1)
    epoch, last = warehouse._settling._numbers()
    failed = PendingDay(day, last.settlement_no + 1, epoch)
    index.note([], last.settlement_no + 1, [failed])
    assert note_pending_days(ledger.dataset, index) == 1
    warehouse.settle(Settlement([staged(ledger.keep, "other", [("S1/1", "P", "1")])]))
    about_to_commit = PendingDay(day, last.settlement_no + 2, epoch + 1)
    index.note([], last.settlement_no + 1, [about_to_commit])
    assert note_pending_days(ledger.dataset, index) == 1
    assert list(index.pending()) == [about_to_commit]


def test_noting_stops_after_its_time_and_is_continued(ledger: Ledger) -> None:
    index = MemorySaleIndex(most_pairs=0)
    warehouse = ledger.warehouse(index)
    warehouse.settle(Settlement([staged(ledger.keep, "long", [(f"S1/{n}", "P", "1") for n in range(3)])]))
    before = len(index._days)
    seconds = iter([0.0, 1.0, 2.0, 3.0, 4.0])
    assert note_pending_days(ledger.dataset, index, 2.5, lambda: next(seconds)) == 1
    assert len(index._days) == before + 2
    assert note_pending_days(ledger.dataset, index) == 0
    assert len(index._days) == before + 3


def test_hidden_rows_leave_the_index_incomplete(ledger: Ledger) -> None:
    ledger.warehouse(MemorySaleIndex()).settle(Settlement([staged(ledger.keep, "hidden", [("S1/1", "P", "1")])]))
    rows = sale_index_rebuild._all_rows(
        ledger.dataset, "incoming", []
    )  # the emulator counts only the rows that are appended
    with pytest.raises(Rejected, match="row access policies hide"):
        list(rows)
