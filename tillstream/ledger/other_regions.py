"""Whether the sales of a file exist in another region. Only a sample of the sales is looked up, on a few days."""

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal

import duckdb

from tillstream.domain.batch.holds import Hold, HoldCode
from tillstream.domain.columns import FILE_SOURCES
from tillstream.ledger.memory import MemoryLedger
from tillstream.ledger.settle_script import KEY
from tillstream.ports.warehouse import StagedBatch

DAYS, SALES, LINES = 5, 200, 2_000
"""Size of the sample: days, sales, and lines from which the sales of a day are taken."""
CENTS = 2
LEAST_SALES, LEAST_SHARE = 5, 0.9
"""Fewer sales than this can be equal by accident; a smaller share of the sample is not the same file."""
COLUMNS = ("sale", "region", "sale_id", "net_amount")
"""The columns of sale_versions in which the sample is searched."""
NUMBER = r"COALESCE(NULLIF(regexp_extract({}.sale_id, '[\p{{L}}\p{{N}}]+$'), ''), {}.sale_id)"
"""The last part of a sale ID: without store and prefix, which can differ between the contracts of two regions."""
_SAMPLE = f"""
INSERT INTO sampled_lines
SELECT DISTINCT s.region, s.sale, {NUMBER.format("s", "s")}, s.sale_date, s.net_amount
FROM read_parquet($addresses) AS s
WHERE s.sale_date = $day AND s.sale IN (
  SELECT DISTINCT sale FROM (
    SELECT sale FROM read_parquet($addresses) WHERE sale_date = $day ORDER BY sale LIMIT {LINES}
  ) ORDER BY sale LIMIT $sales
)
"""
TAIL = 4
"""Last characters of numbers that are compared first; fewer if a sampled number is shorter."""
EMPTY_SAMPLE = (
    "CREATE OR REPLACE TEMP TABLE sampled_lines "
    "(region VARCHAR, sale BIGINT, number VARCHAR, sale_date DATE, net_amount DECIMAL(38, 9))"
)
_SET_TAIL = f"SET VARIABLE tail = (SELECT LEAST({TAIL}, MIN(length(number))) FROM sampled_lines)"
_SIMILAR = """
CREATE OR REPLACE TEMP TABLE similar_lines AS
SELECT k.* FROM {} AS k SEMI JOIN sampled_lines AS s
  ON s.net_amount = k.net_amount AND s.region <> k.region AND {}
  AND right(s.number, getvariable('tail')) = right(k.sale_id, getvariable('tail'))
"""
"""Lines of other regions with the amount of a sampled one and the last characters of its number. This is a statement of
its own: otherwise the engine finds the last part of the ID of every line, which takes longest, before it compares."""
_SAME_DAY = "k.sale_date = s.sale_date"
SIMILAR_LINES = _SIMILAR.format(
    f"(SELECT {', '.join(COLUMNS)}, sale_date FROM sale_versions "
    "WHERE is_current AND sale_date IN (SELECT sale_date FROM sampled_lines))",
    _SAME_DAY,
)
_SAME_LINE = f"""
  s.net_amount = k.net_amount AND s.region <> k.region AND s.number = {NUMBER.format("k", "k")}
"""
_MATCHES = f"""
WITH lines AS (
  SELECT DISTINCT s.*, k.region AS other_region
  FROM similar_lines AS k JOIN sampled_lines AS s ON {_SAME_LINE} AND {_SAME_DAY}
),
sizes AS (SELECT sale, COUNT(*) AS lines FROM sampled_lines GROUP BY sale)
SELECT l.other_region, l.sale
FROM lines AS l JOIN sizes AS z USING (sale)
GROUP BY l.other_region, l.sale, z.lines HAVING COUNT(*) = z.lines
"""
"""Sampled sales of which another region has every line."""
_NEW = "SELECT DISTINCT sale FROM sampled_lines ANTI JOIN (SELECT sale FROM known_lines WHERE is_current) USING (sale)"
_EXAMPLE = """
SELECT ANY_VALUE(region), ANY_VALUE(number), MIN(sale_date), SUM(net_amount) FROM sampled_lines WHERE sale = ?
"""

_DAYS = "SELECT DISTINCT sale_date FROM sampled_lines"
_SIMILAR_SALES = _SIMILAR.format("slice_rows", "TRUE")
_SALES = f"SELECT DISTINCT k.sale FROM similar_lines AS k JOIN sampled_lines AS s ON {_SAME_LINE}"
_AMOUNTS = f"""
UPDATE sale_versions SET net_amount = s.net_amount
FROM slice_rows AS s WHERE sale_versions.key = {KEY} AND sale_versions.content = s.content
"""


