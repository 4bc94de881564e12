"""A hundred statements that try to leave the scope: other tables, files, settings, functions and clauses."""

import pytest
from filled_marts import filled_warehouse

from tillstream.ad_hoc import tables
from tillstream.ad_hoc.statement import scoped
from tillstream.domain.errors import Rejected
from tillstream.domain.people import Role, scope_of
from tillstream.ports.warehouse import Warehouse

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
    *("ERROR('x')", "RAND()", "GENERATE_UUID()", "@@project_id", "$1", "NET.HOST('x')", "AEAD.ENCRYPT('x')"),
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
    "SELECT f.x FROM fact_sales AS f, f.batches AS x",
    "SELECT * FROM fact_sales, LATERAL (SELECT * FROM batches)",
    "SELECT main.batches.region FROM fact_sales",
)
ATTEMPTS = (
    *(f"SELECT * FROM {table}" for table in TABLES),
    *(f"SELECT * FROM {function}" for function in FUNCTIONS),
    *(f"SELECT {value} FROM fact_sales AS t" for value in VALUES),
    *STATEMENTS,
    *CLAUSES,
)
MANAGER = scope_of(Role.MANAGER, ("IN",), ("S1",))


@pytest.fixture(scope="module")
def warehouse() -> Warehouse:
    return filled_warehouse()


def test_there_are_at_least_a_hundred() -> None:
    assert len(set(ATTEMPTS)) == len(ATTEMPTS) >= 100


@pytest.mark.parametrize("text", ATTEMPTS)
def test_a_statement_that_leaves_the_scope_is_refused_before_the_engine_reads_it(text: str) -> None:
    with pytest.raises(Rejected):
        scoped(text, tables.offered(MANAGER))
