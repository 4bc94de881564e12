"""What BigQuery bills for the changes of settlements: the days that they changed, not the history."""

from typing import Any

import pyarrow as pa
import pytest

from devtools.billing.queries import script_statements
from devtools.billing.samples import TODAY
from devtools.billing.traffic import Ledger, Traffic
from tillstream.adapters.google.bigquery.query_values import inline_parameters
from tillstream.analytics import filters, queries
from tillstream.analytics.queries import MAX_CHANGED_DAYS, limit_to_changed_days
from tillstream.analytics.query_catalogue import describe_query
from tillstream.model.people import UNRESTRICTED

NAMES = ("what-changed", "changed-lines", "changed-since", "settlements")
LAST = 100


class Days:
    """A warehouse whose settlements changed these days."""

    def __init__(self, days: list[Any]) -> None:
        self._days = days

    def query(self, _: str, params: dict[str, int]) -> pa.Table:
        assert params == {"after": 5, "last": LAST}
        return pa.table({"sale_date": pa.array(self._days, pa.date32())})


def query_on(days: list[Any], name: str) -> tuple[str, dict[str, Any]]:
    warehouse: Any = Days(days)
    text, params = queries.compose_query(name, UNRESTRICTED, filters.Filters(), after=5)
    return limit_to_changed_days(warehouse, describe_query(name), text, params, LAST, None)


def billed(text: str, params: dict[str, Any], days: int) -> int:
    ledger = Ledger(Traffic(1_000_000), days)
    return sum(statement.bytes(ledger) for statement in script_statements(inline_parameters(text, params)))


@pytest.mark.parametrize("name", NAMES)
def test_the_changes_of_settlements_are_read_from_the_days_that_they_changed(name: str) -> None:
    text, params = query_on([TODAY], name)
    assert billed(text, params, 365) < 1.1 * billed(text, params, 30) < 400e6


@pytest.mark.parametrize("name", NAMES)
def test_without_changed_days_next_to_nothing_is_read(name: str) -> None:
    assert billed(*query_on([], name), 365) < 150e6


def test_the_changes_of_many_days_are_read_from_the_whole_ledger() -> None:
    text, params = query_on([TODAY] * (MAX_CHANGED_DAYS + 1), "what-changed")
    assert billed(text, params, 365) > 100e9
    assert "changed_days" not in params


def test_other_queries_stay_the_same() -> None:
    text, params = queries.compose_query("kpis", UNRESTRICTED, filters.Filters())
    warehouse: Any = Days([])
    assert limit_to_changed_days(warehouse, describe_query("kpis"), text, params, LAST, None) == (text, params)