def is_compared(batch: StagedBatch) -> bool:
    """Whether the sales of the batch are looked up in other regions."""
    is_new_file = batch.source in FILE_SOURCES and not batch.parent and not batch.as_new
    has_sales = bool(batch.accepted) and batch.rows_read >= LEAST_SALES
    return is_new_file and has_sales and HoldCode.OTHER_REGION not in batch.confirmed


def sample(cursor: duckdb.DuckDBPyConnection, batches: Sequence[StagedBatch]) -> None:
    """Create `sampled_lines`: some lines of each of these batches; the same ones whenever it is called."""
    cursor.execute(EMPTY_SAMPLE)
    for batch in batches:
        addresses = list(batch.accepted)
        rows = cursor.execute("SELECT DISTINCT sale_date FROM read_parquet(?) ORDER BY 1", [addresses]).fetchall()
        days = spread([row[0] for row in rows])
        for day in days:
            cursor.execute(_SAMPLE, {"addresses": addresses, "day": day, "sales": SALES // len(days)})


def spread(days: Sequence[date]) -> list[date]:
    """At most `DAYS` of the days, evenly spread, with the first and the last."""
    if len(days) <= DAYS:
        return list(days)
    return [days[round(number * (len(days) - 1) / (DAYS - 1))] for number in range(DAYS)]


def check_other_regions(cursor: duckdb.DuckDBPyConnection, batch: StagedBatch) -> Hold | None:
    """The hold of a file nearly all of whose new sales another region has with the same number, date and amounts."""
    if not is_compared(batch) or not _has_other_regions(cursor, batch.region):
        return None
    sample(cursor, [batch])
    sales_by_region: dict[str, set[int]] = {}
    for region, sale in find_matches(cursor):
        sales_by_region.setdefault(region, set()).add(sale)
    if max(map(len, sales_by_region.values()), default=0) < LEAST_SALES:
        return None
    new = {sale for (sale,) in cursor.execute(_NEW).fetchall()}
    count, region = max((len(sales & new), region) for region, sales in sales_by_region.items())
    if count < max(LEAST_SALES, LEAST_SHARE * len(new)):
        return None
    example = min(sales_by_region[region] & new)
    own, number, day, amount = cursor.execute(_EXAMPLE, [example]).fetchall()[0]
    return Hold.of(
        HoldCode.OTHER_REGION,
        value=f"{count:,} of {len(new):,} sampled sales of this file for {own}",
        detail=f"{region} with the same number, date and amount, such as {number} on {day} for {as_money(amount)}",
    )


def find_matches(cursor: duckdb.DuckDBPyConnection) -> list[tuple[str, int]]:
    """Pairs of another region and a sampled sale of which that region has every line."""
    cursor.execute(_SET_TAIL)
    cursor.execute(SIMILAR_LINES)
    matches: list[tuple[str, int]] = cursor.execute(_MATCHES).fetchall()
    return matches


def _has_other_regions(cursor: duckdb.DuckDBPyConnection, region: str) -> bool:
    sql = "SELECT 1 FROM batches WHERE region <> ? AND undone_no IS NULL LIMIT 1"
    return cursor.execute(sql, [region]).fetchone() is not None


def as_money(amount: Decimal) -> str:
    """The amount with two decimal places, or all that it has."""
    text = f"{amount.normalize():f}"
    return text if len(text.partition(".")[2]) > CENTS else f"{amount:.{CENTS}f}"


# ---- the slice of a ledger that is stored elsewhere ----------------------------------------------------------------


def search_sample(memory: MemoryLedger, staged: Sequence[StagedBatch]) -> set[int]:
    """The sales of other regions with a line like a sampled one, on any day of the sample."""
    sample(memory.cursor, [batch for batch in staged if is_compared(batch)])
    days = memory.column(_DAYS)
    if not days:
        return set()
    amounts = memory.column("SELECT DISTINCT net_amount FROM sampled_lines")
    memory.cursor.execute(_SET_TAIL)
    memory.with_rows(memory.reader.read("sale_versions", COLUMNS, days, {"net_amount": amounts}), _SIMILAR_SALES)
    return memory.column(_SALES)


def load_amounts(memory: MemoryLedger, sales: Collection[int]) -> None:
    """Load the amounts of these sales on the days of the sample; settlements need no others."""
    if sales:
        columns = ("key", "content", "net_amount")
        memory.with_rows(memory.reader.read("sale_versions", columns, memory.column(_DAYS), {"sale": sales}), _AMOUNTS)
