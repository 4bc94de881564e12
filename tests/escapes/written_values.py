"""Values that the generator writes without quotation marks, and text that two parsers read differently.

Sources: the hole in the units of dates; tobymao/sqlglot 952, 1691, 2225, 5040, 7826, 7864, 7870.
"""

from escape import harmless, reaching

_OTHER = "(SELECT MAX(secret) FROM surrogate_secret"
_FILE = "(SELECT MAX(content) FROM read_text('{home}')"
_QUOTED = {
    "a text": "'{}'",
    "a text in double quotation marks": '"{}"',
    "a name": "`{}`",
    "a raw text": "r'{}'",
    "a text in three marks": "'''{}'''",
    "a text of bytes": "b'{}'",
}
_UNITS = {
    "DATE_TRUNC": "SELECT DATE_TRUNC(sale_date, {}) FROM dim_date",
    "DATE_DIFF": "SELECT DATE_DIFF(sale_date, sale_date, {}) FROM dim_date",
    "LAST_DAY": "SELECT LAST_DAY(sale_date, {}) FROM dim_date",
    "DATE_TRUNC by WEEK": "SELECT DATE_TRUNC(sale_date, WEEK({})) FROM dim_date",
    "DATE_DIFF by WEEK": "SELECT DATE_DIFF(sale_date, sale_date, WEEK({})) FROM dim_date",
    "EXTRACT": "SELECT EXTRACT({} FROM sale_date) FROM dim_date",
    "EXTRACT of WEEK": "SELECT EXTRACT(WEEK({}) FROM sale_date) FROM dim_date",
    "TIMESTAMP_TRUNC": "SELECT TIMESTAMP_TRUNC(sale_date, {}) FROM dim_date",
    "DATETIME_DIFF": "SELECT DATETIME_DIFF(sale_date, sale_date, {}) FROM dim_date",
}
UNITS = reaching(
    "tables",
    *(
        (f"{function} with {kind}", text.format(quoted.format(f"DAY), {_OTHER}")), "")
        for function, text in _UNITS.items()
        for kind, quoted in _QUOTED.items()
    ),
)
FILES_IN_UNITS = reaching(
    "home",
    *((f"{name} with a file", text.format(f'"DAY), {_FILE}"'), "") for name, text in _UNITS.items()),
)
VALUES = reaching(
    "tables",
    ("the unit of an interval", "SELECT INTERVAL 1 `DAY, secret` FROM dim_date", ""),
    ("the unit within the text of an interval", "SELECT INTERVAL '1 secret' FROM dim_date", ""),
    ("the unit of DATE_ADD", f"SELECT DATE_ADD(sale_date, INTERVAL 1 `DAY), {_OTHER}`) FROM dim_date", ""),
    (
        "the unit of GENERATE_DATE_ARRAY",
        "SELECT x FROM UNNEST(GENERATE_DATE_ARRAY('2026-01-01', '2026-02-01', INTERVAL 1 `x y`)) AS x",
        "",
    ),
    ("a unit with a comment", "SELECT DATE_TRUNC(sale_date, 'DAY) --') FROM dim_date", ""),
    ("a unit with the end of a comment", "SELECT DATE_TRUNC(sale_date, 'DAY) /*') FROM dim_date /* */", ""),
    ("a unit with a second statement", "SELECT DATE_TRUNC(sale_date, 'DAY); DROP TABLE batches') FROM dim_date", ""),
    ("a unit with small letters and spaces", "SELECT DATE_TRUNC(sale_date, ' day ') FROM dim_date", ""),
    ("a unit with letters of another alphabet", "SELECT DATE_TRUNC(sale_date, 'MОNTH') FROM dim_date", ""),
    ("a unit with a sign of no width", "SELECT DATE_TRUNC(sale_date, 'DAY\u200b') FROM dim_date", ""),
    ("an empty unit", "SELECT DATE_TRUNC(sale_date, '') FROM dim_date", ""),
    ("a day of the week as a text", "SELECT DATE_TRUNC(sale_date, WEEK('MONDAY) FROM batches')) FROM dim_date", ""),
    ("a type with a name", "SELECT CAST(region AS `x y`) FROM dim_store", ""),
    ("a type of a table", "SELECT CAST(region AS batches) FROM dim_store", ""),
    ("a type with a number that is none", "SELECT CAST(region AS STRING(1, (SELECT 1))) FROM dim_store", ""),
    ("a type with a name for its length", "SELECT CAST(region AS STRING(`x y`)) FROM dim_store", ""),
    ("a type with parts", "SELECT CAST(region AS STRUCT<a INT64>) FROM dim_store", ""),
    ("a format of a cast", "SELECT CAST(sale_date AS STRING FORMAT 'x') FROM dim_date", ""),
    ("a collation", "SELECT COLLATE(region, `x y`) FROM dim_store", ""),
    ("a zone as a name", "SELECT EXTRACT(DAY FROM sale_date AT TIME ZONE `x y`) FROM dim_date", ""),
    ("an argument with a name", "SELECT ROUND(x => 1, `a b` => 2) FROM dim_date", ""),
    ("a frame with words", "SELECT SUM(1) OVER (ORDER BY 1 ROWS `x y` PRECEDING) FROM dim_date", ""),
    ("the name of a function", "SELECT `read_text`('x')", ""),
    ("the name of a function with a bracket", "SELECT `x), (SELECT 1`('x')", ""),
    ("the method of a join", "SELECT * FROM dim_date JOIN@{JOIN_METHOD=`x y`} dim_store ON TRUE", ""),
    ("a hexadecimal number", "SELECT 0x1F", ""),
    ("bytes", "SELECT b'abc'", ""),
    ("a date of bytes", "SELECT DATE b'2026-01-01'", ""),
    ("JSON", "SELECT JSON '{\"a\": 1}'", ""),
    ("a path of JSON", "SELECT JSON_VALUE('{}', '$.a') FROM dim_date", ""),
)
QUOTES = reaching(
    "tables",
    ("a backslash at the end of a name", "SELECT 1 AS `a\\`, 2 AS ` FROM batches -- `", ""),
    ("a quotation mark in a name", 'SELECT 1 AS `a" FROM batches --`', ""),
    ("two backticks in a name", "SELECT 'a' FROM `dim_date` AS `b`` , batches --`", ""),
    ("a name with a line break", "SELECT 1 AS `a\n`, secret FROM batches -- `", ""),
    ("a name with NUL", "SELECT 1 AS `a\x00b`", ""),
    ("a name of 301 letters", f"SELECT 1 AS `{'a' * 301}`", ""),
    ("a name with five dots and a minus", "SELECT `a.b.c.d - e.f` FROM dim_date", ""),
    ("a name with many dots", "SELECT `a.b.c.d.e.f.g` FROM dim_date", ""),
    ("a mark before the end of three", 'SELECT """a\\"""" FROM batches --"""', ""),
    ("a text that is not closed", "SELECT 'a FROM batches", ""),
    ("a comment that is not closed", "SELECT 1 /* FROM batches", ""),
    ("a comment within a comment", "SELECT 1 /* /* */ FROM batches -- */", ""),
    ("a comment of MySQL", "SELECT 1 /*! FROM batches */ FROM batches", ""),
    ("a comment by a number sign", "SELECT 1 FROM dim_date # x\n, batches", ""),
    ("dollar marks", "SELECT $$a$$ FROM batches", "SELECT $$a$$, * FROM batches"),
    ("dollar marks with a word", "SELECT $x$ a $x$ FROM batches", "SELECT $x$ a $x$, * FROM batches"),
    ("a text with escapes of DuckDB", "SELECT E'a\\'' FROM batches", "SELECT E'a\\'', * FROM batches"),
    ("a text of Unicode numbers", "SELECT U&'\\0041' FROM batches", ""),
    ("a block of Jinja", "{% raw %} SELECT * FROM batches {% endraw %}", ""),
    ("a value of Jinja", "SELECT {{ x }} FROM batches", ""),
    ("spaces of no width", "SELECT\u200b*\u200bFROM\u200bbatches", ""),
    ("spaces that do not break", "SELECT\u00a0*\u00a0FROM\u00a0batches", "SELECT\u00a0*\u00a0FROM\u00a0batches"),
    ("wide letters", "ＳＥＬＥＣＴ * FROM batches", ""),
    ("quotation marks of a word processor", "SELECT ‘a’ FROM batches", ""),
    ("half of a pair", "SELECT '\ud800'", ""),
    ("a byte order mark", "\ufeffSELECT * FROM batches", ""),
    ("nothing", "", ""),
    ("a semicolon", ";", ""),
    ("two statements", "SELECT 1; SELECT 2", ""),
    ("only a comment", "-- SELECT 1", ""),
)
TEXTS = harmless(
    "tables",
    ("a quotation mark after a backslash", "SELECT 'a\\', (SELECT secret FROM batches) AS b --'", "It stays a text."),
    ("a statement within a text", "SELECT 'x; SELECT * FROM batches' AS a", "It stays a text."),
    ("a comment within a text", "SELECT '-- /* x' AS a, '*/' AS b", "They stay texts."),
    (
        "a quotation mark within a text",
        "SELECT 'a''; DROP TABLE batches; --' AS a".replace("''", "\\'"),
        "It stays a text.",
    ),
    ("the end of a text by its number", "SELECT '\\x27; SELECT 1' AS a", "It stays a text."),
    ("a path as a text", "SELECT '{home}' AS a", "A text is not read as a file."),
    ("a path as a name of a column", "SELECT 1 AS `{home}`", "A name of a column is not read as a file."),
    ("a path as an alias of a table", "SELECT 1 FROM dim_date AS `{home}`", "An alias names a known table."),
    (
        "a unit of the list as a text",
        "SELECT DATE_TRUNC(sale_date, 'month') FROM dim_date",
        "It is a unit of the list.",
    ),
)
WRITTEN_VALUES = (*UNITS, *FILES_IN_UNITS, *VALUES, *QUOTES, *TEXTS)
