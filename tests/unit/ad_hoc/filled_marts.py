"""A warehouse with the sample ledger."""

import pyarrow as pa
from sample_ledger import SAMPLE_LEDGER

from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.model.tables.warehouse_tables import TABLES


def filled_warehouse() -> DuckDBWarehouse:
    filled = DuckDBWarehouse(":memory:", threads=1)
    for table, rows in SAMPLE_LEDGER.items():
        names = [field.name for field in TABLES[table]]
        columns = {name: list(cells) for name, cells in zip(names, zip(*rows, strict=True), strict=True)}
        filled.replace_table(table, pa.table(columns))
    return filled
