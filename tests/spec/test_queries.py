"""Each named query gives the same answer on both engines, within every kind of scope and filter; and the right one."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from duck import Duck, exact
from googlesql import Judge, Rows
from sample_ledger import SALES_OF_CATALOGUE, SAMPLE_CATALOGUE, SAMPLE_LEDGER
from sample_parameters import QUERY_PARAMETERS

from tillstream.analytics.filters import Filters, ReportedDays
from tillstream.analytics.queries import compose_query
from tillstream.analytics.query_catalogue import describe_query, query_names
from tillstream.analytics.row_scope.row_selection import QueryContext
from tillstream.model.people import UNRESTRICTED, Scope
from tillstream.model.permissions import Role

PARAMETERS: dict[str, Any] = QUERY_PARAMETERS
OF_A_STORE = {"region": "UK", "store": "U", "product": "D"}
OF_ITS_OWN: Mapping[str, dict[str, Any]] = {
    "stock-history": OF_A_STORE,
    "stock-events": OF_A_STORE,
    "stock-slow": {"days": 5},
    "stock-returns": {"text": ""},
    "pass-rates": {"first_day": date(2024, 1, 1)},
    "failed-rules": {"first_day": date(2024, 1, 1)},
    "uploads-failing-a-rule": {"first_day": date(2024, 1, 1)},
}
"""Query → parameters for which it answers something about the shop."""
FEBRUARY = Filters(date(2024, 2, 1), date(2024, 2, 29))
SCOPED = Filters(region=("IN", "UK"), status=("completed", "pending", "returned"), country=("India", "UK"))
MANAGER = Scope(Role.MANAGER, ("IN",), ("S1",))
BASIS = QueryContext(ReportedDays(date(2023, 12, 3), date(2024, 2, 12)), "USD")
RETURNED = {"region": "UK", "sale_id": "U/6"}
LONG = pytest.mark.long
POSITION = {"after_day": "2024-02-12", "after_region": "IN", "after_sale": "S1/1", "after_line": "1"}
VIEWS: Mapping[str, tuple[Scope, Filters, dict[str, Any]]] = {
    "everything": (UNRESTRICTED, Filters(), {}),
    "manager-filters": (MANAGER, SCOPED, {"period": "quarterly"}),
    "february": (UNRESTRICTED, FEBRUARY, {"period": "weekly", "limit": 2} | POSITION),
    "filters": (UNRESTRICTED, SCOPED, {"period": "daily", "offset": 1}),
    "manager": (MANAGER, Filters(), {"period": "quarterly"}),
    "nobody": (Scope(Role.MANAGER, (), ()), Filters(), {"period": "yearly"}),
}


@pytest.fixture(scope="module")
def stocked() -> Duck:
    duck = Duck()
    duck.fill(SAMPLE_LEDGER | SAMPLE_CATALOGUE | SALES_OF_CATALOGUE)
    return duck


def composed(name: str, scope: Scope, filters: Filters, params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    permitted = {p.name: p.words for p in describe_query(name).parameters}
    taken = {key: value for key, value in (PARAMETERS | params).items() if key in permitted}
    return compose_query(
        name,
        scope,
        filters,
        BASIS,
        **{key: value for key, value in taken.items() if not permitted[key] or value in permitted[key]},
    )


def row(
    duck: Duck, name: str, scope: Scope = UNRESTRICTED, filters: Filters | None = None, **params: Any
) -> list[dict[str, Any]]:
    result: list[dict[str, Any]] = duck.query(*composed(name, scope, filters or Filters(), params)).to_pylist()
    return result


def _may(name: str, scope: Scope) -> bool:
    needs = describe_query(name).needs
    return needs is None or scope.may(needs)


def _quick(name: str) -> str:
    """The view of a query that is tried with each change: the first or, of every second query, the manager's."""
    return "manager-filters" if query_names().index(name) % 2 and _may(name, MANAGER) else "everything"


@pytest.mark.parametrize(
    ("name", "scope", "filters", "params"),
    [
        pytest.param(name, *VIEWS[called], id=f"{name}-{called}", marks=() if called == _quick(name) else LONG)
        for name in query_names()
        for called in VIEWS
        if _may(name, VIEWS[called][0])
    ]
    + [
        pytest.param("unknown-codes", UNRESTRICTED, Filters(), {"kind": "all"}, id="unknown-codes-all"),
        pytest.param("returns-of-a-sale", UNRESTRICTED, Filters(), RETURNED, id="returns-of-a-sale-with-one"),
    ],
)
def test_a_query_gives_the_same_answer_on_both_engines(
    judge: Judge,
    true_shop: Mapping[str, Rows],
    filled: Duck,
    name: str,
    scope: Scope,
    filters: Filters,
    params: dict[str, Any],
) -> None:
    text, values = composed(name, scope, filters, params)
    columns, google_rows = judge.answer(text, values, true_shop)
    kinds, duckdb_rows = filled.answer(text, values)
    assert kinds == [(column, "STRING" if kind == "JSON" else kind) for column, kind in columns]
    answer, asserted = [[exact(v) for v in r] for r in duckdb_rows], [[exact(v) for v in r] for r in google_rows]
    if "ORDER BY" in text.rpartition("FROM final")[2]:
        assert answer == asserted
    else:
        assert sorted(answer, key=repr) == sorted(asserted, key=repr)


