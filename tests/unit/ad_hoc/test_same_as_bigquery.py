"""What DuckDB would compute differently has the result of BigQuery, or is refused with what to write instead."""

import pytest
from running_sql import run
from sql_examples import REFUSED, RESULTS, SOURCE
from test_leaving_the_scope import warehouse

from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.model.errors import Rejected
from tillstream.model.people import UNRESTRICTED

__all__ = ["warehouse"]


@pytest.mark.parametrize("expression", RESULTS)
def test_a_form_has_the_result_of_bigquery(warehouse: DuckDBWarehouse, expression: str) -> None:
    (row,) = run(warehouse, SOURCE.format(expression), UNRESTRICTED).rows.to_pylist()
    assert row == {"value": RESULTS[expression]}


@pytest.mark.parametrize("expression", REFUSED)
def test_a_form_without_a_translation_is_refused(warehouse: DuckDBWarehouse, expression: str) -> None:
    with pytest.raises(Rejected) as refused:
        run(warehouse, SOURCE.format(expression), UNRESTRICTED)
    assert REFUSED[expression] in str(refused.value)


def test_messages_of_the_engine_are_without_the_name_of_its_class(warehouse: DuckDBWarehouse) -> None:
    with pytest.raises(Rejected) as refused:
        run(warehouse, "SELECT ROUND(region) FROM fact_sales", UNRESTRICTED)
    assert "Error" not in str(refused.value)
