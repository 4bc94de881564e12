"""Expressions that the engines would compute differently, with the results that the GoogleSQL reference gives."""

import datetime as dt

SOURCE = """
  WITH one AS (
    SELECT CAST('2.5' AS FLOAT64) AS half, CAST('-2.5' AS FLOAT64) AS minus_half, CAST('100' AS FLOAT64) AS hundred,
      CAST('1.5' AS NUMERIC) AS exact, CAST('7' AS INT64) AS seven, 'abc' AS letters, '2.5' AS decimal_text,
      '12' AS whole_text, DATE '2026-01-04' AS sunday, DATE '2026-01-01' AS thursday, 'a%b' AS percent
  )
  SELECT {} AS value FROM one
"""
RESULTS: dict[str, object] = {
    "CAST(half AS INT64)": 3,
    "CAST(minus_half AS INT64)": -3,
    "CAST(exact AS INT64)": 2,
    "CAST(decimal_text AS INT64)": None,
    "CAST(whole_text AS INT64)": 12,
    "CAST(letters AS INT64)": None,
    "CAST(half AS STRING)": "2.5",
    "CAST(hundred AS STRING)": "100",
    "CAST(exact AS STRING)": "1.5",
    "CAST(sunday AS STRING)": "2026-01-04",
    "SUBSTR(letters, 0, 2)": "ab",
    "SUBSTR(letters, -5, 2)": "ab",
    "SUBSTR(letters, -2)": "bc",
    "SUBSTR(letters, seven - 7, 2)": "ab",
    "SUBSTR(letters, STRPOS(letters, 'b'))": "bc",
    "EXTRACT(DAYOFWEEK FROM sunday)": 1,
    "EXTRACT(DAYOFWEEK FROM thursday) * 2": 10,
    "EXTRACT(WEEK FROM sunday)": 1,
    "EXTRACT(WEEK FROM thursday)": 0,
    "EXTRACT(WEEK(MONDAY) FROM sunday)": 0,
    "EXTRACT(ISOWEEK FROM sunday)": 1,
    "EXTRACT(ISOYEAR FROM sunday)": 2026,
    "DATE_TRUNC(thursday, WEEK)": dt.date(2025, 12, 28),
    "DATE_DIFF(sunday, thursday, WEEK)": 1,
    "LAST_DAY(sunday, MONTH)": dt.date(2026, 1, 31),
    r"percent LIKE r'a\%b'": True,
    r"letters LIKE r'a\%b'": False,
    "letters LIKE 'a%'": True,
    "FORMAT_DATE('%d %b %Y, %V', sunday)": "04 Jan 2026, 01",
    r"REGEXP_EXTRACT(letters, r'a(b)')": "b",
    "(SELECT COUNT(*) FROM UNNEST(GENERATE_DATE_ARRAY('2026-01-01', '2026-12-31', INTERVAL 1 MONTH)))": 12,
}
REFUSED = {
    "EXTRACT(WEEK(TUESDAY) FROM sunday)": "use WEEK, WEEK",
    "EXTRACT(MICROSECOND FROM sunday)": "Parts: DAYOFWEEK",
    "FORMAT_DATE('%Q', sunday)": "%Q cannot be used",
    "FORMAT_DATE(letters, sunday)": "written as a text",
    "REGEXP_EXTRACT(letters, letters)": "written as a text",
    "(SELECT COUNT(*) FROM UNNEST(GENERATE_DATE_ARRAY('2026-01-31', '2026-12-31', INTERVAL 1 MONTH)))": "up to day 28",
}
