"""What DuckDB would compute differently has the result of BigQuery, or is refused with what to write instead."""

import pytest
from sql_examples import REFUSED, RESULTS, SOURCE
from test_leaving_the_scope import warehouse

from tillstream.ad_hoc import run
from tillstream.domain.errors import Rejected
from tillstream.domain.people import UNRESTRICTED
from tillstream.ports.warehouse import Warehouse

__all__ = ["warehouse"]


@pytest.mark.parametrize("expression", RESULTS)
def test_a_form_has_the_result_of_bigquery(warehouse: Warehouse, expression: str) -> None:
    (row,) = run.run(warehouse, SOURCE.format(expression), UNRESTRICTED).rows.to_pylist()
    assert row == {"value": RESULTS[expression]}


@pytest.mark.parametrize("expression", REFUSED)
def test_a_form_without_a_translation_is_refused(warehouse: Warehouse, expression: str) -> None:
    with pytest.raises(Rejected) as refused:
        run.run(warehouse, SOURCE.format(expression), UNRESTRICTED)
    assert REFUSED[expression] in str(refused.value)


def test_messages_of_the_engine_are_without_the_name_of_its_class(warehouse: Warehouse) -> None:
    with pytest.raises(Rejected) as refused:
        run.run(warehouse, "SELECT ROUND(region) FROM fact_sales", UNRESTRICTED)
    assert "Error" not in str(refused.value)
