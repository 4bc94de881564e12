"""Names that the statement cannot have, and that only the engine knows; `tests/escapes` has what is refused before."""

import pytest
from filled_marts import filled_warehouse
from running_sql import run

from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.model.errors import Rejected
from tillstream.model.people import scope_of
from tillstream.model.permissions import Role

MANAGER = scope_of(Role.MANAGER, ("IN",), ("S1",))


@pytest.fixture(scope="module")
def warehouse() -> DuckDBWarehouse:
    return filled_warehouse()


@pytest.mark.parametrize(
    "text",
    [
        "SELECT main.batches.region FROM fact_sales",
        "SELECT f.x FROM fact_sales AS f, f.batches AS x",
        "SELECT current_schema",
        "SELECT customer_name FROM fact_sales",
        "SELECT * EXCEPT (region) FROM dim_store WHERE salesperson_name = 'x'",
        "SELECT rowid FROM fact_sales",
        "SELECT _TABLE_SUFFIX FROM fact_sales",
        "SELECT batches FROM fact_sales",
    ],
)
def test_a_name_of_no_column_is_refused_by_the_engine(warehouse: DuckDBWarehouse, text: str) -> None:
    with pytest.raises(Rejected):
        run(warehouse, text, MANAGER)
