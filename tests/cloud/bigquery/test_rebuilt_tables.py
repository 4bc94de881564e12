"""A dataset of version 1 keeps its rows when migration 002 creates its tables again."""

from collections.abc import Iterator
from datetime import date

import pytest
from dataset_versions import as_of, shapes_of
from emulator_fixtures import dataset_of

import sql
from devtools.emulators import PROJECT, Emulator
from tillstream.adapters.google.bigquery import access
from tillstream.adapters.google.bigquery.dataset import Dataset
from tillstream.adapters.google.bigquery.migrations import migrate, migration_differences, rebuild_tables
from tillstream.model.errors import Rejected
from tillstream.model.tables.warehouse_tables import TABLES

pytestmark = pytest.mark.long
OWNER, ACCOUNT = "user:owner@shop.example", "serviceAccount:settle@demo.iam.gserviceaccount.com"
RECEIVED, FIXED = date(2024, 3, 1), date(2024, 3, 5)
ROWS = """
INSERT INTO settlements (settlement_no) VALUES (1), (2);
INSERT INTO batches (batch_no, root_no, fix_number, received_seq, settlement_no)
SELECT 1, 1, 0, UNIX_MICROS(TIMESTAMP '2024-03-01 09:00:00+00'), 1;
INSERT INTO batches (batch_no, root_no, fix_number, received_seq, settlement_no)
SELECT 2, 1, 1, UNIX_MICROS(TIMESTAMP '2024-03-05 09:00:00+00'), 2;
INSERT INTO sale_versions (key, content, is_current, sale, region, sale_date, leads, settlement_no) VALUES
  (b'1', 10, FALSE, 7, 'IN', DATE '2024-01-05', 0, 1),
  (b'1', 11, TRUE, 7, 'IN', DATE '2024-01-06', 1, 2),
  (b'2', 20, TRUE, 8, 'UK', DATE '1987-05-31', 1, 1);
INSERT INTO sightings (key, content, batch_no, row_number, fix_number, outcome, settlement_no) VALUES
  (b'1', 10, 1, 1, 0, 'new', 1),
  (b'1', 11, 1, 1, 1, 'corrected', 2),
  (b'2', 20, 1, 2, 0, 'new', 1),
  (b'1', 12, 1, 3, 0, 'quarantined', 1),
  (b'9', 90, 1, 4, 0, 'quarantined', 1);
INSERT INTO statements (batch_no, scope, whole) VALUES (1, 7, 'sale'), (1, 5, 'sale');
INSERT INTO statements (batch_no, scope, whole, sale_date) VALUES (1, 99, 'store-day', DATE '2024-01-05');
INSERT INTO refusals (batch_no, row_number, fix_number, settlement_no) VALUES (1, 3, 0, 1), (1, 5, 1, 2);
INSERT INTO listed_changes (settlement_no, key, kind, old, `new`) VALUES (2, b'1', 'corrected', 10, 11);
INSERT INTO day_sums (sale_date, region, lines) VALUES (DATE '2024-01-06', 'IN', 1), (DATE '1987-05-31', 'UK', 1);
INSERT INTO product_sums (sale_date, region, lines) VALUES (DATE '2024-01-06', 'IN', 1);
INSERT INTO customer_sums (sale_date, region, lines) VALUES (DATE '2024-01-06', 'IN', 1);
INSERT INTO summed (settlement_no) VALUES (2);
INSERT INTO epoch (number) VALUES (4);
"""
EARLY, FIRST, SECOND = date(1987, 5, 31), date(2024, 1, 5), date(2024, 1, 6)


@pytest.fixture
def first(bigquery: Emulator, request: pytest.FixtureRequest) -> Iterator[Dataset]:
    """A dataset of version 1 with rows."""
    dataset = dataset_of(bigquery, f"first_{abs(hash(request.node.name))}")
    as_of(dataset, 1, shapes_of(1))
    dataset.ask(ROWS)
    yield dataset
    dataset.close()


