"""BigQuery settles by the contract, and concurrent commits never overwrite each other."""

from collections.abc import Iterator
from datetime import date

import pytest
from emulator_fixtures import dataset_of
from google.cloud.storage import Client
from settling_contract import Keep, SettlingContract, lines, staged

from devtools.emulators import PROJECT, Emulator
from tillstream.adapters.google.bigquery import settle_script
from tillstream.adapters.google.bigquery.dataset import Dataset
from tillstream.adapters.google.bigquery.migrations import migrate
from tillstream.adapters.google.bigquery.settle_script import Commit, settlement_script
from tillstream.adapters.google.bigquery.warehouse import BigQueryWarehouse
from tillstream.adapters.google.object_store import Downloads
from tillstream.adapters.local.sale_index import MemorySaleIndex
from tillstream.model.errors import Conflict
from tillstream.ports.warehouse import Settlement

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("cloud_storage")]
INDEX = MemorySaleIndex()


@pytest.fixture(scope="module")
def dataset(bigquery: Emulator) -> Iterator[Dataset]:
    dataset = dataset_of(bigquery, "settling")
    migrate(dataset)
    yield dataset
    dataset.close()


@pytest.fixture
def keep() -> Keep:
    bucket = Client(PROJECT).bucket("settling-contract")
    if not bucket.exists():
        bucket.create()

    def write(name: str, data: bytes) -> str:
        bucket.blob(name).upload_from_string(data)
        return f"gs://{bucket.name}/{name}"

    return write


class TestBigQuerySettling(SettlingContract):
    @pytest.fixture
    def warehouse(self, dataset: Dataset) -> BigQueryWarehouse:
        return BigQueryWarehouse(dataset, Downloads(PROJECT), INDEX)

    @pytest.fixture
    def keep(self, keep: Keep) -> Keep:
        return keep


def test_compacted_flags_are_in_the_stored_rows_of_each_day(
    dataset: Dataset, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settle_script, "COMPACT_DAYS", 1)
    warehouse = BigQueryWarehouse(dataset, Downloads(PROJECT), INDEX)
    warehouse.compact()
    for at in (1, 2):
        for day in (date(2023, 3, 1), date(2023, 3, 2), date(2023, 3, 3)):
            rows = [(f"S1/{day.day}", "P", str(at))]
            batch = staged(keep, f"days-{at}-{day}", rows, region="days", at=10 * at + day.day, day=day)
            warehouse.settle(Settlement([batch]))
    stored = "SELECT sale_id, CAST(net_amount AS INT64) FROM stored_versions WHERE region = 'days' AND is_current"
    flags = "SELECT COUNT(*) FROM version_flags"
    assert len({row.values() for row in dataset.ask(stored)}) == 6
    assert [row.values() for row in dataset.ask(flags)] != [(0,)]
    assert warehouse.compact() == 3
    assert {row.values() for row in dataset.ask(stored)} == {("S1/1", 2), ("S1/2", 2), ("S1/3", 2)}
    assert [row.values() for row in dataset.ask(flags)] == [(0,)]


def test_a_settlement_that_read_the_ledger_before_it_was_compacted_is_not_committed(
    dataset: Dataset, keep: Keep
) -> None:
    warehouse = BigQueryWarehouse(dataset, Downloads(PROJECT), INDEX)
    warehouse.compact()
    for at in (1, 2):
        warehouse.settle(Settlement([staged(keep, f"read-{at}", [("S1/1", "P", str(at))], region="read", at=at)]))
    settling = warehouse._settling
    epoch, last = settling._numbers()
    prepared = settling._settle_slice(Settlement(undo=["read-2"]), last)
    assert warehouse.compact() == 1
    with pytest.raises(Conflict):
        settling._run(epoch, prepared, keep=True)


def test_a_settlement_that_another_one_overtook_changes_nothing(dataset: Dataset, keep: Keep) -> None:
    warehouse = BigQueryWarehouse(dataset, Downloads(PROJECT), INDEX)
    settled = warehouse.settle(Settlement([staged(keep, "overtaking", [("S1/1", "P", "1")])]))
    (row,) = dataset.ask("SELECT MAX(number) AS epoch FROM epoch")
    late = Commit(row["epoch"] - 1, settled.settlement_no + 1, 1)
    with pytest.raises(Conflict):
        dataset.ask(settlement_script(late, dataset.name, keep=True))
    assert len(lines(warehouse, "overtaking")) == 1
