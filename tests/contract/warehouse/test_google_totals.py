"""Daily totals on BigQuery: what is added from `incoming`, and when days are computed again instead."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from emulator_fixtures import dataset_of
from google.cloud.storage import Client
from settling_contract import Keep, staged
from totals_contract import TotalsContract, assert_totals, rows

from devtools.emulators import PROJECT, Emulator
from tillstream.adapters.google.bigquery import daily_totals
from tillstream.adapters.google.bigquery.daily_totals import Refresh, plan_refresh, refresh_script
from tillstream.adapters.google.bigquery.dataset import Dataset
from tillstream.adapters.google.bigquery.migrations import migrate
from tillstream.adapters.google.bigquery.settle_script import Commit
from tillstream.adapters.google.bigquery.warehouse import BigQueryWarehouse
from tillstream.adapters.google.object_store import Downloads
from tillstream.adapters.local.sale_index import MemorySaleIndex
from tillstream.analytics.queries import totals_coverage
from tillstream.model.errors import Conflict, Rejected
from tillstream.model.tables.daily_totals import ROLLUPS
from tillstream.ports.warehouse import Settlement, StagedBatch

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("cloud_storage")]
FIRST, SECOND = date(2021, 7, 1), date(2021, 7, 2)
INDEX = MemorySaleIndex()


@pytest.fixture(scope="module")
def dataset(bigquery: Emulator) -> Iterator[Dataset]:
    dataset = dataset_of(bigquery, "totals")
    migrate(dataset)
    yield dataset
    dataset.close()


@pytest.fixture
def keep(cloud_storage: Emulator) -> Keep:
    bucket = Client(PROJECT).bucket("totals-contract")
    if not bucket.exists():
        bucket.create()

    def write(name: str, data: bytes) -> str:
        bucket.blob(name).upload_from_string(data)
        return f"gs://{bucket.name}/{name}"

    return write


@pytest.fixture
def shop(dataset: Dataset, keep: Keep, request: pytest.FixtureRequest) -> "Shop":
    """A region with a sale on both days, which the totals include."""
    shop = Shop(BigQueryWarehouse(dataset, Downloads(PROJECT), INDEX), keep, request.node.name)
    shop.sell("first", FIRST)
    shop.sell("second", SECOND)
    shop.warehouse.refresh_totals()
    return shop


class Shop:
    def __init__(self, warehouse: BigQueryWarehouse, keep: Keep, region: str) -> None:
        self.warehouse, self._keep, self._region, self._batches = warehouse, keep, region, 0

    def sell(self, sale: str, day: date, amount: str = "2") -> None:
        self.warehouse.settle(Settlement([self.batch(sale, day, amount)]))

    def batch(self, sale: str, day: date, amount: str = "2", product: str = "P") -> StagedBatch:
        self._batches += 1
        name = f"{self._region}-{self._batches}"
        lines = [(f"S1/{sale}", product, amount)]
        return staged(self._keep, name, lines, region=self._region, at=self._batches, day=day)


class TestBigQueryTotals(TotalsContract):
    @pytest.fixture
    def warehouse(self, dataset: Dataset) -> BigQueryWarehouse:
        return BigQueryWarehouse(dataset, Downloads(PROJECT), INDEX)

    @pytest.fixture
    def keep(self, keep: Keep) -> Keep:
        return keep


def planned(dataset: Dataset) -> Refresh:
    refresh = plan_refresh(dataset)
    assert refresh is not None
    return refresh


def test_new_lines_are_added_without_a_look_at_their_day(dataset: Dataset, shop: Shop) -> None:
    shop.sell("new", FIRST)
    refresh = planned(dataset)
    assert (refresh.added, refresh.changed, len(refresh.arrivals)) == ((FIRST,), (), 1)
    text = refresh_script(refresh, dataset.name)
    assert "DELETE" not in text
    assert "stored_versions" not in text.replace("target = 'stored_versions'", "")
    before = len(rows(shop.warehouse)["day_sums"])
    assert shop.warehouse.refresh_totals() == 1
    assert len(rows(shop.warehouse)["day_sums"]) == before + 1
    assert_totals(shop.warehouse)


def test_only_days_with_changed_lines_are_computed_again(dataset: Dataset, shop: Shop) -> None:
    shop.sell("new", FIRST)
    shop.sell("second", SECOND, "3")
    refresh = planned(dataset)
    assert (refresh.added, refresh.changed) == ((FIRST,), (SECOND,))
    assert shop.warehouse.refresh_totals() == 2
    assert_totals(shop.warehouse)


def test_days_on_which_an_earlier_sale_gets_lines_are_computed_again(dataset: Dataset, shop: Shop) -> None:
    """Its lines have no category, as one before; with six products, one that represents the sale keeps to do so."""
    for amount, product in enumerate("ABCQRS", 3):
        line = shop.batch("first", FIRST, str(amount), product)
        shop.warehouse.settle(Settlement([line, shop.batch(product, SECOND)]))
        refresh = planned(dataset)
        assert (refresh.added, refresh.changed) == ((SECOND,), (FIRST,))
        shop.warehouse.refresh_totals()
        assert_totals(shop.warehouse)


def test_lines_of_an_attempt_that_was_not_committed_do_not_count(dataset: Dataset, shop: Shop) -> None:
    settling, settlement = shop.warehouse._settling, Settlement([shop.batch("lost", FIRST)])
    _, last = settling._numbers()
    lost = settling._settle_slice(settlement, last)
    settling._upload(Commit(0, lost.last.settlement_no, lost.last.batch_no), lost.additions)  # type: ignore[arg-type]
    shop.warehouse.settle(settlement)
    assert len(planned(dataset).arrivals) == 1
    shop.warehouse.refresh_totals()
    assert_totals(shop.warehouse)


@pytest.mark.parametrize(
    "lost",
    [
        "DELETE FROM incoming WHERE TRUE",
        "UPDATE settlements SET settled_at = TIMESTAMP_SUB(settled_at, INTERVAL 1 MINUTE) WHERE TRUE",
        "INSERT INTO incoming (arrived_at, token, target, settlement_no, settled_at) "
        "SELECT arrived_at, 'another', target, settlement_no, settled_at FROM incoming WHERE target = 'settlements'",
    ],
)
def test_days_are_computed_again_if_the_added_rows_are_uncertain(dataset: Dataset, shop: Shop, lost: str) -> None:
    shop.sell("new", FIRST)
    dataset.ask(lost)
    refresh = planned(dataset)
    assert (refresh.added, refresh.changed, refresh.arrivals) == ((), (FIRST,), {})
    shop.warehouse.refresh_totals()
    assert_totals(shop.warehouse)


def test_days_are_computed_again_before_the_added_rows_expire(
    dataset: Dataset, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.sell("new", FIRST)
    monkeypatch.setattr(daily_totals, "WINDOWS", (timedelta(0),))
    monkeypatch.setattr(daily_totals, "_SKEW", timedelta(0))
    assert planned(dataset).changed == (FIRST,)
    monkeypatch.setattr(daily_totals, "WINDOWS", (timedelta(0), timedelta(hours=1)))
    assert planned(dataset).added == (FIRST,)


def test_all_days_are_computed_again_if_there_are_no_totals(dataset: Dataset, shop: Shop) -> None:
    dataset.ask("UPDATE summed SET settlement_no = 0, split_settlement_no = NULL WHERE TRUE")
    refresh = planned(dataset)
    assert (refresh.added, {FIRST, SECOND} <= {*refresh.changed}) == ((), True)
    shop.warehouse.refresh_totals()
    assert_totals(shop.warehouse)


def test_a_refresh_that_a_settlement_overtook_changes_nothing(dataset: Dataset, shop: Shop) -> None:
    shop.sell("new", FIRST)
    late, before = planned(dataset), rows(shop.warehouse)
    shop.sell("newer", FIRST)
    with pytest.raises(Conflict):
        dataset.ask(refresh_script(late, dataset.name))
    assert rows(shop.warehouse) == before
    shop.warehouse.refresh_totals()
    assert_totals(shop.warehouse)


def test_a_refresh_runs_once_even_if_it_is_sent_twice(dataset: Dataset, shop: Shop) -> None:
    shop.sell("new", FIRST)
    text = refresh_script(planned(dataset), dataset.name)
    dataset.ask(text)
    with pytest.raises(Conflict):
        dataset.ask(text)
    assert_totals(shop.warehouse)


def test_a_refresh_that_fails_at_its_end_changes_nothing(dataset: Dataset, shop: Shop) -> None:
    shop.sell("new", FIRST)
    shop.sell("second", SECOND, "3")
    before = rows(shop.warehouse)
    text = refresh_script(planned(dataset), dataset.name)
    with pytest.raises(Rejected):
        dataset.ask(text.replace("COMMIT TRANSACTION", "SELECT ERROR('the end')"))
    assert rows(shop.warehouse) == before
    shop.warehouse.refresh_totals()
    assert_totals(shop.warehouse)


def test_compacting_leaves_one_row_per_group_of_recent_days(
    dataset: Dataset, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daily_totals, "MERGE_DAYS", 1)
    for number in range(3):
        shop.sell(f"new-{number}", FIRST)
        shop.warehouse.refresh_totals()
    dataset.ask("UPDATE settlements SET settled_at = @now WHERE TRUE", {"now": datetime.now(UTC)})
    groups = "SELECT COUNT(*) FROM (SELECT DISTINCT sale_date, region, product_id FROM product_sums)"
    count = "SELECT COUNT(*) FROM product_sums"
    assert [r.values() for r in dataset.ask(count)] != [r.values() for r in dataset.ask(groups)]
    shop.warehouse.compact()
    assert [r.values() for r in dataset.ask(count)] == [r.values() for r in dataset.ask(groups)]
    assert_totals(shop.warehouse)


def as_older_version(dataset: Dataset, day: date) -> None:
    """Compute a day again as a version without `split_orders` does, in a refresh of the catalogue or a merge."""
    for table in ROLLUPS:
        dataset.ask(f"UPDATE {table} SET split_orders = NULL WHERE sale_date = @day", {"day": day})


def test_days_that_an_older_version_refreshed_are_computed_again(dataset: Dataset, shop: Shop) -> None:
    """It adds the lines of a settlement, so they must not be added once more."""
    shop.sell("new", FIRST)
    older = planned(dataset)
    text = refresh_script(older, dataset.name).replace(f", split_settlement_no = {older.last}", "")
    dataset.ask(text)
    as_older_version(dataset, SECOND)
    shop.sell("newer", FIRST)
    stale = {FIRST, SECOND}
    assert {*(totals_coverage(shop.warehouse).stale or ())} == stale
    refresh = planned(dataset)
    assert (refresh.added, {*refresh.changed}) == ((), stale)
    with pytest.raises(Conflict):
        dataset.ask(text)
    assert shop.warehouse.refresh_totals() == 2
    assert_totals(shop.warehouse)
    assert planned_nothing(dataset)


def test_the_merge_at_night_finds_days_that_an_older_version_merged(dataset: Dataset, shop: Shop) -> None:
    as_older_version(dataset, SECOND)
    assert planned_nothing(dataset)
    shop.sell("new", SECOND)
    shop.warehouse.refresh_totals()
    shop.warehouse.compact()
    assert SECOND in (totals_coverage(shop.warehouse).stale or ())
    shop.warehouse.refresh_totals()
    assert_totals(shop.warehouse)
    assert planned_nothing(dataset)


def planned_nothing(dataset: Dataset) -> bool:
    return plan_refresh(dataset) is None