def rows(dataset: Dataset, columns: str, table: str) -> list[tuple[object, ...]]:
    rebuilt = dataset.ask(f"SELECT {columns} FROM {table}")
    return sorted((tuple(row.values()) for row in rebuilt), key=str)


@pytest.mark.parametrize("stopped", [False, True])
def test_every_row_is_kept_and_has_its_days(first: Dataset, *, stopped: bool) -> None:
    versions = rows(first, "key, content, is_current, sale, sale_date, leads, settlement_no", "sale_versions")
    number, _, script = sql.migrations()[1]
    if stopped:
        with pytest.raises(Rejected, match="stopped halfway"):
            rebuild_tables(first, number, f"{script}\nSELECT ERROR('stopped halfway');")
    migrate(first)
    assert rows(first, "key, content, is_current, sale, sale_date, leads, settlement_no", "sale_versions") == versions
    assert rows(first, "content, sale, sale_date, received_date", "sightings") == [
        (10, 7, FIRST, RECEIVED),
        (11, 7, SECOND, FIXED),
        (12, 7, FIRST, RECEIVED),
        (20, 8, EARLY, RECEIVED),
        (90, 0, RECEIVED, RECEIVED),
    ]
    assert rows(first, "batch_no, received_date", "batches") == [(1, RECEIVED), (2, FIXED)]
    assert rows(first, "row_number, received_date", "refusals") == [(3, RECEIVED), (5, FIXED)]
    assert rows(first, "scope, sale_date, received_date, settlement_no", "statements") == [
        (5, RECEIVED, RECEIVED, 1),
        (7, FIRST, RECEIVED, 1),
        (99, FIRST, RECEIVED, 1),
    ]
    assert rows(first, "settlement_no, sale_date, received_date", "batch_days") == [
        (1, EARLY, RECEIVED),
        (1, FIRST, RECEIVED),
        (1, RECEIVED, RECEIVED),
        (2, SECOND, FIXED),
    ]
    assert rows(first, "settlement_no, sale_date", "settlement_days") == [
        (1, EARLY),
        (1, FIRST),
        (1, SECOND),
        (2, FIRST),
        (2, SECOND),
    ]
    assert rows(first, "settlement_no, kind, old, `new`", "listed_changes") == [(2, "corrected", 10, 11)]
    assert rows(first, "sale_date, lines", "day_sums") == [(EARLY, 1), (SECOND, 1)]
    assert rows(first, "lines", "product_sums") == rows(first, "lines", "customer_sums") == [(1,)]
    assert rows(first, "number, settlement_no, batch_no", "epoch") == [(5, 2, 2)]
    assert not [each.table_id for each in first.client.list_tables(first.name) if "_before_" in each.table_id]
    assert migration_differences(first) == []


def test_rows_that_a_policy_hides_from_the_deployer_are_kept_and_reports_lose_their_access(first: Dataset) -> None:
    access.authorize_views(first, "reports")
    for table in ("sale_versions", "batches", "refusals"):
        first.ask(f"CREATE OR REPLACE TABLE {table} AS SELECT * FROM {table}")  # the emulator counts rows only then
        first.ask(
            f"CREATE ROW ACCESS POLICY accounts\nON `{PROJECT}.{first.name}.{table}`\n"
            f"GRANT TO ('{ACCOUNT}')\nFILTER USING (TRUE)"
        )
    first.client._http.headers["X-Bqemu-Caller"] = OWNER
    assert rows(first, "content", "sale_versions") == []
    migrate(first)
    assert len(rows(first, "content", "sale_versions")) == 3
    assert len(rows(first, "batch_no", "batches")) == 2
    assert not access.are_views_authorized(first, "reports")


def test_sale_versions_has_the_columns_of_the_other_engine(first: Dataset) -> None:
    migrate(first)
    view = first.client.get_table(first.table("sale_versions"))
    assert view.table_type == "VIEW"
    assert [field.name for field in view.schema] == [field.name for field in TABLES["sale_versions"]]
