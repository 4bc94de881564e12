"""Queries of a catalogue: names, codes that it lacks, prices far from its list, and who sees which."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sample_ledger import SALES_OF_CATALOGUE, SAMPLE_CATALOGUE, SAMPLE_LEDGER
from test_catalogue_margins import write

from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.analytics.filters import Filters
from tillstream.analytics.queries import run_query
from tillstream.analytics.query_cache import QueryCache
from tillstream.model.people import UNRESTRICTED, Scope, scope_of
from tillstream.model.permissions import Role
from tillstream.model.tables.warehouse_tables import TABLES
from tillstream.ports.warehouse import Warehouse


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    with closing(DuckDBWarehouse(":memory:", threads=1)) as filled:
        changes = {"catalogue_changes": [("first", datetime(2024, 2, 1, tzinfo=UTC))]}
        for table, rows in (SAMPLE_LEDGER | SAMPLE_CATALOGUE | SALES_OF_CATALOGUE | changes).items():
            write(filled, table, list(rows))
        yield filled


def rows(warehouse: Warehouse, name: str, scope: Scope = UNRESTRICTED, **params: Any) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = run_query(warehouse, name, scope, **params).to_pylist()
    return listed


def test_a_code_that_the_catalogue_lacks_is_listed_with_its_evidence(warehouse: Warehouse) -> None:
    assert rows(warehouse, "unknown-codes") == [
        {
            "code": "N",
            "region": "UK",
            "name": "Nut",
            "category": None,
            "usual_price": Decimal(4),
            "currency": "GBP",
            "lines": 3,
            "first_sale_date": date(2024, 1, 5),
            "last_sale_date": date(2024, 1, 9),
            "stores": "U, V",
            "store_count": 2,
            "kind": "product",
            "salesperson_count": 0,
            "store_ids": None,
        }
    ]


def unlisted(warehouse: Warehouse, kind: str, scope: Scope = UNRESTRICTED) -> list[tuple[Any, ...]]:
    columns = ("region", "code", "currency", "lines", "stores", "store_ids", "salesperson_count")
    return [tuple(row[one] for one in columns) for row in rows(warehouse, "unknown-codes", scope, kind=kind)]


@pytest.fixture
def with_sellers(warehouse: Warehouse) -> Iterator[Warehouse]:
    """The sales of V are of the salesperson P2, all others of P1; the catalogue has P1 in the region IN."""
    versions = list(SALES_OF_CATALOGUE["sale_versions"])
    names = [field.name for field in TABLES["sale_versions"]]
    store, seller = names.index("store_id"), names.index("salesperson_id")
    sold = [(*row[:seller], "P2" if row[store] == "V" else "P1", *row[seller + 1 :]) for row in versions]
    write(warehouse, "sale_versions", sold)
    yield warehouse
    write(warehouse, "sale_versions", versions)


def test_stores_that_the_catalogue_lacks_are_listed_with_their_evidence(with_sellers: Warehouse) -> None:
    assert unlisted(with_sellers, "store") == [
        ("UK", "U", "GBP", 4, "U", None, 1),
        ("IN", "S2", "INR", 2, "S2", None, 1),
        ("UK", "V", "GBP", 1, "V", None, 1),
    ]
    assert [row[1] for row in unlisted(with_sellers, "store", scope_of(Role.MANAGER, ("IN",)))] == ["S2"]
    assert unlisted(with_sellers, "store", scope_of(Role.MANAGER, ("IN",), ("S1",))) == []


def test_a_salesperson_of_another_region_is_another_one_and_is_listed_with_their_stores(
    with_sellers: Warehouse,
) -> None:
    assert unlisted(with_sellers, "salesperson") == [
        ("UK", "P1", "GBP", 4, "U", "U", 1),
        ("UK", "P2", "GBP", 1, "V", "V", 1),
    ]
    assert unlisted(with_sellers, "salesperson", scope_of(Role.ANALYST)) == []
    every = {(row["kind"], row["code"]) for row in rows(with_sellers, "unknown-codes", kind="all")}
    stores = {("store", code) for code in ("U", "S2", "V")}
    assert every == {("product", "N"), ("salesperson", "P1"), ("salesperson", "P2")} | stores


def test_unknown_codes_are_those_of_the_visible_sales(warehouse: Warehouse) -> None:
    assert rows(warehouse, "unknown-codes", scope_of(Role.MANAGER, ("IN",))) == []
    (only,) = rows(warehouse, "unknown-codes", scope_of(Role.MANAGER, ("UK",), ("V",)))
    assert (only["lines"], only["name"], only["stores"]) == (1, "Nuts", "V")


def test_without_any_product_no_code_is_unknown() -> None:
    with closing(DuckDBWarehouse(":memory:", threads=1)) as empty:
        for table, listed in (SAMPLE_LEDGER | SALES_OF_CATALOGUE | {"catalogue_products": []}).items():
            write(empty, table, list(listed))
        assert rows(empty, "unknown-codes") == []


def test_prices_far_from_the_list_are_those_of_the_region_and_day_in_the_currency_of_the_line(
    warehouse: Warehouse,
) -> None:
    listed = {row["sale_id"]: (row["list_price"], row["difference"]) for row in rows(warehouse, "prices-off-list")}
    assert listed == {
        "S1/42": (Decimal(50), Decimal("0.22")),
        "S2/43": (Decimal(50), Decimal("-0.4")),
        "U/45": (Decimal("3.81"), Decimal("0.666666667")),
    }
    assert len(rows(warehouse, "prices-off-list", share="0.3")) == 2
    assert len(rows(warehouse, "prices-off-list", scope_of(Role.MANAGER, ("IN",), ("S1",)))) == 1


def test_a_price_list_in_a_second_currency_lists_no_line_twice(warehouse: Warehouse) -> None:
    ids = [row["sale_id"] for row in rows(warehouse, "prices-off-list", share="0")]
    assert len(ids) == len(set(ids)) > 3


def test_the_lines_whose_cost_the_catalogue_decides_are_summed_by_day_and_currency(warehouse: Warehouse) -> None:
    listed = rows(warehouse, "cost-effect", product="APPLE", cost_currency="XXX", since=date(2024, 2, 1))
    of_day = [row for row in listed if row["sale_date"] == date(2024, 2, 1) and row["currency"] == "INR"]
    assert [row["cost_currency"] for row in of_day] == ["INR", "USD", "XXX"]
    assert len({(row["lines"], row["units"], row["net"]) for row in of_day}) == 1
    rates = {row["cost_currency"]: row["rate"] for row in of_day}
    assert rates["INR"] == 1
    assert rates["USD"] > 1
    assert rates["XXX"] is None
    assert rows(warehouse, "cost-effect", product="N", cost_currency="USD", since=date(2024, 1, 8))[0]["lines"] == 1


def test_a_group_has_the_latest_name_and_a_line_that_of_its_day(warehouse: Warehouse) -> None:
    names = {row["product"]: row["product_name"] for row in rows(warehouse, "sales-by-product")}
    assert (names["APPLE"], names["N"]) == ("Red-Apple", "Nut")
    by_day = {(row["sale_id"], row["catalogue_name"]) for row in rows(warehouse, "lines-page")}
    assert {("S1/41", "Red-Apple"), ("U/46", "Date"), ("U/51", None)} <= by_day
    assert rows(warehouse, "product-search", text="red-") == [
        {"product_id": "APPLE", "product_name": "Red-Apple", "lines": 4}
    ]


def test_names_of_stores_and_salespeople_are_those_in_the_scope(warehouse: Warehouse) -> None:
    store, person = {"region": "IN", "code": "S1", "name": "Market"}, {"region": "IN", "code": "P1", "name": "Priya"}
    assert rows(warehouse, "catalogue-names") == [store]
    assert rows(warehouse, "catalogue-names", kind="salesperson") == [person]
    assert rows(warehouse, "catalogue-names", scope_of(Role.MANAGER, ("UK",))) == []
    assert rows(warehouse, "catalogue-names", scope_of(Role.MANAGER, ("IN",), ("S2",))) == []
    assert rows(warehouse, "catalogue-names", scope_of(Role.ANALYST), kind="salesperson") == []
    assert rows(warehouse, "catalogue-names", scope_of(Role.SALESPERSON, ("IN",), (), "P2"), kind="salesperson") == []


def test_a_filter_and_the_lines_of_a_change_follow_an_alias(warehouse: Warehouse) -> None:
    lines = run_query(warehouse, "lines-page", UNRESTRICTED, Filters(product=("APPLE",))).to_pylist()
    assert {line["product_id"] for line in lines} == {"A"}
    assert run_query(warehouse, "lines-page", UNRESTRICTED, Filters(product=("A",))).num_rows == 0
    sales = run_query(warehouse, "find-sales", UNRESTRICTED, Filters(product=("APPLE",)), text="S1/4").to_pylist()
    assert [sale["sale_id"] for sale in sales] == ["S1/41", "S1/42"]


def test_salespeople_see_no_costs_of_the_catalogue(warehouse: Warehouse) -> None:
    (row,) = rows(warehouse, "headline", scope_of(Role.SALESPERSON, ("IN",), (), "P1"))
    assert not {"cost", "margin", "catalogue_revenue", "catalogue_coverage"} & set(row)


def test_cached_answers_are_not_used_after_a_change_of_the_catalogue(warehouse: Warehouse) -> None:
    cache = QueryCache()

    def margin() -> Any:
        return run_query(warehouse, "headline", UNRESTRICTED, cache=cache).to_pylist()[0]["cost"]

    before = margin()
    write(warehouse, "dim_product_cost", [])
    assert margin() == before
    changed_at = datetime(2024, 2, 2, tzinfo=UTC)
    write(warehouse, "catalogue_changes", [("first", changed_at), ("second", changed_at)])
    assert (before, margin()) == (before, None)
    assert before is not None
    write(warehouse, "dim_product_cost", list(SAMPLE_CATALOGUE["dim_product_cost"]))
