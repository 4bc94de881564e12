"""The sample ledger with the daily totals of all its lines."""

import pytest
from duck import Duck
from sample_ledger import SAMPLE_LEDGER

from tillstream.model.tables import daily_totals
from tillstream.model.tables.warehouse_tables import TABLES


@pytest.fixture(scope="session")
def summed() -> Duck:
    duck = Duck()
    duck.fill(SAMPLE_LEDGER)
    rows = duck.query(daily_totals.select_rollup("day_sums", "TRUE")).to_pylist()
    names = [field.name for field in TABLES["day_sums"]]
    duck.fill(SAMPLE_LEDGER | {"day_sums": [[row[name] for name in names] for row in rows]})
    return duck
