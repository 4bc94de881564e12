"""Statements of people on BigQuery's emulator: the rows of their scope, limits, errors and cancelling.

They run as accounts, to which the emulator applies row access policies; it does not check who may read which dataset.
"""

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from google.auth import impersonated_credentials
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery as bigquery_library
from sample_warehouse import SQL_ACCOUNTS, sample_warehouse

from devtools.emulators import PROJECT, Emulator
from sql import row_access
from tillstream.adapters.google.bigquery.dataset import Dataset
from tillstream.adapters.google.bigquery.sql_of_people import SqlOfPeople
from tillstream.adapters.google.bigquery.warehouse import BigQueryWarehouse
from tillstream.adapters.local.clock import SystemClock
from tillstream.adapters.local.query_processes import LocalQueryProcesses
from tillstream.adapters.local.sqlite.document_store import SQLiteDocumentStore
from tillstream.explore import scoped_tables
from tillstream.explore.engines import QUERY_SECONDS, StatementAnswer, StatementRun, WarehouseEngine
from tillstream.model.errors import Rejected
from tillstream.model.people import UNRESTRICTED, Scope, scope_of
from tillstream.model.permissions import Role
from tillstream.people.warehouse_scopes import SQL_ACCOUNTS_COLLECTION
from tillstream.ports.warehouse import AdHocQuery

pytestmark = pytest.mark.long  # a dataset with all tables and views is filled for it
NAME = "sql_of_people"
PATIENT = 600.0
"""Seconds: the emulator unfolds views of views at each query."""
VIEWS = f"{NAME}_reports"
MANAGER = scope_of(Role.MANAGER, ("IN",), ("S1",))
BRITAIN = scope_of(Role.ANALYST, ("UK",))
STORES = "SELECT region, store_id FROM dim_store ORDER BY region, store_id"
AWKWARD = ("it's", 'a"b`c', "a\\b", "line\nbreak", "é€", "--x", "/*", "@scope_regions")


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SQLiteDocumentStore]:
    store = SQLiteDocumentStore(tmp_path_factory.mktemp("documents") / "documents.sqlite")
    yield store
    store.close()


@pytest.fixture(scope="module")
def warehouse(bigquery: Emulator, documents: SQLiteDocumentStore) -> Iterator[BigQueryWarehouse]:
    with sample_warehouse(bigquery, NAME, documents) as warehouse:
        yield warehouse


@pytest.fixture(autouse=True)
def no_account_in_use(documents: SQLiteDocumentStore) -> Iterator[None]:
    """After each test, whatever it left."""
    yield
    for one in documents.find(SQL_ACCOUNTS_COLLECTION):
        documents.delete(SQL_ACCOUNTS_COLLECTION, one.id)


def _run(warehouse: BigQueryWarehouse, run: StatementRun) -> StatementAnswer:
    return WarehouseEngine(LocalQueryProcesses(), warehouse).run(replace(run, seconds=PATIENT))


def _rows(warehouse: BigQueryWarehouse, text: str, scope: Scope = MANAGER) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in _run(warehouse, StatementRun(text, scope)).rows.to_pylist()]


def test_rows_are_those_of_the_scope(warehouse: BigQueryWarehouse) -> None:
    assert _rows(warehouse, STORES) == [("IN", "S1")]
    assert {region for region, _ in _rows(warehouse, STORES, UNRESTRICTED)} > {"IN"}
    orders = {order for (order,) in _rows(warehouse, "SELECT order_id FROM fact_sales")}
    assert orders
    assert all(str(order).startswith("IN|S1/") for order in orders)


@pytest.mark.parametrize("table", list(scoped_tables.offered_tables(MANAGER)))
def test_every_table_can_be_read(warehouse: BigQueryWarehouse, table: str) -> None:
    rows = _run(warehouse, StatementRun(f"SELECT * FROM {table}", MANAGER)).rows
    assert rows.schema.names == [column.name for column in scoped_tables.offered_tables(MANAGER)[table].columns]


