"""Whether sales of a file are in the ledger of its region with other spellings of their numbers or products.

Of a large file, only a part of its sales is compared, with the lines that the ledger has of their days.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import reduce

import duckdb

from tillstream.ledger.duckdb_ledger import KEY, PRODUCT, MemoryLedger
from tillstream.model.batch import Hold, HoldCode
from tillstream.model.contract_sections import STORE_ESCAPES
from tillstream.model.money import example_text
from tillstream.ports.warehouse import StagedBatch

MOST_ROWS = 5_000
"""Rows of the sales that are compared, about. Hashes of sales are spread evenly from 0 to 2^63."""
MOST_SIMILAR = 2_000
"""Sales of the ledger whose numbers are normalised, about: those with rare amounts."""
LEAST_SHARE, LEAST_SHARE_OF_DIGITS = 0.5, 0.9
"""Share of the new sales of a store's day that the ledger must have under another spelling: a smaller one can be equal
by accident. If only the digits of the numbers are equal, they may be numbers of two tills, unless the file repeats at
least as many known sales of the day and lacks those with which it is compared."""
LEAST_LINES_OF_DIGITS = 5
LEAST_LINES_OF_FORM, LEAST_TIMES_BY_ACCIDENT = 2, 4
"""Fewer sales are enough if their numbers are equal but for spelling, and more than accident makes equal: that is
estimated from the sums which sales of the file have in common."""
COLUMNS = ("sale", "region", "sale_id", "store_id", "sold_at", "sale_date", "quantity", "net_amount")
"""The columns of sale_versions in which known sales are searched."""
_WIDE = "".join(map(chr, range(0xFF01, 0xFF5F)))
_NARROW = "".join(map(chr, range(0x21, 0x7F))).replace("'", "''")
_NORMAL_FORM = rf"""
CREATE OR REPLACE TEMP MACRO normal_form(id) AS
regexp_replace(
  regexp_replace(
    regexp_replace(lower(translate(id, '{_WIDE}', '{_NARROW}')), '[.,]0{{1,2}}$', ''), '[^\p{{L}}\p{{N}}/]+', '', 'g'
  ),
  '(^|[^0-9])0+([0-9])', '\1\2', 'g'
)
"""
"""An ID without what spreadsheets and programs change: case, width, spaces, punctuation, leading zeros, and a `.0`."""
_DIGITS = r"""
CREATE OR REPLACE TEMP MACRO digits(form) AS COALESCE(
  NULLIF(trim(regexp_replace(regexp_replace(form, '[^0-9/]+', '', 'g'), '/+', '/', 'g'), '/'), ''), form
)
"""
"""The digits of a normal form: without prefix and suffix."""
_ESCAPED = reduce(lambda text, escape: f"replace({text}, '{escape[0]}', '{escape[1]}')", STORE_ESCAPES, "store_id")
_NUMBER = f"""
CREATE OR REPLACE TEMP MACRO without_prefix(text, prefix) AS
IF(starts_with(text, prefix), substr(text, length(prefix) + 1), NULL);
CREATE OR REPLACE TEMP MACRO number_of(sale_id, store_id) AS COALESCE(
  without_prefix(sale_id, store_id || '/'),
  without_prefix(sale_id, {_ESCAPED} || '/'),
  sale_id
)
"""
"""A sale ID without its store, whose `/` and `%` may be escaped in it."""
_SAME_TIME = """
CREATE OR REPLACE TEMP MACRO is_same_time(a, b) AS
COALESCE(a = b OR epoch_us(LEAST(a, b)) = epoch_us(GREATEST(a, b)) // 60_000_000 * 60_000_000, TRUE)
"""
"""Whether two times are equal, or one is the full minute of the other, as spreadsheets write it, or one is missing."""
_EMPTY_SAMPLE = (
    "CREATE OR REPLACE TEMP TABLE compared_lines (sale BIGINT, region VARCHAR, sale_id VARCHAR, store_id VARCHAR, "
    "sold_at TIMESTAMPTZ, sale_date DATE, quantity DECIMAL(38, 9), net_amount DECIMAL(38, 9))"
)
_SAMPLE = f"""
INSERT INTO compared_lines
SELECT {", ".join(COLUMNS)} FROM read_parquet($accepted) WHERE sale <= $most
"""
_EQUAL_LINE = """
s.net_amount = k.net_amount AND s.sale_date = k.sale_date AND s.region = k.region
  AND s.quantity IS NOT DISTINCT FROM k.quantity AND s.sale <> k.sale
"""
_SIMILAR = f"""
CREATE OR REPLACE TEMP TABLE similar_sales AS
SELECT {", ".join(f"k.{name}" for name in COLUMNS)} FROM {{}} AS k SEMI JOIN compared_lines AS s ON {_EQUAL_LINE}
"""
"""Lines of the ledger with the day, the amount and the quantity of a compared one, in another sale. This is a statement
of its own: otherwise the engine normalises the number of every line before it compares."""
_FORMS = """
SELECT *, digits(form) AS digits FROM (
  SELECT *, normal_form(store_id) AS store, normal_form(number_of(sale_id, store_id)) AS form FROM {}
)
"""
_SUMS = """
SELECT sale, region, sale_date, COUNT(*) AS lines, SUM(net_amount) AS amount, COALESCE(SUM(quantity), 0) AS units
FROM {} GROUP BY sale, region, sale_date
"""
_SUMMED = "region, sale_date, lines, amount, units"
_CURRENT = "(FROM sale_versions WHERE is_current AND sale_date IN (SELECT sale_date FROM compared_lines))"
_LEDGER_SUMS = f"""
CREATE OR REPLACE TEMP TABLE known_sums AS
{_SUMS.format(f"{_CURRENT} AS k SEMI JOIN compared_lines AS s ON {_EQUAL_LINE}")}
"""
"""Sums of the sales of the ledger, of their lines that are equal to a compared one: only numbers are read."""
_EQUAL_SUMS = f"""
CREATE OR REPLACE TEMP TABLE equal_sums AS
SELECT {_SUMMED},
  SUM(sales) OVER (ORDER BY sales, {_SUMMED} ROWS UNBOUNDED PRECEDING) - sales < {MOST_SIMILAR} AS is_rare
FROM (
  SELECT {_SUMMED}, COUNT(*) AS sales
  FROM known_sums SEMI JOIN ({_SUMS.format("compared_lines")}) USING ({_SUMMED}) GROUP BY ALL
)
"""
"""Sums of sales that both the file and the ledger have; the rarest ones are compared further."""
_RARE = f"SELECT sale FROM known_sums SEMI JOIN (FROM equal_sums WHERE is_rare) USING ({_SUMMED})"
_WITHOUT_FREQUENT_SUMS = f"""
DELETE FROM compared_lines WHERE sale IN (
  SELECT sale FROM ({_SUMS.format("compared_lines")}) SEMI JOIN (FROM equal_sums WHERE NOT is_rare) USING ({_SUMMED})
)
"""
_REPEATED_DAYS = """
CREATE OR REPLACE TEMP TABLE repeated_days AS
SELECT store_id, sale_date AS day, COUNT(DISTINCT sale) AS repeated
FROM compared_lines SEMI JOIN (FROM known_lines WHERE is_current) USING (sale) GROUP BY ALL
"""
"""How many known sales of the day of a store the file repeats, of those that are compared."""
_ONLY_NEW = "DELETE FROM compared_lines WHERE sale IN (SELECT sale FROM known_lines WHERE is_current)"
_EQUAL_LINES = f"""
SELECT s.sale, k.sale AS known, k.sale_id AS known_id, k.store_id AS known_store, s.form = k.form AS is_same_form,
  COUNT(DISTINCT (s.quantity, s.net_amount)) AS lines
FROM ({_FORMS.format("compared_lines")}) AS s JOIN ({_FORMS.format("similar_sales")}) AS k
ON s.net_amount = k.net_amount AND s.sale_date = k.sale_date AND s.region = k.region
  AND s.quantity IS NOT DISTINCT FROM k.quantity AND s.store IS NOT DISTINCT FROM k.store AND s.digits = k.digits
  AND s.sale <> k.sale AND is_same_time(s.sold_at, k.sold_at)
GROUP BY ALL
"""
_SPELLED_SALES = f"""
WITH sizes AS (
  SELECT sale, ANY_VALUE(sale_id) AS sale_id, ANY_VALUE(store_id) AS store_id, MIN(sale_date) AS day,
    COUNT(DISTINCT (quantity, net_amount)) AS lines, SUM(net_amount) AS amount
  FROM compared_lines GROUP BY sale
),
alike AS (
  SELECT sale, (COUNT(*) OVER (PARTITION BY store_id, day, lines, amount) - 1)
    / GREATEST(COUNT(*) OVER (PARTITION BY store_id, day) - 1, 1) AS by_accident
  FROM sizes
),
matches AS (
  SELECT e.sale, BOOL_OR(e.is_same_form) AS is_same_form,
    MIN_BY({{'sale': e.known, 'id': e.known_id, 'store': e.known_store}}, (NOT e.is_same_form, e.known_id)) AS known
  FROM ({_EQUAL_LINES}) AS e JOIN sizes AS z USING (sale)
  ANTI JOIN (SELECT sale FROM read_parquet($accepted)) AS f ON f.sale = e.known
  WHERE e.lines >= z.lines
  GROUP BY e.sale
),
days AS (
  SELECT z.store_id, z.day, COUNT(*) AS new, COUNT(m.sale) AS same_digits,
    COUNT(*) FILTER (m.is_same_form) AS same_form, COALESCE(SUM(z.lines) FILTER (m.sale IS NOT NULL), 0) AS lines,
    COALESCE(SUM(z.lines) FILTER (m.is_same_form), 0) AS lines_of_form, SUM(a.by_accident) AS by_accident
  FROM sizes AS z JOIN alike AS a USING (sale) LEFT JOIN matches AS m USING (sale) GROUP BY ALL
),
chosen AS (
  SELECT days.*, same_form >= {LEAST_SHARE} * new OR (
      lines_of_form >= {LEAST_LINES_OF_FORM} AND same_form > {LEAST_TIMES_BY_ACCIDENT} * by_accident
    ) AS by_form, same_digits >= {LEAST_SHARE_OF_DIGITS} * new AS by_digits,
    SUM(lines) FILTER (same_digits >= {LEAST_SHARE_OF_DIGITS} * new) OVER () AS lines_by_digits,
    repeated >= new AS is_repeated
  FROM days LEFT JOIN repeated_days AS r
  ON r.store_id IS NOT DISTINCT FROM days.store_id AND r.day = days.day
)
SELECT z.sale_id, m.known.id, z.day, z.amount, z.sale, m.known.sale,
  number_of(z.sale_id, z.store_id), number_of(m.known.id, m.known.store), z.store_id, m.known.store
FROM chosen AS d JOIN sizes AS z ON z.store_id IS NOT DISTINCT FROM d.store_id AND z.day = d.day
JOIN matches AS m USING (sale)
WHERE (d.by_form AND m.is_same_form)
  OR (d.by_digits AND (d.is_repeated OR d.lines_by_digits >= {LEAST_LINES_OF_DIGITS}))
ORDER BY z.day, z.sale_id
"""
"""Compared sales that the ledger has under another spelling only, which is not a number of the file: of the days of a
store on which it has enough of the new sales, or more than accident makes equal."""
_PRODUCT = f"""
{PRODUCT} AS product, CASE {PRODUCT}
  WHEN s.product_id THEN 'product_id' WHEN s.product_name THEN 'product_name' WHEN s.category THEN 'category'
END AS named_by
"""
"""The product of a line, and the column that names it."""
_NAMED_BY = "CASE WHEN {0}.named_by = {1}.named_by THEN {0}.named_by ELSE '' END"
"""The column that names a product on both sides; empty if it is not the same one."""
_PRODUCTS_OF_SALES = f"""
WITH pairs AS (SELECT UNNEST($sales::BIGINT[]) AS sale, UNNEST($known::BIGINT[]) AS known),
lines AS (
  SELECT sale, quantity, net_amount, COUNT(*) AS lines, MIN(product) AS product, MIN(named_by) AS named_by
  FROM (SELECT *, {_PRODUCT} FROM read_parquet($accepted) AS s) SEMI JOIN pairs USING (sale)
  GROUP BY sale, quantity, net_amount
),
known AS (
  SELECT p.sale, quantity, net_amount, COUNT(*) AS lines, MIN(product) AS product, MIN(named_by) AS named_by
  FROM (SELECT *, {_PRODUCT} FROM sale_versions AS s WHERE is_current) AS s JOIN pairs AS p ON p.known = s.sale
  GROUP BY p.sale, quantity, net_amount
)
SELECT DISTINCT {_NAMED_BY.format("a", "k")}, a.product, k.product FROM lines AS a JOIN known AS k
ON a.sale = k.sale AND a.net_amount = k.net_amount AND a.quantity IS NOT DISTINCT FROM k.quantity
WHERE a.lines = 1 AND k.lines = 1 AND a.product <> k.product ORDER BY ALL
"""
"""Products of sales that are spelled differently, each with its column and with the one of the known sale."""

_CHANGED_SALES = f"""
WITH lines AS (SELECT sale, {KEY} AS key FROM read_parquet($accepted) AS s WHERE sale <= $most),
known AS (SELECT sale, key FROM {{}} WHERE is_current AND sale <= $most),
missing AS (SELECT DISTINCT sale FROM known ANTI JOIN lines USING (key))
SELECT DISTINCT a.sale, m.sale IS NOT NULL
FROM (FROM lines ANTI JOIN known USING (key)) AS a SEMI JOIN known USING (sale) LEFT JOIN missing AS m USING (sale)
"""
"""Compared sales of the ledger that have further lines in the file, and whether the file lacks some of their lines."""
_OTHER_PRODUCTS = f"""
WITH changed AS (SELECT UNNEST($sales::BIGINT[]) AS sale),
lines AS (
  SELECT sale, sale_id, sale_date, quantity, net_amount, {_PRODUCT},
    COALESCE(line_key, {PRODUCT}) AS line, line_key IS NOT NULL AS is_numbered
  FROM read_parquet($accepted) AS s SEMI JOIN changed USING (sale)
),
known AS (
  SELECT sale, sale_date, quantity, net_amount, {_PRODUCT},
    IF((SELECT BOOL_OR(is_numbered) FROM lines), line_key, regexp_replace(line_key, '#[0-9]+$', '')) AS line
  FROM sale_versions AS s SEMI JOIN changed USING (sale) WHERE is_current
),
added AS (
  SELECT sale, ANY_VALUE(sale_id) AS sale_id, sale_date, quantity, net_amount, COUNT(*) AS lines,
    MIN(product) AS product, MIN(named_by) AS named_by
  FROM lines ANTI JOIN known USING (sale, line) GROUP BY sale, sale_date, quantity, net_amount
),
missing AS (
  SELECT sale, sale_date, quantity, net_amount, COUNT(*) AS lines,
    MIN(product) AS product, MIN(named_by) AS named_by
  FROM known ANTI JOIN lines USING (sale, line) GROUP BY sale, sale_date, quantity, net_amount
),
compared AS (
  SELECT a.* EXCLUDE named_by, m.product AS known_product, {_NAMED_BY.format("a", "m")} AS named_by,
    COALESCE(m.lines >= a.lines, FALSE) AS is_repeated
  FROM added AS a LEFT JOIN missing AS m
  ON a.sale = m.sale AND a.sale_date = m.sale_date AND a.net_amount = m.net_amount
    AND a.quantity IS NOT DISTINCT FROM m.quantity
)
FROM compared
QUALIFY BOOL_AND(is_repeated) OVER (PARTITION BY sale)
ORDER BY sale_date, sale_id, product
"""
"""Further lines of changed sales, if each line of a sale has the day, quantity and amount of one that is missing."""

_LOADED = ("sold_at", "quantity", "net_amount", "product_id", "product_name", "category")
_FACTS = f"""
UPDATE sale_versions SET {", ".join(f"{name} = s.{name}" for name in _LOADED)}
FROM slice_rows AS s WHERE sale_versions.key = {KEY} AND sale_versions.content = s.content
"""


def check_spellings(cursor: duckdb.DuckDBPyConnection, batch: StagedBatch) -> Hold | None:
    """The hold of a file with sales that the ledger has under another spelling, or with other products."""
    if batch.parent or not batch.accepted:
        return None
    return _other_numbers(cursor, batch) or _other_products(cursor, batch)


def _other_numbers(cursor: duckdb.DuckDBPyConnection, batch: StagedBatch) -> Hold | None:
    if not _compares_numbers(batch):
        return None
    _sample(cursor, [batch])
    for statement in (_REPEATED_DAYS, _ONLY_NEW, _LEDGER_SUMS, _EQUAL_SUMS, _WITHOUT_FREQUENT_SUMS):
        cursor.execute(statement)
    if not cursor.execute("SELECT 1 FROM equal_sums LIMIT 1").fetchone():
        return None
    cursor.execute(_SIMILAR.format(f"({_CURRENT} SEMI JOIN ({_RARE}) USING (sale))"))
    rows = cursor.execute(_SPELLED_SALES, {"accepted": list(batch.accepted)}).fetchall()
    if not rows:
        return None
    sale, in_ledger, day, amount, *_ = rows[0]
    hold = Hold.from_code(
        HoldCode.OTHER_SPELLING,
        value=f"{len(rows):,} {'sale' if len(rows) == 1 else 'sales'}",
        detail=f"{sale} of {day} for {example_text(amount)} is in the ledger as {in_ledger}",
    )
    params = {"accepted": list(batch.accepted), "sales": [row[4] for row in rows], "known": [row[5] for row in rows]}
    products = cursor.execute(_PRODUCTS_OF_SALES, params).fetchall()
    return replace(
        hold,
        numbers=_different(row[6:8] for row in rows),
        stores=_different(row[8:] for row in rows),
        products=tuple(products),
    )


def _different(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """All these pairs, without repetitions; none if the spellings of all are equal."""
    distinct = tuple(dict.fromkeys(pairs))
    return distinct if any(here != there for here, there in distinct) else ()


def _other_products(cursor: duckdb.DuckDBPyConnection, batch: StagedBatch) -> Hold | None:
    if not _compares_products(batch) or not cursor.execute("SELECT 1 FROM known_lines LIMIT 1").fetchone():
        return None
    changed = _changed_sales(cursor, batch, "known_lines")
    sales = [sale for sale, lacks_lines in changed if lacks_lines]
    if not sales:
        return None
    params = {"accepted": list(batch.accepted), "sales": sales}
    lines = cursor.execute(_OTHER_PRODUCTS, params).fetchall()
    count = len({line[0] for line in lines})
    if not lines or count < LEAST_SHARE * len(changed):
        return None
    _, sale, day, _, amount, _, product, in_ledger, *_ = lines[0]
    pairs = dict.fromkeys((line[8], line[6], line[7]) for line in lines if line[5] == 1)
    counterpart = "in the ledger with another line number" if product == in_ledger else f"{in_ledger} in the ledger"
    hold = Hold.from_code(
        HoldCode.OTHER_PRODUCTS,
        value=f"{count:,} known {'sale' if count == 1 else 'sales'}",
        detail=f"{product} of {sale} on {day} for {example_text(amount)} is {counterpart}",
    )
    return replace(hold, products=tuple(pairs) if all(here != there for _, here, there in pairs) else ())


def _changed_sales(cursor: duckdb.DuckDBPyConnection, batch: StagedBatch, source: str) -> list[tuple[int, bool]]:
    params = {"accepted": list(batch.accepted), "most": _greatest_sale(batch)}
    changed: list[tuple[int, bool]] = cursor.execute(_CHANGED_SALES.format(source), params).fetchall()
    return changed


def _sample(cursor: duckdb.DuckDBPyConnection, batches: Sequence[StagedBatch]) -> None:
    """Create `compared_lines`: lines of some sales of each of these batches; the same ones whenever it is called."""
    for statement in (_NORMAL_FORM, _DIGITS, _NUMBER, _SAME_TIME, _EMPTY_SAMPLE):
        cursor.execute(statement)
    for batch in batches:
        cursor.execute(_SAMPLE, {"accepted": list(batch.accepted), "most": _greatest_sale(batch)})


def _greatest_sale(batch: StagedBatch) -> int:
    """The hash up to which sales are compared."""
    return (2**63 - 1) * MOST_ROWS // max(batch.rows_read, MOST_ROWS)


def _compares_numbers(batch: StagedBatch) -> bool:
    return batch.is_new_file and not batch.nameless and HoldCode.OTHER_SPELLING not in batch.confirmed


def _compares_products(batch: StagedBatch) -> bool:
    """A complete statement of a sale removes the lines that it lacks."""
    return batch.is_new_file and not batch.replaces and HoldCode.OTHER_PRODUCTS not in batch.confirmed


# ---- the slice of a ledger that is stored elsewhere ----------------------------------------------------------------


def search_spellings(memory: MemoryLedger, staged: Sequence[StagedBatch]) -> set[int]:
    """The sales of the ledger whose numbers may be other spellings of compared ones."""
    _sample(memory.cursor, [batch for batch in staged if _compares_numbers(batch)])
    days = memory.column("SELECT DISTINCT sale_date FROM compared_lines")
    if not days:
        return set()
    amounts = memory.column("SELECT DISTINCT net_amount FROM compared_lines")
    memory.with_rows(
        memory.reader.read("sale_versions", COLUMNS, days, {"net_amount": amounts}), _SIMILAR.format("slice_rows")
    )
    return memory.column(f"SELECT DISTINCT known FROM ({_EQUAL_LINES})")


def load_facts(
    memory: MemoryLedger, staged: Sequence[StagedBatch], days: Collection[date], sales: Collection[int]
) -> None:
    """Load the amounts and products of the known sales that are compared; settlements need no others.

    days: those of all sales. sales: those from `search_spellings`.
    """
    changed = {
        sale
        for batch in staged
        if _compares_products(batch)
        for sale, lacks_lines in _changed_sales(memory.cursor, batch, "sale_versions")
        if lacks_lines
    }
    compared = changed | set(sales)
    if compared and days:
        columns = ("key", "content", *_LOADED)
        memory.with_rows(memory.reader.read("sale_versions", columns, days, {"sale": compared}), _FACTS)
