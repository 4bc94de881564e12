"""The query layer: what each role sees, filters read from text, personal columns kept back, answers kept for the dashboard."""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest
from sample_ledger import SAMPLE_LEDGER
from sample_parameters import QUERY_PARAMETERS

from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.analytics import line_export
from tillstream.analytics.filters import Filters, PeriodComparison
from tillstream.analytics.queries import Forbidden, read_comparison, run_query, stream_query
from tillstream.analytics.query_cache import QueryCache
from tillstream.analytics.query_catalogue import describe_query, query_names
from tillstream.model.columns import PERSONAL
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.people import UNRESTRICTED, Scope, scope_of
from tillstream.model.permissions import PERMISSIONS, Action, Role
from tillstream.model.tables.warehouse_tables import TABLES
from tillstream.ports.warehouse import Warehouse

ANALYST = scope_of(Role.ANALYST)


def fill(warehouse: Warehouse) -> None:
    for table, rows in SAMPLE_LEDGER.items():
        fields = [field.name for field in TABLES[table]]
        warehouse.replace_table(
            table, pa.table({name: list(cells) for name, cells in zip(fields, zip(*rows, strict=True), strict=True)})
        )


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    filled = DuckDBWarehouse(":memory:", threads=1)
    fill(filled)
    yield filled
    filled.close()


def kpis(warehouse: Warehouse, scope: Scope = UNRESTRICTED, **filters: str | list[str]) -> dict[str, object]:
    row: dict[str, object] = run_query(warehouse, "kpis", scope, Filters.parse(filters)).to_pylist()[0]
    return row


def test_a_manager_sees_only_the_own_regions_and_stores(warehouse: Warehouse) -> None:
    assert kpis(warehouse, scope_of(Role.MANAGER, ("IN",)))["lines"] == 5
    assert kpis(warehouse, scope_of(Role.MANAGER, ("IN",), ("S1",)))["lines"] == 3
    assert kpis(warehouse, scope_of(Role.MANAGER, ("UK",), ("S1",)))["lines"] == 0


def test_a_salesperson_sees_only_the_own_sales(warehouse: Warehouse) -> None:
    assert kpis(warehouse, scope_of(Role.SALESPERSON, ("IN",), ("S1",), "P1"))["lines"] == 2
    assert kpis(warehouse, scope_of(Role.SALESPERSON, ("UK",), (), "P1"))["lines"] == 3
    assert kpis(warehouse, scope_of(Role.SALESPERSON, ("IN",)))["lines"] == 0


@pytest.mark.parametrize(
    ("filters", "orders"),
    [({}, 6), ({"category": "Veg"}, 2), ({"product": "B"}, 1), ({"store": "S2"}, 2), ({"country": "France"}, 2)],
)
def test_orders_are_the_sales_with_a_chosen_line(
    warehouse: Warehouse, filters: dict[str, str | list[str]], orders: int
) -> None:
    assert kpis(warehouse, **filters)["orders"] == orders


def test_a_filter_never_widens_a_scope(warehouse: Warehouse) -> None:
    scope = scope_of(Role.CLERK, ("UK",))
    assert kpis(warehouse, scope, region="IN")["lines"] == 0
    assert kpis(warehouse, scope, region=["IN", "UK"])["lines"] == kpis(warehouse, scope)["lines"] == 4


def test_a_user_without_a_scope_sees_nothing(warehouse: Warehouse) -> None:
    for role in (Role.MANAGER, Role.CLERK, Role.SALESPERSON):
        assert kpis(warehouse, scope_of(role))["lines"] == 0


@pytest.mark.parametrize(
    ("filters", "lines"),
    [
        ({"from": "2024-01-06", "to": "2024-02-01"}, 4),
        ({"from": "2024-02-12"}, 2),
        ({"to": "2024-01-05"}, 2),
        ({"status": "cancelled"}, 1),
        ({"status": ["completed", "pending"]}, 7),
        ({"store": "S2"}, 2),
        ({"category": "Fruit"}, 3),
        ({"product": "A"}, 3),
        ({"channel": "online"}, 2),
        ({"salesperson": "P1"}, 5),
        ({"country": ["India", "France"]}, 6),
        ({"country": "", "store": []}, 9),
        ({"category": "Fruit' OR TRUE --"}, 0),
    ],
)
def test_filters_choose_lines(warehouse: Warehouse, filters: dict[str, str | list[str]], lines: int) -> None:
    assert kpis(warehouse, **filters)["lines"] == lines


@pytest.mark.parametrize(
    ("filters", "says"),
    [
        ({"from": "31.01.2024"}, "write a day in the format 2026-01-31"),
        ({"from": "2024-02-02", "to": "2024-02-01"}, "ends before it begins"),
        ({"to": ["2024-02-02", "2024-02-01"]}, "one day"),
        ({"status": "lost"}, "no status lost"),
        ({"colour": "red"}, "no filter colour"),
    ],
)
def test_a_wrong_filter_is_refused_in_words(filters: dict[str, str | list[str]], says: str) -> None:
    with pytest.raises(Rejected, match=says):
        Filters.parse(filters)


