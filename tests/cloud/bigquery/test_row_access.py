"""What each role sees in BigQuery by its own row access policies is what the query layer shows the same person."""

import base64
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from typing import Any

import pyarrow as pa
import pytest
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from sample_ledger import SAMPLE_CATALOGUE, SAMPLE_LEDGER

import sql
from devtools.emulators import PROJECT, Emulator
from sql import row_access
from tillstream.adapters.google.bigquery.dataset import Dataset
from tillstream.adapters.google.bigquery.reporting_views import ReportingDataset, publish
from tillstream.adapters.google.bigquery.tables import FIELDS, FLAGS, SALE_VERSIONS, STORED
from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.analytics.filters import Filters
from tillstream.analytics.queries import run_query
from tillstream.forecasting.levels import LEVELS_OF_TARGETS
from tillstream.model.permissions import Action, Role
from tillstream.model.tables.warehouse_tables import TABLES
from tillstream.people import warehouse_scopes
from tillstream.people.account_store import User

pytestmark = pytest.mark.long  # each query takes the emulator a second or more: it unfolds views of views
BASE, SHOWN = "row_access", "row_access_reports"
ACCOUNT = "serviceAccount:settle@demo.iam.gserviceaccount.com"
NOW = datetime(2024, 2, 20, tzinfo=UTC)
TYPES = {"hash128": "BYTES", "hash64": "INT64"}
PEOPLE = tuple(
    User(f"{name}@shop.example", name, role, regions, stores, salesperson, False, False, "", "", "")
    for name, role, regions, stores, salesperson in (
        ("admin", Role.ADMIN, (), (), None),
        ("manager", Role.MANAGER, ("IN",), (), None),
        ("manager-of-stores", Role.MANAGER, ("IN", "UK"), ("S1", "U"), None),
        ("clerk", Role.CLERK, ("UK",), (), None),
        ("salesperson", Role.SALESPERSON, ("IN",), ("S1",), "P1"),
        ("nobody", Role.SALESPERSON, ("IN",), (), None),
        ("analyst", Role.ANALYST, (), (), None),
        ("analyst-of-a-region", Role.ANALYST, ("UK",), (), None),
    )
)
_NAMES = [field.name for field in FIELDS[STORED]]


def _in_india(row: Sequence[Any]) -> tuple[Any, ...]:
    """A forecast of the sample for a category in a store of another region."""
    names = [field.name for field in TABLES["forecasts"]]
    place = {"level": "store_category", "region": "IN", "store_id": "S1", "category": "Toys"}
    return tuple((dict(zip(names, row, strict=True)) | place).values())


LEDGER = SAMPLE_LEDGER | {
    SALE_VERSIONS: [
        tuple((dict(zip(_NAMES, row, strict=True)) | {"unit_cost": Decimal("2.5")}).values())
        for row in SAMPLE_LEDGER[SALE_VERSIONS]
    ],
    **{name: SAMPLE_CATALOGUE[name] for name in ("dim_product_cost", "catalogue_stores", "catalogue_salespeople")},
    "forecasts": [*SAMPLE_LEDGER["forecasts"], *map(_in_india, SAMPLE_LEDGER["forecasts"])],
    "forecast_accuracy": [("revenue", "total", None, "mae", None, None, Decimal(2), 9, NOW)],
}
"""The sample with unit costs of lines and of the catalogue; with stores, salespeople, forecasts of two regions."""
QueryAs = Callable[..., list[dict[str, Any]]]


def client(emulator: Emulator, caller: str) -> bigquery.Client:
    api_client = bigquery.Client(
        PROJECT,
        AnonymousCredentials(),
        client_options=ClientOptions(api_endpoint=emulator.variables["TILLSTREAM_BIGQUERY_API"]),
    )
    api_client._http.headers["X-Bqemu-Caller"] = caller
    return api_client


