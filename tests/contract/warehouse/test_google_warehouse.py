"""BigQuery keeps the Warehouse contract."""

from collections.abc import Iterator

import pytest
from emulator_fixtures import dataset_of
from warehouse_contract import WarehouseContract

from devtools.emulators import PROJECT, Emulator
from tillstream.adapters.google.bigquery.migrations import migrate
from tillstream.adapters.google.bigquery.warehouse import BigQueryWarehouse
from tillstream.adapters.google.object_store import Downloads
from tillstream.adapters.local.sale_index import MemorySaleIndex


@pytest.fixture(scope="module")
def opened(bigquery: Emulator) -> Iterator[BigQueryWarehouse]:
    dataset = dataset_of(bigquery, "contract")
    migrate(dataset)
    warehouse = BigQueryWarehouse(dataset, Downloads(PROJECT), MemorySaleIndex())
    yield warehouse
    warehouse.close()


@pytest.mark.long
class TestBigQueryWarehouse(WarehouseContract):
    @pytest.fixture
    def warehouse(self, opened: BigQueryWarehouse) -> BigQueryWarehouse:
        return opened
