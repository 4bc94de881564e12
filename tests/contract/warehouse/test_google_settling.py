"""BigQuery settles by the contract, and concurrent commits never overwrite each other."""

from collections.abc import Iterator

import pytest
from emulator_fixtures import dataset_of
from google.cloud.storage import Client
from settling_contract import Keep, SettlingContract, lines, staged

from devtools.emulators import PROJECT, Emulator
from tillstream.adapters.google.bigquery.dataset import Dataset
from tillstream.adapters.google.bigquery.migrations import migrate
from tillstream.adapters.google.bigquery.settle_script import Commit, script
from tillstream.adapters.google.bigquery.warehouse import BigQueryWarehouse
from tillstream.adapters.google.storage.downloads import Downloads
from tillstream.adapters.local.sale_index import MemorySaleIndex
from tillstream.domain.errors import Conflict
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


def test_a_settlement_that_another_one_overtook_changes_nothing(dataset: Dataset, keep: Keep) -> None:
    warehouse = BigQueryWarehouse(dataset, Downloads(PROJECT), INDEX)
    settled = warehouse.settle(Settlement([staged(keep, "overtaking", [("S1/1", "P", "1")])]))
    (row,) = dataset.ask("SELECT MAX(number) AS epoch FROM epoch")
    late = Commit(row["epoch"] - 1, settled.settlement_no + 1, 1)
    with pytest.raises(Conflict):
        dataset.ask(script(late, dataset.name, keep=True))
    assert len(lines(warehouse, "overtaking")) == 1
