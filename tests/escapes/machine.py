"""Memory, time, and the end of the process.

Sources: 5,000 brackets on Python 3.13; duckdb/duckdb 1759, 3349, 4802, 12007, 12008, 14545, 24448, 24618, 25174; forms
that sqlglot reads twice at each level.
"""

from escape import harmless, reaching


def _nested(start: str, end: str, times: int, inner: str = "1") -> str:
    return f"SELECT {start * times}{inner}{end * times}"


_RECURSIVE = ("(WITH RECURSIVE r AS ((", ") UNION ALL SELECT 1 FROM r) SELECT * FROM r)")
CRASH = reaching(
    "crash",
    ("5,000 brackets", _nested("(", ")", 5_000)),
    ("5,000 brackets that are not closed", f"SELECT {'(' * 5_000}"),
    ("5,000 square brackets", _nested("[", "]", 5_000)),
    ("2,000 functions", _nested("ABS(", ")", 2_000)),
    ("2,000 subqueries", _nested("(SELECT ", ")", 2_000)),
    ("2,000 subqueries in FROM", f"SELECT * FROM {'(SELECT * FROM ' * 1_000}dim_date{')' * 1_000}", ""),
    ("1,000 CASEs", f"SELECT {'CASE WHEN ' * 1_000}"),
    ("1,000 CASEs with ends", _nested("CASE WHEN TRUE THEN ", " END", 700)),
    ("CASEs whose ends are names", f"SELECT {'CASE WHEN INTERVAL 1 end = ' * 600}1", ""),
    ("4,000 NOTs", f"SELECT {'NOT ' * 4_000}TRUE"),
    ("4,000 signs", f"SELECT {'- ' * 4_000}1"),
    ("7,000 sums", f"SELECT 1 {'+ 1' * 6_000}"),
    ("3,000 conditions", f"SELECT 1 WHERE TRUE {'AND TRUE ' * 2_000}"),
    ("1,000 UNIONs", f"SELECT 1{' UNION ALL SELECT 1' * 1_000}"),
    (
        "1,000 arrays of types",
        f"SELECT CAST(1 AS {'ARRAY<' * 2_000}INT64{'>' * 2_000})",
        f"SELECT CAST(1 AS INT{'[]' * 5_000})",
    ),
    ("2,000 comparisons", f"SELECT 1{' IS NOT NULL' * 1_500}"),
    ("4,000 places of an array", f"SELECT a{'[0]' * 4_000} FROM (SELECT [1] AS a)"),
    ("2,000 lambdas", f"SELECT f({'x -> ' * 2_000}1)", f"SELECT list_transform([1], {'x -> ' * 2_000}1)"),
    ("2,000 joins in each other", f"SELECT * FROM dim_date{' JOIN dim_date' * 1_200}{' ON TRUE' * 400}", ""),
    ("600 recursive CTEs", "WITH RECURSIVE " + ", ".join(f"a{n} AS (SELECT 1)" for n in range(600)) + " SELECT 1", ""),
    (
        "recursive CTEs in each other",
        f"SELECT * FROM {_RECURSIVE[0] * 300}SELECT 1{_RECURSIVE[1] * 300}",
        f"SELECT * FROM {_RECURSIVE[0] * 5_000}SELECT 1{_RECURSIVE[1] * 5_000}",
    ),
    (
        "union_value",
        _nested("union_value(a := ", ")", 1_000),
        f"SELECT typeof({'union_value(a := ' * 5_000}1{')' * 5_000})",
    ),
    ("list_where", "SELECT LIST_WHERE(ARRAY_VALUE('1', NULL), [TRUE, TRUE, TRUE])"),
    (
        "a map of arrays",
        "SELECT [MAP([2], [{'key1': MAP([ARRAY_VALUE('1', NULL), ARRAY_VALUE(NULL, '2')], [1, 2]), 'key2': 2}])]",
    ),
    ("PIVOT in PIVOT", "WITH RECURSIVE t AS (SHOW) PIVOT (v PIVOT (c, FOR IN v GROUP BY c) JOIN v USING (c)) ON c"),
    ("FROM a function without brackets", "select''from currEnt_time"),
    (
        "the same name twice in ROLLUP",
        "SELECT b, b, COUNT(*) FROM (SELECT 'x' AS b) AS t(b) GROUP BY ROLLUP (b, b) ORDER BY 1, 2",
    ),
    ("a text of 20,000 letters", f"SELECT '{'x' * 20_000}'", ""),
)
READ_TWICE = reaching(
    "memory",
    ("twenty dates", _nested("DATE(", ")", 20, "'2026-01-01'"), ""),
    ("twenty structures", _nested("STRUCT(", ")", 20), ""),
    ("twenty arrays", _nested("ARRAY[", "]", 20), ""),
    ("twenty limits", f"SELECT 1 LIMIT {'(SELECT 1 LIMIT ' * 20}1{')' * 20}", ""),
    ("twenty functions of SAFE", _nested("SAFE.ABS(", ")", 20), ""),
    ("twenty joins without ON", f"SELECT 1 FROM dim_date{' JOIN dim_date' * 20}", ""),
    ("twenty joins with commas", f"SELECT 1 FROM dim_date{' JOIN dim_date, dim_date' * 20}", ""),
    ("twenty types as functions", _nested("NUMERIC(", ")", 20), ""),
)
MEMORY = reaching(
    "memory",
    ("a long LPAD", "SELECT LPAD('x', 1000000000)", "SELECT LENGTH(LPAD('x', 1000000000, 'x'))"),
    ("RPAD by a column", "SELECT RPAD('x', LENGTH(region) * 1000000) FROM dim_store", ""),
    ("REPEAT", "SELECT REPEAT('x', 99)", "SELECT LENGTH(REPEAT(REPEAT('x', 1000000), 5000))"),
    ("REPEAT of a list", "SELECT REPEAT([1], 99)", "SELECT LEN(REPEAT([1], 2000000000))"),
    ("a long array", "SELECT * FROM UNNEST(GENERATE_ARRAY(1, 1000000000))", "SELECT LEN(RANGE(5000000000))"),
    (
        "an array for each row",
        "SELECT GENERATE_ARRAY(1, 1000) FROM fact_sales",
        "SELECT RANGE(100000) FROM RANGE(1000000)",
    ),
    ("an array of small steps", "SELECT * FROM UNNEST(GENERATE_ARRAY(1, 10, 0.0000001))", ""),
    ("an array by a column", "SELECT x FROM dim_store, UNNEST(GENERATE_ARRAY(1, CAST(store_id AS INT64))) AS x", ""),
    ("dates by a column", "SELECT x FROM dim_date, UNNEST(GENERATE_DATE_ARRAY(sale_date, DATE '9999-12-31')) AS x", ""),
    ("REPLACE by a column", "SELECT REPLACE(region, 'I', country) FROM dim_store", ""),
    ("REPLACE by a long text", f"SELECT REPLACE(region, 'I', '{'x' * 100}') FROM dim_store", ""),
    ("a long CONCAT", f"SELECT CONCAT({', '.join(['region'] * 100)}) FROM dim_store", ""),
    ("thirty ratios", _nested("SAFE_DIVIDE(1, ", ")", 30), ""),
    ("thirty divisions", _nested("1 / (", ")", 30), ""),
    ("a list of everything", "SELECT ARRAY_AGG(a) FROM dim_date AS a", "SELECT LIST(i) FROM RANGE(2000000000) t(i)"),
    (
        "a text of everything",
        "SELECT ARRAY_TO_STRING(x, '')",
        "SELECT LENGTH(STRING_AGG(REPEAT('x', 1000), '')) FROM RANGE(10000000)",
    ),
    (
        "a recursive CTE without an end",
        "WITH RECURSIVE a AS (SELECT 1 UNION ALL SELECT 1 FROM a) SELECT 1 FROM a",
        "WITH RECURSIVE a AS (SELECT 1 AS x UNION ALL SELECT x FROM a) SELECT COUNT(*) FROM a",
    ),
    (
        "generate_series as a table",
        "SELECT * FROM generate_series(1, 10000000000)",
        "SELECT COUNT(DISTINCT i) FROM generate_series(1, 10000000000) t(i)",
    ),
    ("random values", "SELECT RAND() FROM dim_date", "SELECT COUNT(DISTINCT random()) FROM RANGE(10000000000)"),
    (
        "a window of everything",
        "SELECT ARRAY_AGG(1) OVER () FROM dim_date",
        "SELECT MAX(LEN(l)) FROM (SELECT LIST(i) OVER () AS l FROM RANGE(200000) t(i))",
    ),
    ("bit strings", "SELECT BITSTRING('1', 1000000000)", "SELECT BIT_LENGTH(BITSTRING('1', 4000000000))"),
    (
        "a distance of texts",
        "SELECT EDIT_DISTANCE(region, region) FROM dim_store",
        "SELECT LEVENSHTEIN(REPEAT('a', 200000), REPEAT('b', 200000))",
    ),
    (
        "parameters of JSON",
        "SELECT JSON_EXTRACT('[]', '$**') FROM dim_store",
        "SELECT JSON_EXTRACT(REPEAT('[', 1000000), '$')",
    ),
    ("sleeping", "SELECT SLEEP(100)", "SELECT sleep_ms(100000)"),
)
BOUNDED = harmless(
    "memory",
    ("a pattern that grows", "SELECT REGEXP_CONTAINS(region, r'(a+)+$') FROM dim_store", "RE2 reads a text once."),
    (
        "a pattern of 1,000 times 1,000",
        "SELECT REGEXP_CONTAINS(region, r'((a{1000}){1000})') FROM dim_store",
        "RE2 refuses it.",
    ),
    ("joins of everything", "SELECT COUNT(*) FROM dim_date AS a, dim_date AS b, dim_date AS c", "Its time is limited."),
    ("the longest number", f"SELECT {'9' * 300} AS x", "The engine refuses it."),
)
MACHINE = (*CRASH, *READ_TWICE, *MEMORY, *BOUNDED)
