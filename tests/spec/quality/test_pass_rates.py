"""Pass rates of data sources by period, the rules that their rows failed, and the uploads with such rows."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from duck import Duck, exact
from googlesql import Judge
from table_text import parse_tables

from tillstream.analytics.filters import Filters, ReportedDays
from tillstream.analytics.queries import Forbidden, compose_query
from tillstream.analytics.row_scope.row_selection import QueryContext
from tillstream.model.people import UNRESTRICTED, Scope
from tillstream.model.permissions import Role

# 2 and 3 are corrections of 1; 4 was undone; the ledger rejected a row of 6; 7 is of another region; of the accepted
# rows only some are listed: 5 is of the store L, 6 of L and M
TABLES = parse_tables(
    {
        "batches": """
            batch_no  batch_id  root_no  fix_number  region  contract  file   received_date  received_seq  rows_read  rows_blank  rows_ignored  undone_no  problems
            1         b1        1        0           UK      UK        a.csv  2024-01-01     100           12         1           1             -          [{"code":"not-a-date","column":"sale_date","severity":"error","count":2},{"code":"out-of-range","column":"quantity","severity":"error","count":1},{"code":"zero-price","column":"unit_price","severity":"warning","count":3}]
            2         b2        1        1           UK      UK        f.csv  2024-01-09     900           2          0           0             -          [{"code":"not-a-date","column":"sale_date","severity":"error","count":1}]
            3         b3        1        2           UK      UK        f.csv  2024-01-09     901           1          0           0             -          []
            4         b4        4        0           UK      UK        b.csv  2024-01-02     200           50         0           0             9          [{"code":"ragged-row","column":null,"severity":"error","count":50}]
            5         b5        5        0           UK      UK        c.csv  2024-01-07     300           10         0           0             -          [{"code":"ragged-row","column":null,"severity":"error","count":1}]
            6         b6        6        0           UK      tills     -      2024-01-08     400           4          0           0             -          []
            7         b7        7        0           IN      IN        d.csv  2024-01-08     500           8          0           0             -          []
            8         b8        8        0           UK      UK        e.csv  2024-01-15     600           1          1           0             -          []
        """,
        "refusals": """
            batch_no  row_number  fix_number  outcome      refused_by  received_date  code                  column_name  store_id  problems
            1         1           0           quarantined  validation  2024-01-01     not-a-date            sale_date    -         []
            1         2           0           quarantined  validation  2024-01-01     not-a-date            sale_date    -         []
            1         3           0           ignored      status      2024-01-01     -                     -            L         []
            1         1           1           quarantined  validation  2024-01-01     not-a-date            sale_date    -         []
            1         2           2           ignored      person      2024-01-01     -                     -            -         []
            5         1           0           quarantined  validation  2024-01-07     ragged-row            -            L         []
            6         4           0           quarantined  ledger      2024-01-08     conflicting-contents  -            L         []
        """,
        "sightings": """
            key  content  batch_no  row_number  fix_number  outcome
            51   51       5         2           0           new
            61   61       6         1           0           new
            62   62       6         2           0           new
        """,
        "sale_versions": """
            key  content  is_current  region  store_id
            51   51       yes         UK      L
            61   61       yes         UK      L
            62   62       yes         UK      M
        """,
    }
)  # fmt: skip
BASIS = QueryContext(ReportedDays(date(2024, 1, 1), date(2024, 1, 31)), "USD")
OF_A_STORE = Scope(Role.MANAGER, ("UK",), ("L",))
NAMES = ("pass-rates", "failed-rules", "uploads-failing-a-rule")
RAGGED = {"code": "ragged-row", "column": ""}


@pytest.fixture(scope="module")
def filled(duck: Duck) -> Duck:
    duck.fill(TABLES)
    return duck


def rows(
    duck: Duck, name: str, scope: Scope = UNRESTRICTED, filters: Filters | None = None, **params: Any
) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = duck.query(
        *compose_query(name, scope, filters or Filters(), BASIS, **params)
    ).to_pylist()
    return answer


def test_rows_are_counted_as_they_arrived(filled: Duck) -> None:
    first, *_ = rows(filled, "pass-rates", source="UK")
    assert first == {
        "period_start": date(2024, 1, 1),
        "region": "UK",
        "contract": "UK",
        "uploads": 2,
        "rows_checked": 9 + 10,
        "rows_accepted": 7 + 9,
        "rows_quarantined": 3,
        "pass_rate": round(Decimal(16) / 19, 9),
    }


def test_weeks_and_days_of_each_source(filled: Duck) -> None:
    weeks = [(row["period_start"].day, row["contract"], row["pass_rate"]) for row in rows(filled, "pass-rates")]
    assert [(day, source) for day, source, _ in weeks] == [(1, "UK"), (8, "IN"), (8, "tills"), (15, "UK")]
    assert [exact(rate) for _, _, rate in weeks[1:3]] == [Decimal(1), Decimal("0.75")]
    assert weeks[3][2] is None, "without rows"
    days = rows(filled, "pass-rates", period="daily", last_day=date(2024, 1, 8), source="UK")
    assert [row["period_start"].day for row in days] == [1, 7]


def test_failed_rules_with_the_rows_of_all_uploads_of_the_week(filled: Duck) -> None:
    failed = rows(filled, "failed-rules", source="UK")
    assert [(row["code"], row["column"], row["severity"], row["uploads"], row["failed_rows"]) for row in failed] == [
        ("zero-price", "unit_price", "warning", 1, 3),
        ("not-a-date", "sale_date", "error", 1, 2),
        ("out-of-range", "quantity", "error", 1, 1),
        ("ragged-row", None, "error", 1, 1),
    ]
    assert {row["rows_checked"] for row in failed} == {19}
    assert failed[0]["pass_rate"] == round(Decimal(16) / 19, 9)


def test_rows_that_the_ledger_rejected_fail_its_rule(filled: Duck) -> None:
    (row,) = rows(filled, "failed-rules", source="tills")
    assert (row["code"], row["column"], row["severity"], row["failed_rows"]) == (
        "conflicting-contents", None, "error", 1,
    )  # fmt: skip


def test_uploads_that_fail_a_rule(filled: Duck) -> None:
    (upload,) = rows(filled, "uploads-failing-a-rule", code="not-a-date", column="sale_date")
    assert (upload["batch_id"], upload["file"], upload["failed_rows"], upload["rows_checked"]) == ("b1", "a.csv", 2, 9)
    assert [row["batch_id"] for row in rows(filled, "uploads-failing-a-rule", **RAGGED)] == ["b5"]
    assert rows(filled, "uploads-failing-a-rule", **RAGGED, source="IN") == []


def test_a_user_sees_the_sources_of_own_regions(filled: Duck) -> None:
    analyst = Scope(Role.ANALYST, ("IN",))
    assert [row["contract"] for row in rows(filled, "pass-rates", analyst)] == ["IN"]
    assert rows(filled, "failed-rules", analyst) == []
    assert [row["contract"] for row in rows(filled, "pass-rates", filters=Filters(region=("IN",)))] == ["IN"]
    with pytest.raises(Forbidden):
        rows(filled, "pass-rates", Scope(Role.CLERK, ("IN",)))


def test_a_user_of_one_store_sees_uploads_without_rows_of_others(filled: Duck) -> None:
    (rate,) = rows(filled, "pass-rates", OF_A_STORE)
    assert (rate["contract"], rate["uploads"], rate["rows_checked"], rate["rows_quarantined"]) == ("UK", 1, 10, 1)
    assert [row["code"] for row in rows(filled, "failed-rules", OF_A_STORE)] == ["ragged-row"]
    assert rows(filled, "pass-rates", Scope(Role.MANAGER, ("UK",), ("M",))) == []


@pytest.mark.parametrize("scope", [UNRESTRICTED, OF_A_STORE], ids=["all", "store"])
@pytest.mark.parametrize("period", ["daily", "weekly"])
@pytest.mark.parametrize("name", NAMES)
def test_both_engines_give_the_same_answer(judge: Judge, filled: Duck, name: str, period: str, scope: Scope) -> None:
    params = RAGGED if name == "uploads-failing-a-rule" else {"period": period}
    text, values = compose_query(name, scope, Filters(), BASIS, **params)
    columns, google_rows = judge.answer(text, values, judge.with_views(TABLES, until=()))
    kinds, duckdb_rows = filled.answer(text, values)
    assert kinds == list(columns)
    assert [[exact(v) for v in row] for row in duckdb_rows] == [[exact(v) for v in row] for row in google_rows]