@pytest.fixture(scope="module")
def query_as(bigquery: Emulator) -> Iterator[QueryAs]:
    """query_as(caller, SELECT) → rows, of the sample tables with their policies."""
    owner = client(bigquery, ACCOUNT)
    owner.create_dataset(BASE)
    content = {**LEDGER, warehouse_scopes.USER_SCOPES_TABLE: warehouse_scopes.scope_rows_of_users(PEOPLE)}
    content |= {"day_sums": _day_sums()}
    content |= _stored_and_flags(content.pop(SALE_VERSIONS))
    for table, fields in FIELDS.items():
        _fill(owner, table, [field.name for field in fields], content.get(table, []))
    for name, text in sql.views(sql.BIGQUERY_VIEWS):
        _view(owner, f"{BASE}.{name}", text.partition(f"VIEW {name} AS\n")[2])
    reached = Dataset(PROJECT, BASE, "EU", api=bigquery.variables["TILLSTREAM_BIGQUERY_API"])
    reached.client._http.headers["X-Bqemu-Caller"] = ACCOUNT
    publish(reached, ReportingDataset(SHOWN, ["domain:shop.example"], [ACCOUNT]))

    def ask(caller: str, text: str) -> list[dict[str, Any]]:
        return [dict(row.items()) for row in client(bigquery, caller).query(text).result()]

    yield ask
    for dataset in (BASE, SHOWN):
        owner.delete_dataset(dataset, delete_contents=True)


def _day_sums() -> list[tuple[Any, ...]]:
    with closing(_filled()) as warehouse:
        warehouse.refresh_totals()
        names = ", ".join(field.name for field in FIELDS["day_sums"])
        rows = warehouse.query(f"SELECT {names} FROM day_sums").to_pylist()
    return [tuple(row.values()) for row in rows]


def _filled() -> DuckDBWarehouse:
    warehouse = DuckDBWarehouse(":memory:", threads=1)
    for table, rows in LEDGER.items():
        names = [field.name for field in TABLES[table]]
        warehouse.replace_table(table, pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))))
    return warehouse


def _stored_and_flags(versions: Any) -> dict[str, Any]:
    """Stored versions with other flags, and the rows that correct them, after a row that does not count."""
    names = [field.name for field in FIELDS[STORED]]
    lines = [dict(zip(names, row, strict=True)) for row in versions]
    stored = [line | {"is_current": not line["is_current"], "leads": 2} for line in lines]
    flags = [line | {"settlement_no": 9} for line in lines] + [line | {"settlement_no": 8} for line in stored]
    return {
        STORED: [tuple(line.values()) for line in stored],
        FLAGS: [tuple(line[field.name] for field in FIELDS[FLAGS]) for line in flags],
    }


def _fill(owner: bigquery.Client, table: str, names: list[str], rows: Any) -> None:
    kinds = {field.name: str(field.kind) for field in FIELDS[table]}
    schema = [
        bigquery.SchemaField(name, TYPES.get(kinds[name], kinds[name].replace("JSON", "STRING"))) for name in names
    ]
    table_resource = owner.create_table(bigquery.Table(f"{PROJECT}.{BASE}.{table}", schema))
    if rows:
        json_rows = [{n: _plain(kinds[n], value) for n, value in zip(names, row, strict=True)} for row in rows]
        assert owner.insert_rows_json(table_resource, json_rows, timeout=30) == []


def _plain(kind: str, value: Any) -> Any:
    """As JSON has it."""
    if value is None or isinstance(value, str | bool):
        return value
    if kind == "hash128":
        return base64.b64encode(value.to_bytes(16, "big")).decode()
    return value if isinstance(value, int) else value.isoformat() if hasattr(value, "isoformat") else str(value)


def _view(owner: bigquery.Client, name: str, text: str) -> None:
    """The names with the dataset of the tables, because a view needs full names."""
    names = "|".join([*FIELDS, *(view for view, _ in sql.views(sql.BIGQUERY_VIEWS))])
    view = bigquery.Table(f"{PROJECT}.{name}")
    view.view_query = re.sub(rf"\b(FROM|JOIN) ({names})\b", rf"\1 `{PROJECT}.{BASE}.\2`", text)
    owner.create_table(view)


