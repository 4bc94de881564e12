"""Every query in another currency than the reporting one: the same answer on both engines, at each day's cross rate."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from duck import Duck, exact
from googlesql import Judge, Rows
from sample_ledger import SAMPLE_LEDGER
from sample_parameters import QUERY_PARAMETERS
from table_text import parse_tables

from examples import one_in
from tillstream.analytics.filters import Filters, ReportedDays
from tillstream.analytics.queries import compose_query
from tillstream.analytics.query_catalogue import describe_query, query_names
from tillstream.analytics.row_scope.row_selection import QueryContext
from tillstream.model.people import UNRESTRICTED

RATES = parse_tables(
    {
        "fx_rates": """
            rate_date   currency  per_euro
            2024-01-05  INR       90
            2024-02-02  INR       91.5
            2024-01-05  USD       1.1
            2024-02-01  GBP       0.85
            2024-02-09  GBP       0.86
        """
    }
)
SHOP = SAMPLE_LEDGER | RATES
PARAMETERS: dict[str, Any] = QUERY_PARAMETERS | {"period": "weekly"}
FEBRUARY = Filters(date(2024, 2, 1), date(2024, 2, 29))
REPORTED = ReportedDays(date(2023, 12, 3), date(2024, 2, 12))
IN_POUNDS = QueryContext(REPORTED, "USD", currency="GBP")


def _parameters(name: str) -> dict[str, Any]:
    """Values of the parameters of a query; of those with permitted values, the defaults where others are not."""
    permitted = {one.name: one.words for one in describe_query(name).parameters}
    taken = {key: value for key, value in PARAMETERS.items() if key in permitted}
    return {key: value for key, value in taken.items() if not permitted[key] or value in permitted[key]}


CONVERTED = [
    name
    for name in query_names()
    if "reporting_rates AS (" in compose_query(name, UNRESTRICTED, Filters(), IN_POUNDS, **_parameters(name))[0]
]


def _compares(name: str) -> bool:
    return any(relation in describe_query(name).text for relation in ("earlier_sums", "compared_series"))


@pytest.fixture(scope="module")
def filled(duck: Duck) -> Duck:
    duck.fill(SHOP)
    return duck


@pytest.fixture(scope="module")
def true_pounds(judge: Judge) -> Mapping[str, Rows]:
    return judge.with_views(SHOP, judge.views_of(*(composed(name, Filters())[0] for name in CONVERTED)))


def composed(name: str, filters: Filters, basis: QueryContext = IN_POUNDS) -> tuple[str, dict[str, Any]]:
    return compose_query(name, UNRESTRICTED, filters, basis, **_parameters(name))


def row(duck: Duck, name: str, filters: Filters = FEBRUARY) -> dict[str, Any]:
    result: dict[str, Any] = duck.query(*composed(name, filters)).to_pylist()[0]
    return result


@pytest.mark.parametrize(
    "called",
    [
        *one_in(3, [f"{name}, all days" for name in CONVERTED]),
        *one_in(3, [f"{name}, february" for name in CONVERTED if _compares(name)]),
    ],
)
def test_a_converted_query_gives_the_same_answer_on_both_engines(
    judge: Judge, true_pounds: Mapping[str, Rows], filled: Duck, called: str
) -> None:
    name, days = called.split(", ")
    text, values = composed(name, FEBRUARY if days == "february" else Filters())
    columns, google_rows = judge.answer(text, values, true_pounds)
    kinds, duckdb_rows = filled.answer(text, values)
    assert kinds == [(column, "STRING" if kind == "JSON" else kind) for column, kind in columns]
    in_order = re.compile(r"\bORDER BY\b").search(text.rpartition("FROM final")[2])
    answers = ([[exact(v) for v in r] for r in rows] for rows in (duckdb_rows, google_rows))
    first, second = answers if in_order else (sorted(rows, key=str) for rows in answers)
    assert first == second


def test_every_query_with_money_is_converted() -> None:
    assert {"kpis", "headline", "growth", "by-currency", "lines-page", "lines-whole", "lines-total"} < set(CONVERTED)
    assert {"top-customers", "included-uploads", "what-changed", "settlements", "sales-over-time"} < set(CONVERTED)
    assert "filter-values" not in CONVERTED


def test_an_amount_is_converted_with_the_rates_of_its_day(filled: Duck) -> None:
    (line,) = [one for one in filled.query(*composed("lines-page", FEBRUARY)).to_pylist() if one["sale_id"] == "S2/4"]
    # 40 INR on 1 February: 0.85 / 90 = 0.009444444
    assert line["reporting_amount"] == Decimal(40) * Decimal("0.009444444")


def test_amounts_in_the_chosen_currency_need_no_rate(filled: Duck) -> None:
    assert row(filled, "kpis", Filters(region=("UK",), end=date(2024, 2, 10)))["revenue"] == Decimal("12.34") - Decimal(
        "3.085"
    )


def test_lines_before_the_first_rate_of_the_chosen_currency_are_reported_as_unconverted(filled: Duck) -> None:
    january = Filters(date(2024, 1, 1), date(2024, 1, 31))
    (figures, more) = (row(filled, name, january) for name in ("kpis", "headline"))
    assert (figures["revenue"], figures["unconverted_lines"]) == (0, figures["active_lines"])
    assert (figures["currency"], more["currency"], more["unconverted_lines"]) == ("GBP", "GBP", 3)


def test_the_reporting_currency_needs_no_conversion() -> None:
    plain = composed("kpis", FEBRUARY, QueryContext(REPORTED, "USD"))
    assert "cross_rates" not in plain[0]
    assert "display_currency" not in plain[1]


def test_only_rates_of_the_compared_days_are_read() -> None:
    _, values = composed("growth", FEBRUARY)
    assert (values["rates_from"], values["rates_to"]) == (date(2024, 1, 1), date(2024, 2, 29))
    assert not {"rates_from", "rates_to"} & set(composed("growth", Filters())[1])