def _past_the_list(warehouse: BigQueryWarehouse, text: str, scope: Scope = MANAGER) -> list[tuple[Any, ...]]:
    """The rows of a statement that nothing has checked, as if it had left the list of forms."""
    query = AdHocQuery(text, {}, 1_000, PATIENT, scope=scope)
    return [tuple(row.values()) for row in warehouse.ad_hoc(query).to_pylist()]


def test_every_offered_table_is_a_view_for_reports_without_people() -> None:
    offered = set(scoped_tables.offered_tables(UNRESTRICTED))
    assert offered <= set(row_access.REPORTS)
    assert not offered & row_access.PERSONAL


def test_a_statement_that_leaves_the_list_reads_only_the_rows_of_its_scope(warehouse: BigQueryWarehouse) -> None:
    for table in ("fact_sales", "sales", f"`{PROJECT}.{VIEWS}.fact_sales`", f"`{PROJECT}.{NAME}.fact_sales`"):
        regions = _past_the_list(warehouse, f"SELECT DISTINCT region FROM {table}")
        assert regions == [("IN",)], table
    assert _past_the_list(warehouse, "SELECT DISTINCT store_id FROM sales_by_store") == [("S1",)]
    assert len(_past_the_list(warehouse, "SELECT DISTINCT region FROM sales", UNRESTRICTED)) > 1
    assert _past_the_list(warehouse, "SELECT SESSION_USER() AS one")[0][0] in SQL_ACCOUNTS


@pytest.mark.parametrize("view", [*sorted(row_access.PERSONAL), "upload_receipts", "expected_sales"])
def test_a_statement_that_leaves_the_list_finds_no_people(warehouse: BigQueryWarehouse, view: str) -> None:
    assert _past_the_list(warehouse, f"SELECT COUNT(*) AS found FROM {view}", UNRESTRICTED) == [(0,)]


def test_a_scope_that_changed_counts_at_the_next_query(warehouse: BigQueryWarehouse) -> None:
    for scope in (MANAGER, BRITAIN, MANAGER, UNRESTRICTED, BRITAIN):
        expected = {region for region in ("IN", "UK", "US") if scope.covers_region(region)}
        assert {region for (region,) in _past_the_list(warehouse, "SELECT DISTINCT region FROM dim_store", scope)} <= (
            expected
        )