@pytest.fixture(scope="module")
def local() -> Iterator[DuckDBWarehouse]:
    """The same rows behind the query layer."""
    with closing(_filled()) as warehouse:
        yield warehouse


each = pytest.mark.parametrize("user", PEOPLE, ids=lambda user: user.name)
LINES = f"SELECT region, sale_id, line_key, net_amount FROM `{SHOWN}.sales` ORDER BY region, sale_id, line_key"


@each
def test_a_person_sees_the_lines_that_the_query_layer_shows(
    query_as: QueryAs, local: DuckDBWarehouse, user: User
) -> None:
    shown = run_query(local, "sale-lines", user.scope, Filters()).to_pylist()
    expected = sorted((row["region"], row["sale_id"], row["line_key"], row["net_amount"]) for row in shown)
    assert [tuple(row.values()) for row in query_as(f"user:{user.login}", LINES)] == expected
    unsettled = query_as(f"user:{user.login}", f"SELECT DISTINCT sale_id FROM `{SHOWN}.live_sales`")
    own = run_query(local, "unsettled-sales", user.scope, Filters()).column("sale_id").to_pylist()
    assert sorted(row["sale_id"] for row in unsettled) == sorted(own)


@each
def test_who_may_not_see_people_finds_none_in_any_report(query_as: QueryAs, local: DuckDBWarehouse, user: User) -> None:
    counted = " UNION ALL ".join(
        f"SELECT COUNT(*) AS found FROM `{SHOWN}.{view}`" for view in sorted(row_access.PERSONAL)
    )
    has_lines = run_query(local, "sale-lines", user.scope, Filters()).num_rows > 0
    expected = has_lines and user.scope.may(Action.SEE_PERSONAL)
    assert {row["found"] > 0 for row in query_as(f"user:{user.login}", counted)} == {expected}


@each
def test_a_person_sees_the_costs_that_the_query_layer_shows(
    query_as: QueryAs, local: DuckDBWarehouse, user: User
) -> None:
    shown = run_query(local, "sale-lines", user.scope, Filters()).to_pylist()
    costs = sum(row.get("unit_cost") is not None for row in shown)
    assert costs > 0 or not user.scope.may(Action.SEE_COSTS) or not shown
    for view, columns in row_access.COSTS.items():
        counts = ", ".join(f"COUNT({column})" for column in columns)
        (row,) = query_as(f"user:{user.login}", f"SELECT {counts} FROM `{SHOWN}.{view}`")
        is_empty = view in row_access.PERSONAL and not user.scope.may(Action.SEE_PERSONAL)
        expected = 0 if is_empty else costs
        if columns == ("unit_cost",):
            assert [*row.values()] == [expected], view
        else:
            assert all(value <= expected for value in row.values()), view  # without a rate they are NULL


@each
def test_a_person_sees_the_facts_that_the_query_layer_shows(
    query_as: QueryAs, local: DuckDBWarehouse, user: User
) -> None:
    lines = run_query(local, "sale-lines", user.scope, Filters()).num_rows
    for text in ("COUNT(*) AS lines FROM `{}.fact_sales`", "SUM(lines) AS lines FROM `{}.fact_sales_daily`"):
        (row,) = query_as(f"user:{user.login}", f"SELECT {text.format(SHOWN)}")
        assert (row["lines"] or 0) == lines, text


@each
def test_a_person_sees_the_stores_and_salespeople_of_the_scope(query_as: QueryAs, user: User) -> None:
    scope = user.scope
    stores = query_as(f"user:{user.login}", f"SELECT region, store_id FROM `{SHOWN}.dim_store`")
    assert all(scope.covers_region(row["region"]) for row in stores)
    assert all(scope.stores is None or row["store_id"] in scope.stores for row in stores)
    columns = "region, salesperson_id" if scope.may(Action.SEE_PERSONAL) else "region"
    people = query_as(f"user:{user.login}", f"SELECT {columns} FROM `{SHOWN}.dim_salesperson_people`")
    assert all(scope.covers_region(row["region"]) for row in people)
    if scope.salesperson is not None:
        assert {row["salesperson_id"] for row in people} <= {scope.salesperson}