OF_CATALOGUE = {"catalogue-names", "cost-effect", "prices-off-list", "sold-products"}


@pytest.mark.parametrize("name", sorted({*query_names()} - OF_CATALOGUE - {"returns-of-a-sale", "out-of-stock"}))
def test_every_query_answers_something_about_the_shop(filled: Duck, name: str) -> None:
    filters = FEBRUARY if describe_query(name).reads("compared_periods") else None
    assert row(filled, name, UNRESTRICTED, filters, **OF_ITS_OWN.get(name, {}))


def test_the_returns_of_a_sale_are_those_that_name_it(filled: Duck) -> None:
    (line,) = row(filled, "returns-of-a-sale", **RETURNED)
    assert (line["sale_id"], line["product_id"], line["quantity"]) == ("U/7", "D", -1)
    assert row(filled, "returns-of-a-sale", **RETURNED | {"region": "IN"}) == []


@pytest.mark.parametrize("name", sorted(OF_CATALOGUE))
def test_queries_of_the_catalogue_answer_something_about_it(stocked: Duck, name: str) -> None:
    assert row(stocked, name)


def test_kpis_are_one_row_of_the_stable_names() -> None:
    design = """lines active_lines cancelled_lines pending_lines orders customers countries categories units revenue
        average_order_value unconverted_lines first_sale_date last_sale_date currency as_of revenue_growth orders_growth"""
    duck = Duck()
    answer = duck.query(*composed("kpis", UNRESTRICTED, Filters(), {}))
    assert answer.column_names == design.split()
    assert answer.num_rows == 1
    assert answer.to_pylist()[0]["revenue"] == 0
    assert answer.to_pylist()[0]["average_order_value"] is None


def test_kpis_follow_the_rules_of_status(filled: Duck) -> None:
    (kpis,) = row(filled, "kpis")
    assert {
        key: kpis[key] for key in ("lines", "active_lines", "cancelled_lines", "pending_lines", "unconverted_lines")
    } == {
        "lines": 9,
        "active_lines": 8,
        "cancelled_lines": 1,
        "pending_lines": 1,
        "unconverted_lines": 1,
    }
    assert kpis["orders"] == 6  # sales 1, 3, 4, 6, 8 and 9; 2 is cancelled, 7 a return
    assert kpis["customers"] == 4  # C1, C2, C9 and Zoe
    assert kpis["units"] == Decimal("12.5")
    assert kpis["revenue"] == Decimal("23.723204278")
    assert kpis["average_order_value"] == Decimal("3.953867380")
    assert (kpis["first_sale_date"], kpis["last_sale_date"]) == (date(2024, 1, 5), date(2024, 2, 12))
    assert kpis["as_of"].isoformat() == "2024-02-11T09:00:00+00:00"  # of the last settlement, whatever the clock said


def growth(after: Decimal, before: Decimal) -> Decimal:
    return ((after - before) / before).quantize(Decimal("1e-9"))


def revenue(duck: Duck, first: date, last: date) -> Decimal:
    value: Decimal = row(duck, "kpis", filters=Filters(first, last))[0]["revenue"]
    return value


def test_growth_compares_the_reported_days_of_a_month_with_the_same_days_of_the_one_before(filled: Duck) -> None:
    (february,) = row(filled, "kpis", filters=FEBRUARY)
    reported = february["revenue"], revenue(filled, date(2024, 1, 1), date(2024, 1, 12))
    assert february["revenue_growth"] == growth(*reported)
    assert february["orders_growth"] == Decimal(1)  # 4 sales after 2
    (january,) = row(filled, "kpis", filters=Filters(date(2024, 1, 1), date(2024, 1, 31)))
    assert january["revenue_growth"] is None  # nothing in December, which begins before the first reported day


@pytest.mark.parametrize(
    ("name", "start", "params"),
    [("sales-over-time", "period_start", {"period": "monthly"}), ("monthly-trends", "month", {})],
)
def test_an_unfinished_month_of_a_list_is_compared_with_the_same_days(
    filled: Duck, name: str, start: str, params: dict[str, str]
) -> None:
    def of_february(first: date, last: date) -> Decimal | None:
        text, values = compose_query(
            name, UNRESTRICTED, Filters(), QueryContext(ReportedDays(first, last), "USD"), **params
        )
        before_by_month: dict[date, Decimal | None] = {
            line[start]: line["revenue_growth"] for line in filled.query(text, values).to_pylist()
        }
        return before_by_month[date(2024, 2, 1)]

    whole = revenue(filled, date(2024, 2, 1), date(2024, 2, 29))
    fifth = growth(whole, revenue(filled, date(2024, 1, 1), date(2024, 1, 5)))
    january = growth(whole, revenue(filled, date(2024, 1, 1), date(2024, 1, 31)))
    assert fifth != january
    assert of_february(date(2024, 1, 1), date(2024, 2, 29)) == january
    assert of_february(date(2024, 1, 1), date(2024, 2, 5)) == fifth
    assert of_february(date(2024, 1, 2), date(2024, 2, 29)) is None  # January is not whole


