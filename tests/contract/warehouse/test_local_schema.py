"""The schema number of a local warehouse: whoever changes the tables must count it up."""

import hashlib

import pytest

from tillstream.ledger.duckdb_ledger import DUCKDB_TYPES
from tillstream.model.tables.warehouse_tables import SCHEMA, TABLES

VERSIONS = {
    1: "1e4fa3eac4105425",
    2: "0dbe6829d41b16cb",
    3: "a1f81ff141d360b9",
    4: "54fc72b5d87e67fb",
    5: "d28b5e2fcdd9ad89",
    6: "469a9ed64623ea24",
    7: "f1a3cf01ef09409f",
    8: "caf0063983826f38",
    9: "badee85f5eea80cc",
    10: "ad844c49d6f45a5b",
    11: "f5d8eba0771ec0e2",
    12: "b087de3e72dfb0aa",
    13: "e3ba7a93c2d77966",
    14: "b9941564b051579b",
    15: "2cdb799e4838a755",
    16: "91f00b94803abac7",
    17: "14b06e6a97737d3e",
    18: "d2265abec8feff53",
}


def test_other_tables_have_another_schema_number() -> None:
    shape = [
        (table, field.name, DUCKDB_TYPES[field.kind], field.required) for table in TABLES for field in TABLES[table]
    ]
    digest = hashlib.sha256(repr(shape).encode()).hexdigest()[:16]
    if VERSIONS.get(SCHEMA) != digest:
        pytest.fail(
            f"Tables changed: count SCHEMA in model/tables/warehouse_tables.py up and add {SCHEMA}: {digest!r} here."
        )