def test_a_query_runs_with_the_credentials_of_an_account_of_its_own(
    warehouse: BigQueryWarehouse, documents: SQLiteDocumentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In order: the account is reserved, its rows are written and read back, and its own client starts the job."""
    steps: list[str] = []
    start, query, upsert = bigquery_library.Client.query, warehouse.query, warehouse.upsert

    def started(client: Any, text: str, config: Any, **options: Any) -> Any:
        if "job_id" in options:
            sent: dict[str, str] = {}
            client._credentials.before_request(None, "POST", "", sent)
            (reserved,) = [
                one.id for one in documents.find(SQL_ACCOUNTS_COLLECTION) if options["job_id"] in one.data["jobs"]
            ]
            assert sent == {"X-Bqemu-Caller": f"serviceAccount:{reserved}"}
            assert (config.default_dataset.dataset_id, config.use_query_cache) == (VIEWS, False)
            assert int(config.job_timeout_ms) > QUERY_SECONDS * 1000
            steps.append("start")
        return start(client, text, config, **options)

    monkeypatch.setattr(bigquery_library.Client, "query", started)
    monkeypatch.setattr(warehouse, "query", lambda *arguments: (steps.append("read"), query(*arguments))[1])
    monkeypatch.setattr(warehouse, "upsert", lambda *arguments: (steps.append("write"), upsert(*arguments))[1])
    _rows(warehouse, "SELECT 1 AS one", scope_of(Role.ANALYST, ("US",)))
    assert steps == ["read", "write", "read", "start"]
    assert not [one for one in documents.find(SQL_ACCOUNTS_COLLECTION) if one.data["jobs"]]
    steps.clear()
    _rows(warehouse, "SELECT 1 AS one", scope_of(Role.ANALYST, ("US",)))
    assert steps == ["read", "start"]


def test_an_account_is_not_free_while_a_job_of_it_runs(
    warehouse: BigQueryWarehouse, documents: SQLiteDocumentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process died, and left its job: whether that runs is asked as its account."""
    long_ago = "2020-01-01T00:00:00+00:00"
    for email in SQL_ACCOUNTS:
        documents.put(
            SQL_ACCOUNTS_COLLECTION, email, {"key": "of another", "jobs": {f"lost-{email[:16]}": long_ago}, "used": ""}
        )
    states = {"state": "RUNNING"}
    monkeypatch.setattr(bigquery_library.Client, "get_job", lambda *_, **__: SimpleNamespace(**states))
    with pytest.raises(Rejected, match="Try again in a minute"):
        _rows(warehouse, "SELECT 1 AS one")
    states["state"] = "DONE"
    assert _rows(warehouse, "SELECT 1 AS one") == [(1,)]


def test_a_job_that_was_never_started_does_not_hold_its_account(
    warehouse: BigQueryWarehouse, documents: SQLiteDocumentStore
) -> None:
    for email in SQL_ACCOUNTS:
        data = {"key": "of another", "jobs": {"tillstream-sql-lost": "2020-01-01T00:00:00+00:00"}, "used": ""}
        documents.put(SQL_ACCOUNTS_COLLECTION, email, data)
    assert _rows(warehouse, "SELECT 1 AS one") == [(1,)]


def test_in_a_project_the_credentials_are_tokens_of_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("google.auth.default", lambda scopes: (AnonymousCredentials(), "demo"))
    of_account = Dataset("demo", VIEWS, "EU").of_caller(SQL_ACCOUNTS[0]).client._credentials
    assert isinstance(of_account, impersonated_credentials.Credentials)
    assert of_account.service_account_email == SQL_ACCOUNTS[0]
    assert of_account._target_scopes == ["https://www.googleapis.com/auth/bigquery"]


def test_a_project_without_accounts_runs_no_sql(documents: SQLiteDocumentStore) -> None:
    tables_of_project = Dataset("demo", NAME, "EU")
    people = SqlOfPeople(tables_of_project.sibling(VIEWS), (), documents, SystemClock())
    with pytest.raises(Rejected, match="no accounts that run it"):
        people.run(None, tables_of_project, AdHocQuery("SELECT 1", {}, 1, 1.0, scope=MANAGER))  # type: ignore[arg-type]


def test_rows_are_limited(warehouse: BigQueryWarehouse) -> None:
    answer = _run(warehouse, StatementRun("SELECT * FROM dim_date", UNRESTRICTED, limit=3))
    assert (answer.rows.num_rows, answer.is_cut) == (3, True)


def test_divisions_and_conversions_that_fail_are_null(warehouse: BigQueryWarehouse) -> None:
    text = "SELECT 1 / (LENGTH(region) - 2), DIV(1, 0), MOD(1, 0), CAST(region AS INT64) FROM dim_store LIMIT 1"
    assert _rows(warehouse, text) == [(None, None, None, None)]


def test_texts_stay_the_same(warehouse: BigQueryWarehouse) -> None:
    quoted = [f"'{one}'".replace("\\", "\\\\").replace("\n", "\\n").replace("it's", "it\\'s") for one in AWKWARD]
    assert _rows(warehouse, f"SELECT {', '.join(quoted)}") == [AWKWARD]


def test_an_unknown_column_is_named_with_its_place(warehouse: BigQueryWarehouse) -> None:
    with pytest.raises(Rejected, match=r"^Line 2, column 3: There is no column regionn\. Did you mean region\?$"):
        _rows(warehouse, "SELECT\n  regionn FROM fact_sales")


def test_a_message_about_a_value_has_no_value(warehouse: BigQueryWarehouse) -> None:
    with pytest.raises(Rejected, match="A value of a row cannot be computed"):
        _rows(warehouse, "SELECT 9223372036854775807 + LENGTH(name) FROM dim_store")


def test_a_cancelled_query_ends(warehouse: BigQueryWarehouse) -> None:
    slow = "SELECT COUNT(*) FROM dim_date AS a CROSS JOIN dim_date AS b CROSS JOIN fact_sales"
    with pytest.raises(Rejected, match="was cancelled"):
        _run(warehouse, StatementRun(slow, UNRESTRICTED, is_cancelled=lambda: True))
    assert _rows(warehouse, "SELECT 1 AS one") == [(1,)]
