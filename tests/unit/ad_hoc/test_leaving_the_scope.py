"""A hundred statements that try to leave the scope: other tables, files, settings, functions and clauses;
or to take the memory or the time of the machine."""

import pytest
from filled_marts import filled_warehouse
from running_sql import run

from tillstream.ad_hoc import tables
from tillstream.ad_hoc.statement import scoped
from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.domain.errors import Rejected
from tillstream.domain.people import Role, scope_of

TABLES = (
    *("sightings", "contents", "batches", "sale_facts", "line_facts", "line_costs", "sales", "sales_with_people"),
    *("dim_customer_people", "dim_salesperson_people", "surrogate_secret", "user_scopes", "reporting_rates"),
    *("information_schema.tables", "main.fact_sales", "memory.main.fact_sales", "`main.fact_sales`", "temp.fact_sales"),
    *("duckdb_tables", "duckdb_settings", "sqlite_master", "pg_catalog.pg_tables", "INFORMATION_SCHEMA.TABLES"),
    *("`region-eu`.INFORMATION_SCHEMA.JOBS", "project.dataset.fact_sales", "`p.d.fact_sales`", "scoped_fact_sales"),
    *("own_1", "made_views", "fact_sales_daily", "FACT_SALES_", "'/etc/passwd'", "`/etc/passwd`", "`x.csv`"),
)
FUNCTIONS = (
    *("read_csv('x.csv')", "read_text('/etc/passwd')", "read_parquet('x')", "glob('/*')", "duckdb_tables()"),
    *("query('SELECT 1')", "query_table('batches')", "sniff_csv('x')", "pragma_table_info('batches')"),
    *("EXTERNAL_QUERY('c', 'SELECT 1')", "ML.PREDICT(MODEL m, TABLE t)", "APPENDS(TABLE fact_sales, NULL, NULL)"),
    *("UNNEST(query('x'))", "generate_series(1, getenv('X'))", "postgres_scan('x', 'y')", "sqlite_scan('x', 'y')"),
)
VALUES = (
    *("getenv('HOME')", "current_setting('memory_limit')", "SESSION_USER()", "CURRENT_USER()", "version()"),
    *("read_csv('x')", "nextval('s')", "current_database()", "pg_get_viewdef('x')", "@scope_regions", "@x", "?"),
    *("(SELECT secret FROM surrogate_secret)", "EXISTS (SELECT 1 FROM batches)", "TO_JSON_STRING(t)"),
    *("ARRAY(SELECT region FROM line_facts)", "(SELECT COUNT(*) FROM main.batches)", "KEYS.NEW_KEYSET('x')"),
    *("ERROR('x')", "RAND()", "GENERATE_UUID()", "@@project_id", "NET.HOST('x')", "AEAD.ENCRYPT('x')"),
)
STATEMENTS = (
    *("DROP TABLE batches", "DELETE FROM batches", "UPDATE batches SET region = ''", "INSERT INTO batches SELECT 1"),
    *("CREATE TABLE x AS SELECT 1", "CREATE VIEW x AS SELECT 1", "COPY batches TO 'x.csv'", "ATTACH 'x.db'"),
    *("SET memory_limit = '1GB'", "PRAGMA database_list", "EXPORT DATABASE 'x'", "LOAD httpfs", "INSTALL httpfs"),
    *("CALL pragma_version()", "DESCRIBE batches", "SHOW TABLES", "EXPLAIN SELECT 1", "SELECT 1; SELECT 2", "", ";"),
    *("BEGIN TRANSACTION", "EXECUTE IMMEDIATE 'SELECT 1'", "DECLARE x INT64", "FROM batches", "VALUES (1)"),
    *("TABLE batches", "WITH x AS (DELETE FROM batches RETURNING *) SELECT * FROM x", "SELECT 1 INTO OUTFILE 'x'"),
)
CLAUSES = (
    "WITH line_facts AS (SELECT * FROM line_facts) SELECT * FROM line_facts",
    "WITH fact_sales AS (SELECT 1 AS x) SELECT * FROM fact_sales",
    "WITH RECURSIVE a AS (SELECT 1 AS x UNION ALL SELECT x FROM a) SELECT * FROM a",
    "SELECT * FROM fact_sales WHERE 1 IN (WITH batches AS (SELECT 1 AS x) SELECT x FROM batches) "
    "AND 1 IN (SELECT 1 FROM batches)",
    "WITH a AS (SELECT * FROM b), b AS (SELECT 1 AS x) SELECT * FROM a",
    "SELECT * FROM (WITH batches AS (SELECT 1 AS x) SELECT * FROM batches) AS t JOIN batches ON TRUE",
    "SELECT * FROM fact_sales FOR SYSTEM_TIME AS OF TIMESTAMP '2026-01-01'",
    "SELECT * FROM fact_sales TABLESAMPLE SYSTEM (10 PERCENT)",
    "SELECT * FROM fact_sales PIVOT(SUM(units) FOR region IN ('IN', 'UK'))",
    "SELECT * FROM fact_sales UNION ALL SELECT * FROM sale_facts",
    "SELECT * FROM fact_sales, LATERAL (SELECT * FROM batches)",
    "SELECT * FROM dim_date, `fact_*`",
    "SELECT * FROM fact_sales*",
    "SELECT * FROM fact_sales AS f JOIN f ON TRUE",
    "SELECT * FROM (SELECT * FROM (SELECT * FROM line_costs))",
    "SELECT * FROM ((batches))",
    "SELECT 1 FROM dim_date -- comment\n, batches",
    "SELECT 1 FROM dim_date /* , x */, /* y */ batches",
    "SELECT region FROM dim_store ORDER BY (SELECT MAX(region) FROM batches)",
    "SELECT region FROM dim_store LIMIT (SELECT COUNT(*) FROM batches)",
    "SELECT region FROM dim_store QUALIFY ROW_NUMBER() OVER (ORDER BY (SELECT 1 FROM batches)) = 1",
    "SELECT * FROM dim_store JOIN dim_date ON EXISTS (SELECT 1 FROM batches)",
    "SELECT * EXCEPT (region), (SELECT 1 FROM batches) AS x FROM dim_store",
    "SELECT * REPLACE ((SELECT MAX(region) FROM batches) AS region) FROM dim_store",
    "SELECT IF(TRUE, (SELECT secret FROM surrogate_secret), '')",
    "SELECT x FROM UNNEST([(SELECT secret FROM surrogate_secret)]) AS x",
    "FROM batches |> SELECT region",
    "SELECT 1 AS `a\\`, 2 AS ` FROM batches -- `",
    'SELECT 1 AS `a" FROM batches --`',
    "SELECT 'a' FROM `dim_date` AS `b`` , batches --`",
    "SELECT CAST(region AS x) FROM dim_store",
    "SELECT CAST(region AS STRUCT<a INT64>) FROM dim_store",
)
BOMBS = (
    *(
        "SELECT LPAD('x', 1000000000)",
        "SELECT RPAD('x', LENGTH(region) * 1000000) FROM dim_store",
        "SELECT REPEAT('x', 99)",
    ),
    *("SELECT * FROM UNNEST(GENERATE_ARRAY(1, 1000000000))", "SELECT GENERATE_ARRAY(1, 1000) FROM fact_sales"),
    *("SELECT * FROM UNNEST(GENERATE_ARRAY(1, 10, 0.0000001))", "SELECT REPLACE(region, 'I', country) FROM dim_store"),
    "SELECT x FROM dim_store, UNNEST(GENERATE_ARRAY(1, CAST(store_id AS INT64))) AS x",
    "SELECT x FROM dim_date, UNNEST(GENERATE_DATE_ARRAY(sale_date, DATE '9999-12-31')) AS x",
    f"SELECT REPLACE(region, 'I', '{'x' * 100}') FROM dim_store",
    f"SELECT CONCAT({', '.join(['region'] * 100)}) FROM dim_store",
    f"SELECT {'SAFE_DIVIDE(1, ' * 30}1{')' * 30}",
    f"SELECT {'1 / (' * 30}1{')' * 30}",
    f"SELECT {'(' * 5_000}1{')' * 5_000}",
    f"SELECT {'CASE WHEN ' * 1_000}",
    f"SELECT {'NOT ' * 4_000}TRUE",
    f"SELECT {'DATE(' * 20}'2026-01-01'{')' * 20}",
    f"SELECT 1 FROM dim_date{' JOIN dim_date, dim_date' * 20}",
    f"SELECT 1 {'+ 1' * 7_000}",
    f"SELECT '{'x' * 20_000}'",
)
_OTHER_TABLE = "DAY), (SELECT MAX(secret) FROM surrogate_secret"
UNITS = (
    f"SELECT DATE_TRUNC(sale_date, '{_OTHER_TABLE}') FROM dim_date",
    f"SELECT DATE_TRUNC(sale_date, `{_OTHER_TABLE}`) FROM dim_date",
    f"SELECT DATE_DIFF(sale_date, sale_date, '{_OTHER_TABLE}') FROM dim_date",
    "SELECT EXTRACT(`DAY FROM sale_date), (SELECT MAX(secret` FROM surrogate_secret) FROM dim_date",
    f"SELECT LAST_DAY(sale_date, `{_OTHER_TABLE}`) FROM dim_date",
    "SELECT DATE_TRUNC(sale_date, WEEK('MONDAY)), (SELECT secret FROM surrogate_secret')) FROM dim_date",
    "SELECT DATE_TRUNC(sale_date, WEEK(`monday)), (SELECT secret FROM surrogate_secret`)) FROM dim_date",
)
ATTEMPTS = (
    *UNITS,
    *(f"SELECT * FROM {table}" for table in TABLES),
    *(f"SELECT * FROM {function}" for function in FUNCTIONS),
    *(f"SELECT {value} FROM fact_sales AS t" for value in VALUES),
    *STATEMENTS,
    *CLAUSES,
    *BOMBS,
)
MANAGER = scope_of(Role.MANAGER, ("IN",), ("S1",))


@pytest.fixture(scope="module")
def warehouse() -> DuckDBWarehouse:
    return filled_warehouse()


def test_there_are_at_least_a_hundred() -> None:
    assert len(set(ATTEMPTS)) == len(ATTEMPTS) >= 100


@pytest.mark.parametrize("text", ATTEMPTS)
def test_a_statement_that_leaves_the_scope_is_refused_before_the_engine_reads_it(text: str) -> None:
    with pytest.raises(Rejected):
        scoped(text, tables.offered(MANAGER))


@pytest.mark.parametrize(
    "text",
    [
        "SELECT main.batches.region FROM fact_sales",
        "SELECT f.x FROM fact_sales AS f, f.batches AS x",
        "SELECT current_schema",
        "SELECT customer_name FROM fact_sales",
        "SELECT * EXCEPT (region) FROM dim_store WHERE salesperson_name = 'x'",
        "SELECT rowid FROM fact_sales",
        "SELECT _TABLE_SUFFIX FROM fact_sales",
        "SELECT batches FROM fact_sales",
    ],
)
def test_a_name_of_no_column_is_refused_by_the_engine(warehouse: DuckDBWarehouse, text: str) -> None:
    with pytest.raises(Rejected):
        run(warehouse, text, MANAGER)
