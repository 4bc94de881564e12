"""The header of a query declares what its text reads, and whether its amounts are converted."""

import pytest
import sqlglot
from sqlglot import exp

import sql
from tillstream.analytics.query_catalogue import describe_query

FILES = [*(f"queries/{name}" for name in sql.queries()), *(f"relations/{name}" for name in sql.relations())]
AMOUNTS = {
    *("reporting", "reporting_rates", "reporting_amount", "reporting_discount", "reporting_cost", "revenue"),
    *("costed_revenue", "catalogue_revenue", "unconverted_lines", "stock_cost", "lost_cost", "order_cost"),
}
"""Tables and columns that depend on the currency of amounts."""


def _declared(path: str, start: str) -> set[str]:
    declared = [line for line in sql.text(path).splitlines() if line.startswith(f"-- {start}: ")]
    return {word for line in declared for word in line.removeprefix(f"-- {start}: ").split(", ")}


def _parsed(path: str) -> exp.Expr:
    return sqlglot.parse_one(sql.text(path), dialect="bigquery")


@pytest.mark.parametrize("path", FILES)
def test_a_header_declares_the_relations_that_the_text_reads(path: str) -> None:
    parsed = _parsed(path)
    ctes = {cte.alias for cte in parsed.find_all(exp.CTE)}
    tables = {table.name for table in parsed.find_all(exp.Table) if isinstance(table.this, exp.Identifier)}
    assert _declared(path, "reads") == tables - ctes


@pytest.mark.parametrize("path", FILES)
def test_a_header_declares_whether_amounts_are_converted(path: str) -> None:
    names = {identifier.name for identifier in _parsed(path).find_all(exp.Identifier)}
    assert _declared(path, "amounts") == ({"converted"} if names & AMOUNTS else set())


def test_a_query_reads_what_its_relations_read() -> None:
    query = describe_query("products-by-class")
    assert query.relations == {"visible_product_sums", "catalogue_names"}
    assert query.has_amounts
    assert not describe_query("reported-days").has_amounts
