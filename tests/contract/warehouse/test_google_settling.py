"""BigQuery settles by the contract, and concurrent commits never overwrite each other."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from emulator_fixtures import dataset_of
from settling_contract import Keep, SettlingContract, lines, staged

from devtools.emulators import Emulator, objects
from tillstream.adapters.google.bigquery.dataset import Dataset
from tillstream.adapters.google.bigquery.migrations import migrate
from tillstream.adapters.google.bigquery.settle_script import Steps, script
from tillstream.adapters.google.bigquery.warehouse import BigQueryWarehouse
from tillstream.domain.errors import Conflict
from tillstream.ports.warehouse import Settlement

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def dataset(bigquery: Emulator) -> Iterator[Dataset]:
    dataset = dataset_of(bigquery, "settling")
    migrate(dataset)
    yield dataset
    dataset.close()


@pytest.fixture
def keep(emulated_folder: Path) -> Keep:
    def write(name: str, data: bytes) -> str:
        bucket = objects(emulated_folder) / "settling-contract"
        bucket.mkdir(parents=True, exist_ok=True)
        (bucket / name).write_bytes(data)
        return f"gs://{bucket.name}/{name}"

    return write


class TestBigQuerySettling(SettlingContract):
    @pytest.fixture
    def warehouse(self, dataset: Dataset) -> BigQueryWarehouse:
        return BigQueryWarehouse(dataset)

    @pytest.fixture
    def keep(self, keep: Keep) -> Keep:
        return keep


def test_a_settlement_that_another_one_overtook_changes_nothing(dataset: Dataset, keep: Keep) -> None:
    warehouse = BigQueryWarehouse(dataset)
    settled = warehouse.settle(Settlement([staged(keep, "overtaking", [("S1/1", "P", "1")])]))
    (row,) = dataset.ask("SELECT MAX(number) AS epoch FROM epoch")
    late = Steps(settled.settlement_no + 1, row["epoch"] - 1, "", ["overtaking"])
    with pytest.raises(Conflict):
        dataset.ask(script(late, dataset.name, keep=True))
    assert len(lines(warehouse, "overtaking")) == 1