def test_the_same_money_has_one_total_however_it_is_grouped(filled: Duck) -> None:
    (kpis,) = row(filled, "kpis")
    for name in ("sales-by-category", "sales-by-country", "sales-by-region", "sales-by-channel", "sales-by-store"):
        groups = row(filled, name)
        assert abs(sum(group["revenue"] for group in groups) - kpis["revenue"]) < Decimal("1e-8")
        assert sum(group["lines"] for group in groups) == kpis["lines"]


def test_the_page_of_sale_lines_has_the_provenance_of_the_view(filled: Duck) -> None:
    page = row(filled, "sale-lines")
    view = filled.query("SELECT * FROM sale_lines ORDER BY sale_date DESC, region, sale_id, line_key").to_pylist()
    assert page == view


def test_pages_together_are_the_whole(filled: Duck) -> None:
    pages = [line for offset in range(0, 9, 2) for line in row(filled, "sale-lines", limit=2, offset=offset)]
    whole = row(filled, "sale-lines")
    assert sorted(pages, key=repr) == sorted(whole, key=repr)


def test_changes_give_the_new_content_and_for_removed_lines_the_old(filled: Duck) -> None:
    assert [(c["kind"], c["sale_id"], c["net_amount"]) for c in row(filled, "changes", settlement_no=4)] == [
        ("removed", "U/5", Decimal(10))
    ]
    corrected = [c for c in row(filled, "changes", settlement_no=3) if c["kind"] == "corrected"]
    assert [c["net_amount"] for c in corrected] == [Decimal("150.000000005")]


def test_a_settlement_that_only_adds_is_listed_by_its_new_versions(filled: Duck) -> None:
    changes = [
        (c["settlement_no"], c["kind"], c["sale_id"], c["net_amount"]) for c in row(filled, "changes", settlement_no=2)
    ]
    assert changes == [(2, "added", "S2/3", Decimal(70))]
    view = filled.query("SELECT key, kind, old, `new` FROM changes WHERE settlement_no = 2").to_pylist()
    assert view == [{"key": 14, "kind": "added", "old": None, "new": 104}]


@pytest.mark.parametrize("counts", ["all", "active", "orders", "cancelled", "pending", "returned", "unconverted"])
def test_each_chosen_line_is_in_one_upload_of_those_included(filled: Duck, counts: str) -> None:
    provenance = filled.query("SELECT status, batch_id, currency FROM sale_lines").to_pylist()
    chosen = {
        "all": lambda line: True,
        "active": lambda line: line["status"] != "cancelled",
        "orders": lambda line: line["status"] in {"completed", "pending"},
        "unconverted": lambda line: line["currency"] == "EUR",
    }.get(counts, lambda line: line["status"] == counts)
    uploads = row(filled, "included-uploads", counts=counts)
    assert sum(upload["lines"] for upload in uploads) == sum(map(chosen, provenance))
    if counts in {"all", "active"}:
        total = sum(upload["revenue"] for upload in uploads)
        assert abs(total - row(filled, "kpis")[0]["revenue"]) < Decimal("1e-8")
    fixed = {"b2": "b1", "b7": "b6"}
    assert {u["batch_id"] for u in uploads} == {
        fixed.get(p["batch_id"], p["batch_id"]) for p in provenance if chosen(p)
    }


def test_the_rows_that_wait_are_those_of_the_quarantine(filled: Duck) -> None:
    waiting = filled.query("SELECT region, batch_id FROM quarantine").to_pylist()
    by_region = {r["region"]: (r["refused_rows"], r["uploads"]) for r in row(filled, "refused-rows")}
    assert by_region == {
        region: (
            sum(w["region"] == region for w in waiting),
            len({w["batch_id"] for w in waiting if w["region"] == region}),
        )
        for region in {w["region"] for w in waiting}
    }


def test_the_rows_to_fix_of_an_upload_are_those_of_its_quarantine(filled: Duck) -> None:
    waiting = filled.query("SELECT batch_id, COUNT(*) AS refused_rows FROM quarantine GROUP BY batch_id").to_pylist()
    assert waiting
    assert {r["batch_id"]: r["refused_rows"] for r in row(filled, "rows-to-fix")} == {
        w["batch_id"]: w["refused_rows"] for w in waiting
    }