def test_a_day_after_the_last_settlement_is_no_reported_day() -> None:
    """With a sale mistyped as 2091, growth still compares through the last plausible day."""
    with closing(DuckDBWarehouse(":memory:", threads=1)) as warehouse:
        fill(warehouse)
        february = Filters.parse({"from": "2024-02-05", "to": "2024-02-29"})
        expected = PeriodComparison(date(2024, 2, 5), date(2024, 2, 12), date(2024, 1, 11), date(2024, 1, 18), cut=True)
        assert read_comparison(warehouse, UNRESTRICTED, february) == expected
        (line,) = warehouse.query("SELECT * FROM sale_versions WHERE sale_id = 'U/9'").to_pylist()
        warehouse.upsert(
            "sale_versions", pa.Table.from_pylist([line | {"key": 99, "sale_date": date(2091, 1, 1)}]), ["key"]
        )
        assert kpis(warehouse)["last_sale_date"] == date(2091, 1, 1)
        assert read_comparison(warehouse, UNRESTRICTED, february) == expected


def test_how_far_a_region_has_reported_is_its_own(warehouse: Warehouse) -> None:
    whole = {"from": "2024-02-06", "to": "2024-03-31"}
    assert read_comparison(warehouse, UNRESTRICTED, Filters.parse(whole)) is None  # 55 days before are from 2023
    week = {"from": "2024-02-08", "to": "2024-02-14"}
    both = read_comparison(warehouse, UNRESTRICTED, Filters.parse(week))
    assert both is not None
    assert both.end == date(2024, 2, 12)
    assert read_comparison(warehouse, UNRESTRICTED, Filters.parse(week | {"region": "IN"})) is None
    assert read_comparison(warehouse, scope_of(Role.MANAGER, ("IN",)), Filters.parse(week)) is None


@pytest.mark.parametrize("name", query_names())
def test_who_may_not_see_personal_data_never_gets_it(warehouse: Warehouse, name: str) -> None:
    params = {p.name: QUERY_PARAMETERS[p.name] for p in describe_query(name).parameters if p.default is None}
    try:
        answer = run_query(warehouse, name, ANALYST, **params)
    except Forbidden:
        assert describe_query(name).needs not in PERMISSIONS[Role.ANALYST]
        return
    assert not set(answer.column_names) & (PERSONAL | {"customer"})
    streamed = list(stream_query(warehouse, name, ANALYST, **params))
    assert all(batch.schema.names == answer.column_names for batch in streamed)
    assert sum(batch.num_rows for batch in streamed) == answer.num_rows


def test_an_analyst_counts_customers_but_cannot_list_or_choose_people(warehouse: Warehouse) -> None:
    assert kpis(warehouse, ANALYST)["customers"] == 4
    for name in ("top-customers", "salespeople"):
        with pytest.raises(Forbidden):
            run_query(warehouse, name, ANALYST)
    with pytest.raises(Forbidden):
        run_query(warehouse, "kpis", ANALYST, Filters(salesperson=("P1",)))


@pytest.mark.parametrize("name", ["receipts", "receipt", "receipt-amounts", "quarantine"])
def test_uploads_are_seen_in_the_own_regions_only(warehouse: Warehouse, name: str) -> None:
    params = {} if name == "receipts" else {"batch_id": "b1"}
    clerk = scope_of(Role.CLERK, ("IN",))
    assert run_query(warehouse, name, clerk, **params).num_rows > 0
    other = run_query(warehouse, name, scope_of(Role.CLERK, ("UK",)), **params).to_pylist()
    assert [row["batch_id"] for row in other] == (["b6", "b5"] if name == "receipts" else [])
    with pytest.raises(Forbidden):
        run_query(warehouse, name, scope_of(Role.SALESPERSON, ("IN",), (), "P1"), **params)


def test_what_reads_the_whole_warehouse_is_for_administrators(warehouse: Warehouse) -> None:
    with pytest.raises(Forbidden):
        run_query(warehouse, "changes", scope_of(Role.MANAGER, ("IN",)), settlement_no=3)


def test_unknown_names_and_parameters_are_refused(warehouse: Warehouse) -> None:
    with pytest.raises(NotFound, match="no query nonsense"):
        run_query(warehouse, "nonsense", UNRESTRICTED)
    with pytest.raises(Rejected, match="no parameter speed"):
        run_query(warehouse, "kpis", UNRESTRICTED, speed="3")
    with pytest.raises(Rejected, match="allowed values are daily, weekly"):
        run_query(warehouse, "sales-over-time", UNRESTRICTED, period="hourly")
    with pytest.raises(Rejected, match="not a whole number"):
        run_query(warehouse, "top-customers", UNRESTRICTED, limit="many")
    with pytest.raises(Rejected, match="0 or more"):
        run_query(warehouse, "top-customers", UNRESTRICTED, limit="-1")
    with pytest.raises(Rejected, match="batch_id is required"):
        run_query(warehouse, "receipt", UNRESTRICTED)


