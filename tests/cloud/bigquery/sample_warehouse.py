"""A warehouse of BigQuery's emulator with the small shop of the spec tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from emulator_fixtures import dataset_of
from sample_ledger import SAMPLE_LEDGER

from devtools.emulators import PROJECT, Emulator
from tillstream.adapters.google.bigquery.fields import SALE_VERSIONS, STORED
from tillstream.adapters.google.bigquery.migrations import migrate
from tillstream.adapters.google.bigquery.tables import TYPES, arrow_schema
from tillstream.adapters.google.bigquery.warehouse import BigQueryWarehouse
from tillstream.adapters.google.storage.downloads import Downloads
from tillstream.adapters.local.sale_index import MemorySaleIndex
from tillstream.domain.tables import TABLES


@contextmanager
def sample_warehouse(bigquery: Emulator, name: str) -> Iterator[BigQueryWarehouse]:
    """A dataset of this name with the sample ledger."""
    dataset = dataset_of(bigquery, name)
    migrate(dataset)
    warehouse = BigQueryWarehouse(dataset, Downloads(PROJECT), MemorySaleIndex())
    for table, rows in SAMPLE_LEDGER.items():
        warehouse.replace_table(STORED if table == SALE_VERSIONS else table, _arrow(table, rows))
    yield warehouse
    warehouse.close()


def _arrow(table: str, rows: Any) -> pa.Table:
    columns = dict(zip([field.name for field in TABLES[table]], zip(*rows, strict=True), strict=True))
    for field in TABLES[table]:
        if TYPES[field.kind] == "BYTES":
            columns[field.name] = tuple(number.to_bytes(16) for number in columns[field.name])
    return pa.table({name: list(values) for name, values in columns.items()}, schema=arrow_schema(TABLES[table]))
