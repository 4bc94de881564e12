"""What needs more memory than there is, or exceeds a limit of BigQuery, is reported as TooLarge."""

from pathlib import Path

import pytest
from google.api_core.exceptions import BadRequest
from settling_contract import staged

from tillstream.adapters.google.bigquery.dataset import Dataset
from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.adapters.local.sale_index import MemorySaleIndex
from tillstream.ledger.settlement_record import LedgerNumbers
from tillstream.ledger.slice_settlement import settle_slice
from tillstream.model.errors import Rejected, TooLarge
from tillstream.ports.warehouse import Settlement, StagedBatch


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("Resources exceeded during query execution: Not enough resources for query planning", "resourcesExceeded"),
        ("Query exceeded limit for bytes billed: 1000000. 20971520 or higher required.", "bytesBilledLimitExceeded"),
        ("The query is too large. The maximum standard SQL query length is 1024.00K characters", "invalidQuery"),
        ("Too many partitions produced by query, allowed 4000, query produces at least 4001", "invalidQuery"),
    ],
)
def test_what_bigquery_would_accept_with_less_data_is_too_large(message: str, reason: str) -> None:
    with pytest.raises(TooLarge, match=message[:20]), Dataset("shop", "sales", "EU").errors("The warehouse"):
        raise BadRequest(message, errors=[{"reason": reason, "message": message}])


def test_an_invalid_query_is_only_rejected() -> None:
    with pytest.raises(Rejected) as raised, Dataset("shop", "sales", "EU").errors("The warehouse"):
        raise BadRequest("Syntax error", errors=[{"reason": "invalidQuery"}])
    assert not isinstance(raised.value, TooLarge)


@pytest.fixture
def batch(tmp_path: Path) -> StagedBatch:
    def keep(name: str, data: bytes) -> str:
        (tmp_path / name).write_bytes(data)
        return str(tmp_path / name)

    return staged(keep, "large", [(f"S1/{number}", f"P{number}", "1") for number in range(20_000)])


def test_a_slice_that_does_not_fit_into_its_memory_does_not_spill_and_is_too_large(batch: StagedBatch) -> None:
    reader = None  # no sale of the batch has a day, so nothing is read
    with pytest.raises(TooLarge, match="12MB of memory"):
        settle_slice(Settlement([batch], is_repetition=True), reader, MemorySaleIndex(), LedgerNumbers(0, 0), "12MB")  # type: ignore[arg-type]


def test_a_local_settlement_that_may_not_spill_is_too_large_and_stores_nothing(
    batch: StagedBatch, tmp_path: Path
) -> None:
    warehouse = DuckDBWarehouse(tmp_path / "warehouse.duckdb", threads=1)
    warehouse._database.root.execute("SET memory_limit = '14MB'; SET max_temp_directory_size = '0MB'")
    with pytest.raises(TooLarge):
        warehouse.settle(Settlement([batch]))
    warehouse._database.root.execute("SET memory_limit = '400MB'")
    assert warehouse.query("SELECT COUNT(*) AS n FROM batches").to_pylist() == [{"n": 0}]
    assert warehouse.settle(Settlement([batch])).changes["added"] == 20_000
    warehouse.close()
