"""The empty BigQuery warehouse of a rebuild: separate from the live one, and deleted after the rebuild."""

import pytest

from devtools.emulators import PROJECT, Emulator
from tillstream.adapters.google.bigquery.dataset import Dataset
from tillstream.adapters.google.bigquery.scratch_warehouse import EXPIRES_AFTER, ScratchWarehouse
from tillstream.adapters.google.object_store import Downloads
from tillstream.adapters.local.sale_index import MemorySaleIndex


@pytest.mark.long
def test_a_scratch_warehouse_is_empty_and_its_dataset_goes_with_it(bigquery: Emulator) -> None:
    live = Dataset(
        PROJECT,
        "live",
        "EU",
        api=bigquery.variables["TILLSTREAM_BIGQUERY_API"],
        storage_api=bigquery.variables["TILLSTREAM_BIGQUERY_STORAGE_API"],
    )
    scratch = ScratchWarehouse(live, Downloads(PROJECT), MemorySaleIndex())
    dataset, loading = sorted(name for name in names(live) if name.startswith("live_scratch_"))
    assert loading == f"{dataset}_loading"
    kept = live.client.get_dataset(dataset).default_table_expiration_ms
    assert kept in {None, EXPIRES_AFTER.total_seconds() * 1000}  # None: the emulator forgets it
    assert scratch.query("SELECT COUNT(*) AS n FROM settlements").to_pylist() == [{"n": 0}]
    scratch.close()
    assert not {dataset, loading} & names(live)
    live.close()


def names(live: Dataset) -> set[str]:
    """The datasets of the project."""
    return {one.dataset_id for one in live.client.list_datasets()}
