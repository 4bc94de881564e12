"""The page for SQL: statements on the marts within the scope of the reader, with files, problems and history."""

import csv
import io
import re

import pytest
from visitor import People, Visitor, Work, indian_file, indian_sale

from portal.explore import sql_page
from portal.explore.sql_page import RunningQueries
from tillstream.delivery.export_formats import FORMATS
from tillstream.explore import suggested_statements
from tillstream.model.errors import Rejected
from tillstream.model.permissions import Role

SHARED = True
BY_REGION = "SELECT region, SUM(net_amount) AS amount FROM fact_sales GROUP BY region"


def sell(admin: Visitor, work: Work) -> None:
    """Two sales of June 2026 in India, of two customers."""
    later = indian_sale("2", "14.00", date="30-06-2026 10:00", customer="C2")
    admin.upload(indian_file(indian_sale("1", "10.00"), later))
    work()


@pytest.mark.parametrize("title", suggested_statements.EXAMPLE_STATEMENTS)
def test_the_page_has_examples_that_run(sold: Visitor, title: str) -> None:
    assert title in sold.get("/sql").text
    answer = sold.post("/sql", {"sql": suggested_statements.EXAMPLE_STATEMENTS[title]})
    assert (answer.status_code, "1 row" in answer.text) == (200, True)


def test_a_long_statement_is_edited_again(sold: Visitor) -> None:
    text = f"SELECT '{'x' * sql_page.LONGEST_LINK}' AS long"
    sold.post("/sql", {"sql": text})
    address = re.search(r'href="(/sql\?at=[^"]+)"', sold.get("/sql").text)
    assert address is not None
    assert "x" * sql_page.LONGEST_LINK in sold.get(address[1]).text


def test_a_file_with_too_many_rows_is_refused(sold: Visitor) -> None:
    days = "UNNEST(GENERATE_ARRAY(1, 2000))"
    text = f"SELECT 1 AS one FROM {days} AS a CROSS JOIN {days} AS b"
    answer = sold.post("/sql", {"sql": text, "format": "csv"})
    assert (answer.status_code, "at most 1,000,000 rows" in answer.text) == (422, True)


def test_rows_are_shown_and_kept_in_the_history(sold: Visitor) -> None:
    page = sold.post("/sql", {"sql": BY_REGION}).text
    assert '<td class="num"><data value="24.000000000">24</data></td>' in page
    assert "1 row in" in sold.get("/sql").text


@pytest.mark.usefixtures("sold")
def test_a_manager_sees_the_own_regions(person: People) -> None:
    assert "<td>IN</td>" in person(Role.MANAGER, "IN").post("/sql", {"sql": BY_REGION}).text
    other = person(Role.MANAGER, "UK").post("/sql", {"sql": BY_REGION}).text
    assert ("<td>IN</td>" in other, "0 rows" in other) == (False, True)


@pytest.mark.usefixtures("sold")
def test_clerks_and_salespeople_have_no_sql(person: People) -> None:
    assert person(Role.CLERK, "IN").get("/sql").status_code == 403
    assert person(Role.SALESPERSON, "IN").post("/sql", {"sql": BY_REGION}).status_code == 403


def test_a_problem_is_shown_with_the_statement(sold: Visitor) -> None:
    answer = sold.post("/sql", {"sql": "SELECT * FROM sightings"})
    assert (answer.status_code, "There is no table sightings" in answer.text) == (422, True)
    assert "SELECT * FROM sightings" in answer.text
    assert "no table sightings" in sold.get("/sql").text, "in the history"
    assert sold.post("/sql", {"sql": " "}).status_code == 422


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet", "jsonl"])
def test_rows_are_a_file(sold: Visitor, form: str) -> None:
    answer = sold.post("/sql", {"sql": BY_REGION, "format": form})
    assert answer.headers["Content-Disposition"] == f"attachment; filename=sql.{form}"
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
        assert rows == [{"region": "IN", "amount": "24"}]


def test_no_rows_are_a_file_with_a_header(sold: Visitor) -> None:
    text = f"{BY_REGION} HAVING FALSE"
    assert sold.post("/sql", {"sql": text, "format": "csv"}).text == '\ufeff"region","amount"\n'


