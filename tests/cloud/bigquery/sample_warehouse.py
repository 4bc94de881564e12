"""A warehouse of BigQuery's emulator with the small shop of the spec tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from emulator_fixtures import dataset_of
from sample_ledger import SAMPLE_LEDGER

from devtools.emulators import PROJECT, Emulator
from tillstream.adapters.google.bigquery.migrations import migrate
from tillstream.adapters.google.bigquery.reporting_views import ReportingDataset, publish
from tillstream.adapters.google.bigquery.sql_of_people import SqlOfPeople
from tillstream.adapters.google.bigquery.tables import BIGQUERY_TYPES, SALE_VERSIONS, STORED, arrow_schema
from tillstream.adapters.google.bigquery.warehouse import BigQueryWarehouse
from tillstream.adapters.google.object_store import Downloads
from tillstream.adapters.local.clock import SystemClock
from tillstream.adapters.local.sale_index import MemorySaleIndex
from tillstream.model.tables.warehouse_tables import TABLES
from tillstream.ports import DocumentStore

OWNER = f"tillstream-portal@{PROJECT}.iam.gserviceaccount.com"
SQL_ACCOUNTS = tuple(f"tillstream-sql-{number}@{PROJECT}.iam.gserviceaccount.com" for number in (1, 2))


@contextmanager
def sample_warehouse(
    bigquery: Emulator, name: str, documents: DocumentStore | None = None
) -> Iterator[BigQueryWarehouse]:
    """A dataset of this name with the sample ledger. documents: it has the views for reports too, and `SQL_ACCOUNTS`
    run SQL of people on them, in the scopes that are noted there."""
    dataset, people = dataset_of(bigquery, name, OWNER if documents else ""), None
    migrate(dataset)
    if documents:
        views = f"{name}_reports"
        members = [f"serviceAccount:{email}" for email in SQL_ACCOUNTS]
        publish(dataset, ReportingDataset(views, members, [f"serviceAccount:{OWNER}"]))
        people = SqlOfPeople(dataset.sibling(views), SQL_ACCOUNTS, documents, SystemClock())
    warehouse = BigQueryWarehouse(dataset, Downloads(PROJECT), MemorySaleIndex(), people=people)
    for table, rows in SAMPLE_LEDGER.items():
        warehouse.replace_table(STORED if table == SALE_VERSIONS else table, _arrow(table, rows))
    yield warehouse
    warehouse.close()


def _arrow(table: str, rows: Any) -> pa.Table:
    columns = dict(zip([field.name for field in TABLES[table]], zip(*rows, strict=True), strict=True))
    for field in TABLES[table]:
        if BIGQUERY_TYPES[field.kind] == "BYTES":
            columns[field.name] = tuple(number.to_bytes(16) for number in columns[field.name])
    return pa.table({name: list(values) for name, values in columns.items()}, schema=arrow_schema(TABLES[table]))