@each
def test_a_person_sees_the_forecasts_that_the_query_layer_shows(
    query_as: QueryAs, local: DuckDBWarehouse, user: User
) -> None:
    may = user.scope.may(Action.SEE_FORECASTS)
    shown = [
        (level, row["region"], row["store_id"], row["category"], row["first_day"], row["covered_regions"])
        for level, target in product(LEVELS_OF_TARGETS["units"] if may else (), LEVELS_OF_TARGETS)
        for row in run_query(local, "forecasts", user.scope, Filters(), level=level, target=target).to_pylist()
    ]
    names = "level, region, store_id, category, first_day, covered_regions"
    text = f"SELECT {names} FROM `{SHOWN}.expected_sales` WHERE is_latest"
    rows = [tuple(row.values()) for row in query_as(f"user:{user.login}", text)]
    assert sorted(rows, key=repr) == sorted(shown, key=repr)
    assert any(region is None for _, region, *_ in rows) == (user.scope.regions is None)
    for table in ("forecast_accuracy", "price_effects"):
        assert bool(query_as(f"user:{user.login}", f"SELECT cutoff_date FROM `{BASE}.{table}`")) == may, table


@each
def test_costs_of_the_catalogue_are_seen_by_those_who_may_see_costs_in_their_regions(
    query_as: QueryAs, user: User
) -> None:
    text = f"SELECT product_id, region FROM `{BASE}.dim_product_cost` ORDER BY product_id, region"
    every = [(row["product_id"], row["region"]) for row in query_as(ACCOUNT, text)]
    assert {region for _, region in every} > {"*"}
    expected = [
        (product, region)
        for product, region in every
        if user.scope.may(Action.SEE_COSTS) and (region == "*" or user.scope.covers_region(region))
    ]
    assert [tuple(row.values()) for row in query_as(f"user:{user.login}", text)] == expected


@each
def test_a_person_sees_the_uploads_of_the_query_layer_unless_bound_to_stores(
    query_as: QueryAs, local: DuckDBWarehouse, user: User
) -> None:
    receipts = query_as(f"user:{user.login}", f"SELECT batch_id, rows_quarantined FROM `{SHOWN}.upload_receipts`")
    free = user.scope.may(Action.SEE_UPLOADS) and user.scope.covers_stores(None)
    shown = run_query(local, "receipts", user.scope, Filters()).to_pylist() if free else []
    assert sorted((r["batch_id"], r["rows_quarantined"]) for r in receipts) == sorted(
        (r["batch_id"], r["rows_quarantined"]) for r in shown
    )


def test_sums_are_made_of_the_own_rows_alone(query_as: QueryAs) -> None:
    text = f"SELECT region, store_id, lines FROM `{SHOWN}.sales_by_store` ORDER BY region, store_id"
    assert [tuple(row.values()) for row in query_as("user:manager@shop.example", text)] == [
        ("IN", "S1", 3),
        ("IN", "S2", 2),
    ]
    assert [tuple(row.values()) for row in query_as("user:salesperson@shop.example", text)] == [("IN", "S1", 2)]


def test_a_user_without_a_scope_sees_nothing_and_the_pipeline_everything(query_as: QueryAs) -> None:
    for caller in ("user:stranger@shop.example", "user:admin@elsewhere.example"):
        assert query_as(caller, LINES) == []
    assert len(query_as(ACCOUNT, LINES)) == 9


def test_the_address_is_the_same_however_it_is_written(query_as: QueryAs) -> None:
    assert query_as("user:Analyst@shop.example", LINES) == query_as("user:analyst@shop.example", LINES) != []