def test_columns_are_explained(sold: Visitor) -> None:
    page = sold.get("/sql").text
    assert "Business day of the line; the key of dim_date" in page
    assert "customer_name" not in page


def test_a_cancelled_query_ends_and_others_can_run(sold: Visitor) -> None:
    with sql_page.RUNNING.running("someone", "1") as is_cancelled:
        assert sold.post("/sql/cancel", {"number": "1"}).status_code == 204
        assert not is_cancelled(), "only the person can cancel it"
        sql_page.RUNNING.cancel("someone", "1")
        assert is_cancelled()
        assert sold.post("/sql", {"sql": "SELECT 1 AS one"}).status_code == 200


def test_queries_of_one_number_are_counted_and_cancelled_together() -> None:
    queries = RunningQueries()
    with queries.running("ann", "1") as first, queries.running("ann", "1") as second:
        with pytest.raises(Rejected, match="2 of your queries are running"), queries.running("ann", "1"):
            pass
        queries.cancel("ann", "1")
        assert first()
        assert second()
    with queries.running("ann", "1") as third:
        assert not third()


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("DATE_ADD(DATE '9999-12-31', INTERVAL 1 DAY)", "a day before the year 1 or after the year 9999"),
        ("DATE_SUB(DATE '0001-01-01', INTERVAL 400 YEAR)", "a day before the year 1 or after the year 9999"),
        ("[CAST('infinity' AS DATE)]", "a day before the year 1 or after the year 9999"),
        ("CAST('infinity' AS TIMESTAMP)", "a day before the year 1 or after the year 9999"),
        ("INTERVAL 1 DAY", "Column x is an interval"),
        ("1 AS X, 2", "Two columns have the name X. Name one of them with AS, or leave it out with EXCEPT."),
    ],
)
def test_a_result_without_a_place_on_a_page_is_refused(sold: Visitor, value: str, why: str) -> None:
    answer = sold.post("/sql", {"sql": f"SELECT {value} AS x"})
    assert (answer.status_code, why in answer.text) == (422, True)


OF_ALL_KINDS = (
    *("NULL", "TRUE", "CAST('10:00' AS TIME)", "DATE '0001-01-01'", "DATE '9999-12-31'", "[1, 2]", "[]"),
    *("CAST('9999-12-31 23:59:59.999999' AS TIMESTAMP)", "(SELECT AS STRUCT 1 AS a, [DATE '2026-01-02'] AS b)"),
    *("CAST('nan' AS FLOAT64)", "EXP(1000)", "LN(0)", "'\\U0010ffff\\x07'"),
)


@pytest.mark.parametrize("form", ["", *FORMATS])
def test_values_of_all_kinds_have_a_place_everywhere(sold: Visitor, form: str) -> None:
    columns = ", ".join(f"{value} AS c{number}" for number, value in enumerate(OF_ALL_KINDS))
    answer = sold.post("/sql", {"sql": f"SELECT {columns}", "format": form})
    assert (answer.status_code, len(answer.get_data()) > 0) == (200, True)


def test_numbers_that_are_none_and_structures_are_readable(sold: Visitor) -> None:
    text = "SELECT CAST('nan' AS FLOAT64) AS a, EXP(1000) AS b, (SELECT AS STRUCT DATE '2026-01-02' AS day) AS c"
    page = sold.post("/sql", {"sql": text}).text
    assert '<td class="num">NaN</td><td class="num">Infinity</td>' in page
    assert "{&#34;day&#34;: &#34;2026-01-02&#34;}" in page
    lines = sold.post("/sql", {"sql": text, "format": "jsonl"}).text
    assert lines == '{"a": null, "b": null, "c": {"day": "2026-01-02"}}\n'
    assert '"{""day"": ""2026-01-02""}"' in sold.post("/sql", {"sql": text, "format": "csv"}).text


def test_a_column_that_a_table_lacks_is_named_with_the_table(sold: Visitor) -> None:
    page = sold.post("/sql", {"sql": "SELECT days.region FROM dim_date AS days"}).text
    assert "Line 1, column 13: There is no column region in days." in page