def test_text_parameters_are_read_as_their_type(warehouse: Warehouse) -> None:
    assert run_query(warehouse, "top-customers", UNRESTRICTED, limit="1").to_pylist()[0]["customer"] == "C9"


def test_a_kept_answer_lasts_until_the_next_settlement(warehouse: Warehouse) -> None:
    cache = QueryCache()
    first = run_query(warehouse, "kpis", UNRESTRICTED, cache=cache)
    assert run_query(warehouse, "kpis", UNRESTRICTED, cache=cache) is first
    assert run_query(warehouse, "kpis", scope_of(Role.MANAGER, ("IN",)), cache=cache) is not first
    in_rupees = run_query(warehouse, "kpis", UNRESTRICTED, Filters(currency="INR"), cache=cache)
    assert (in_rupees["currency"][0].as_py(), first["currency"][0].as_py()) == ("INR", "USD")
    assert run_query(warehouse, "kpis", UNRESTRICTED, Filters(currency="USD"), cache=cache) is first
    cache.clear()
    assert run_query(warehouse, "kpis", UNRESTRICTED, cache=cache) is not first
    later = pa.table(
        {
            "settlement_no": [5],
            "settled_at": first.column("as_of"),
            "request_id": ["e"],
            "added": [0],
            "corrected": [0],
            "removed": [0],
            "only_adds": [False],
        }
    )
    warehouse.upsert("settlements", later, ["settlement_no"])
    assert run_query(warehouse, "kpis", UNRESTRICTED, cache=cache) is not first


def test_the_kept_answers_have_a_limit() -> None:
    cache = QueryCache(limit=1000)
    small = pa.table({"x": list(range(30))})  # 240 bytes
    for key in "abcd":
        cache.put(key, small)
    cache.get("a")
    cache.put("e", small)
    assert [key for key in "abcde" if cache.get(key) is not None] == ["a", "c", "d", "e"]
    cache.put("large", pa.table({"x": list(range(100))}))
    assert cache.get("large") is None


def test_analysts_and_managers_share_a_kept_answer_but_not_its_personal_columns(warehouse: Warehouse) -> None:
    cache = QueryCache()
    whole = run_query(warehouse, "sale-lines", UNRESTRICTED, cache=cache)
    assert set(whole.column_names) >= PERSONAL
    assert not set(run_query(warehouse, "sale-lines", ANALYST, cache=cache).column_names) & PERSONAL


@pytest.mark.parametrize("at_once", [1, 2, 3, 100])
def test_every_line_comes_once_and_in_order_however_few_are_sorted_together(warehouse: Warehouse, at_once: int) -> None:
    streamed = [
        row
        for batch in line_export.export_lines(warehouse, UNRESTRICTED, Filters(), at_once=at_once)
        for row in batch.to_pylist()
    ]
    page = run_query(warehouse, "sale-lines", UNRESTRICTED).to_pylist()
    assert [row["sale_id"] for row in streamed] == [row["sale_id"] for row in page]
    assert [{name: row[name] for name in page[0]} for row in streamed] == page
    nothing = list(line_export.export_lines(warehouse, UNRESTRICTED, Filters(region=("nowhere",)), at_once=at_once))
    assert [batch.num_rows for batch in nothing] == [0]


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize(("limit", "offset"), [(1, 0), (2, 1), (3, 3), (4, 5), (100, 0), (5, 8), (5, 99)])
def test_a_page_that_reads_its_own_days_only_is_the_page(
    warehouse: Warehouse, limit: int, offset: int, *, descending: bool
) -> None:
    options = {"sort": "sale_date", "limit": limit, "offset": offset}
    for filters in (Filters(), Filters(date(2024, 1, 6), status=("completed", "pending"))):
        expected = run_query(warehouse, "lines-page", UNRESTRICTED, filters, descending=int(descending), **options)
        page = line_export.lines_page(
            warehouse, UNRESTRICTED, filters, sort="sale_date", descending=descending, limit=limit, offset=offset
        )
        assert page.to_pylist() == expected.to_pylist()


def test_every_header_is_understood() -> None:
    for name in query_names():
        query = describe_query(name)
        assert query.description.endswith("."), name
        used = set(
            re.findall(r"@(\w+)", "\n".join(line for line in query.text.splitlines() if not line.startswith("--")))
        )
        assert used == {p.name for p in query.parameters}, name
        assert all(p.value(None) is not None for p in query.parameters if p.default)


def test_the_figures_of_money_are_decimals(warehouse: Warehouse) -> None:
    assert isinstance(kpis(warehouse)["revenue"], Decimal)
    assert Action.SEE_PERSONAL not in PERMISSIONS[Role.ANALYST]
