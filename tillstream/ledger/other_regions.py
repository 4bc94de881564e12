"""Whether sales of a file exist in another region.

On a few days, samples of both sides are compared: sales of the file are looked up in the ledger, and sales of the other
regions in the file. So the order in which files arrive does not matter if one contains the other, on all of its days or
on some, or if both contain a store.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from tillstream.ledger.duckdb_ledger import KEY, MemoryLedger
from tillstream.model.batch import Hold, HoldCode
from tillstream.model.money import example_text
from tillstream.ports.warehouse import StagedBatch

DAYS, SALES, LINES = 26, 20, 200
"""Size of a sample: days; sales of a region on a day, with at least one of each store; lines of a store on a day from
which they are taken. With so many days, those of a year are two weeks apart."""
LEAST_SALES, LEAST_SHARE = 5, 0.9
"""Fewer sales than this can be equal by accident; a smaller share of the sample, on the days on which both sides have
some of the sales, is not the same file."""
COLUMNS = ("sale", "region", "store_id", "sale_id", "sale_date", "net_amount")
"""The columns of sale_versions that are compared."""
NUMBER = r"COALESCE(NULLIF(regexp_extract({}.sale_id, '0*([\p{{L}}\p{{N}}]+)$', 1), ''), {}.sale_id)"
"""The last part of a sale ID: without store and prefix, which can differ between the contracts of two regions, and
without leading zeros, which spreadsheets remove."""
TAIL = 4
"""Last characters of numbers that are compared first; fewer if a sampled number is shorter."""
EMPTY_SAMPLE = """
CREATE OR REPLACE TEMP TABLE sampled_lines
(region VARCHAR, store_id VARCHAR, sale BIGINT, number VARCHAR, sale_date DATE, net_amount DECIMAL(38, 9))
"""
_DAYS = "SELECT day FROM sampled_days"
_ROWS = f"(SELECT {', '.join(COLUMNS)} FROM {{}} AND sale_date IN ({_DAYS}))"
_FILES = _ROWS.format("read_parquet(getvariable('compared_files')) WHERE TRUE")
_LEDGER = _ROWS.format("sale_versions WHERE is_current")
_OTHER_REGIONS = _ROWS.format(
    "sale_versions WHERE region <> getvariable('own_region') "
    "AND COALESCE(list_contains(getvariable('loaded_regions'), region), TRUE)"
)
"""Of these, the sample is taken: of all contents, so that it does not depend on which of them are current. On a slice,
only of regions whose sample is loaded; on a whole ledger, there are no `loaded_regions`."""

_SET_TAIL = f"SET VARIABLE tail = (SELECT LEAST({TAIL}, MIN(length(number))) FROM sampled_lines)"
_SIMILAR = """
CREATE OR REPLACE TEMP TABLE similar_lines AS
SELECT k.* FROM {} AS k SEMI JOIN sampled_lines AS s
  ON s.net_amount = k.net_amount AND s.region <> k.region AND k.sale_date = s.sale_date
  AND right(s.number, getvariable('tail')) = right(k.sale_id, getvariable('tail'))
"""
"""Lines of other regions with the amount of a sampled one and the last characters of its number. This is a statement of
its own: otherwise the engine finds the last part of the ID of every line, which takes longest, before it compares."""
SIMILAR_LINES, _SIMILAR_LINES_OF_FILES = _SIMILAR.format(_LEDGER), _SIMILAR.format(_FILES)
_EQUAL_LINES = f"""
similar_lines AS k JOIN sampled_lines AS s
  ON s.net_amount = k.net_amount AND s.region <> k.region AND k.sale_date = s.sale_date
  AND s.number = {NUMBER.format("k", "k")}
"""
_MATCHES = f"""
WITH lines AS (
  SELECT s.region, s.sale, s.sale_date, s.net_amount, k.region AS other_region, k.sale AS other_sale,
    MIN(k.store_id) AS other_store
  FROM {_EQUAL_LINES} GROUP BY ALL
),
sizes AS (SELECT sale, COUNT(*) AS lines FROM sampled_lines GROUP BY sale)
SELECT l.region, l.sale, l.other_region, l.other_sale, MIN(l.other_store)
FROM lines AS l JOIN sizes AS z USING (sale)
GROUP BY l.region, l.sale, l.other_region, l.other_sale, z.lines HAVING COUNT(*) = z.lines
"""
"""Sampled sales, and the sales of another region that have all their lines."""
_STORE_DAYS = "SELECT region, sale, MIN(store_id), MIN(sale_date) FROM sampled_lines GROUP BY region, sale"
_REPEATED = "SELECT DISTINCT sale FROM known_lines WHERE is_current AND list_contains(?, sale)"
_EXAMPLE = f"""
SELECT ANY_VALUE({NUMBER.format("k", "k")}), MIN(sale_date), SUM(net_amount) FROM {_FILES} AS k WHERE sale = ?
"""

Match = tuple[str, int, str, int, str | None]
"""Region and hash of a sampled sale; region, hash and store of a sale with all its lines."""
_StoreDay = tuple[str | None, date]

_LINE = "{'sale': sale, 'sale_id': sale_id, 'net_amount': net_amount}"
_READ_DAYS = f"""
CREATE TEMP TABLE read_days AS
SELECT region, store_id, sale_date, arg_min({_LINE}, sale, {LINES}) AS lowest, list({_LINE}) FILTER (
  net_amount IN (SELECT net_amount FROM sampled_lines)
  AND right(sale_id, getvariable('tail')) IN (SELECT right(number, getvariable('tail')) FROM sampled_lines)
) AS matching
FROM slice_rows GROUP BY ALL
"""
"""The days of the sample in the ledger, read once: the lines from which a sample is taken, and the similar lines."""
_READ_LINES = "(SELECT region, store_id, sale_date, UNNEST({}, recursive := TRUE) FROM read_days)"
_LOWEST = _READ_LINES.format("lowest")
_SHARING_REGIONS = f"SELECT s.region FROM {_EQUAL_LINES} GROUP BY 1 HAVING COUNT(DISTINCT s.sale) >= {LEAST_SALES}"
_AMOUNTS = f"""
UPDATE sale_versions SET net_amount = s.net_amount
FROM slice_rows AS s WHERE sale_versions.key = {KEY} AND sale_versions.content = s.content
"""


def _sampled_sales(lines: str) -> str:
    """The sales with the lowest hashes. Any part of the lines that contains this sample has the same one."""
    return f"""
    WITH lowest AS (SELECT region, store_id, sale_date, min(sale, {LINES}) AS sales FROM {lines} GROUP BY ALL),
    sales AS (
      SELECT *, ROW_NUMBER() OVER (PARTITION BY region, store_id, sale_date ORDER BY sale) AS place
      FROM (SELECT DISTINCT region, store_id, sale_date, UNNEST(sales) AS sale FROM lowest)
    )
    SELECT region, sale_date, sale FROM sales
    QUALIFY ROW_NUMBER() OVER (PARTITION BY region, sale_date ORDER BY place, sale)
      <= GREATEST({SALES}, COUNT(*) FILTER (place = 1) OVER (PARTITION BY region, sale_date))
    """


def _sample(lines: str, of_lines: str = "") -> str:
    """of_lines: the lines from which the sales are taken, if not from `lines`."""
    return f"""
    INSERT INTO sampled_lines
    SELECT k.region, MIN(k.store_id), k.sale, {NUMBER.format("k", "k")} AS number, k.sale_date, k.net_amount
    FROM {lines} AS k SEMI JOIN ({_sampled_sales(of_lines or lines)}) AS s USING (region, sale_date, sale)
    GROUP BY k.region, k.sale, number, k.sale_date, k.net_amount
    """


def is_compared(batch: StagedBatch) -> bool:
    """Whether the sales of the batch are looked up in other regions."""
    return batch.is_new_file and batch.rows_read >= LEAST_SALES and HoldCode.OTHER_REGION not in batch.confirmed


def choose_days(cursor: duckdb.DuckDBPyConnection, batches: Sequence[StagedBatch]) -> bool:
    """Create `sampled_days`, with some days of each of these batches; whether there are any."""
    days: set[date] = set()
    for batch in batches:
        sql = "SELECT DISTINCT sale_date FROM read_parquet(?) ORDER BY 1"
        days.update(spread([row[0] for row in cursor.execute(sql, [list(batch.accepted)]).fetchall()]))
    cursor.execute("CREATE OR REPLACE TEMP TABLE sampled_days AS SELECT UNNEST(?::DATE[]) AS day", [sorted(days)])
    return bool(days)


def spread(days: Sequence[date]) -> list[date]:
    """At most `DAYS` of the days, evenly spread, with the first and the last."""
    if len(days) <= DAYS:
        return list(days)
    return [days[round(number * (len(days) - 1) / (DAYS - 1))] for number in range(DAYS)]


def sample_files(cursor: duckdb.DuckDBPyConnection, batches: Sequence[StagedBatch]) -> None:
    """Create `sampled_lines`, with lines of these batches; the same ones whenever it is called."""
    files = [address for batch in batches for address in batch.accepted]
    cursor.execute("SET VARIABLE compared_files = ?::VARCHAR[]", [files])
    cursor.execute(EMPTY_SAMPLE)
    cursor.execute(_sample(_FILES))


@dataclass(frozen=True)
class Shared:
    """Sampled sales that the other side has too."""

    region: str
    """The other region."""
    sales: frozenset[int]
    """Those of the file."""
    sampled: int
    """Sampled sales of the days on which there are such sales: regions can overlap on some of their days."""
    store: str | None = None
    """The sales of this store were compared; None: those of all stores."""

    @property
    def is_same(self) -> bool:
        return len(self.sales) >= max(LEAST_SALES, LEAST_SHARE * self.sampled)


def check_other_regions(cursor: duckdb.DuckDBPyConnection, batch: StagedBatch) -> Hold | None:
    """The hold of a file if it and another region, or a store of each, have nearly all sampled new sales of one of both
    in common on some days, with the same number, date and amounts."""
    if not is_compared(batch) or not _has_other_regions(cursor, batch.region):
        return None
    choose_days(cursor, [batch])
    sample_files(cursor, [batch])
    sides = [list(_compare(cursor, batch.region, find_matches(cursor, SIMILAR_LINES)))]
    cursor.execute("SET VARIABLE own_region = ?", [batch.region])
    cursor.execute(EMPTY_SAMPLE)
    cursor.execute(_sample(_LEDGER, _OTHER_REGIONS))
    sides.append(list(_compare(cursor, batch.region, find_matches(cursor, _SIMILAR_LINES_OF_FILES))))
    same = [(shared, side) for side, each in enumerate(sides) for shared in each if shared.is_same]
    if not same:
        return None
    shared, side = min(same, key=lambda one: (one[0].store is not None, one[1], -len(one[0].sales), one[0].region))
    number, day, amount = cursor.execute(_EXAMPLE, [min(shared.sales)]).fetchall()[0]
    same_sale = f"with the same number, date and amount, such as {number} on {day} for {example_text(amount)}"
    if side == 0:
        of_store = f" of store {shared.store}" if shared.store else ""
        sales = f"{len(shared.sales):,} of {shared.sampled:,} sampled sales{of_store}"
    else:  # the stores of the other region and how many sales they have are not for everybody who reads the message
        sales = f"{len(shared.sales):,} sales"
    return Hold.from_code(
        HoldCode.OTHER_REGION,
        value=f"{sales} of this file for {batch.region}",
        detail=f"{shared.region} {same_sale}",
    )


def find_matches(cursor: duckdb.DuckDBPyConnection, similar_lines: str) -> list[Match]:
    """The sampled sales that another region has too, among the lines that the statement `similar_lines` selects."""
    cursor.execute(_SET_TAIL)
    cursor.execute(similar_lines)
    matches: list[Match] = cursor.execute(_MATCHES).fetchall()
    return matches


def _compare(cursor: duckdb.DuckDBPyConnection, own_region: str, matches: Sequence[Match]) -> Iterator[Shared]:
    """For each other region, the sampled sales that are on both sides, all and those of two stores.

    Left out are sales that the region of the file has already, and those with several equal ones: numbers that start
    again in each store are equal by accident.
    """
    is_file = {region == own_region for region, *_ in matches} == {True}
    counterparts: dict[str, dict[int, list[tuple[int, str | None]]]] = {}
    for region, sale, other_region, other_sale, other_store in matches:
        counterparts.setdefault(other_region if is_file else region, {}).setdefault(sale, []).append(
            (other_sale, other_store)
        )
    if max(map(len, counterparts.values()), default=0) < LEAST_SALES:
        return
    sampled: dict[str, dict[int, _StoreDay]] = {}
    for region, sale, store, day in cursor.execute(_STORE_DAYS).fetchall():
        sampled.setdefault(region, {})[sale] = (store, day)
    of_file = {sale for sales in sampled.values() for sale in sales} if is_file else {match[3] for match in matches}
    repeated = {sale for (sale,) in cursor.execute(_REPEATED, [list(of_file)]).fetchall()}
    for region, equal in counterparts.items():
        store_days = sampled[own_region if is_file else region]
        pairs = {sale: (sale if is_file else others[0][0], others[0][1]) for sale, others in equal.items()}
        left_out = {sale for sale, others in equal.items() if len(others) > 1 or pairs[sale][0] in repeated}
        compared = {sale: place for sale, place in store_days.items() if sale not in left_out | repeated}
        yield from _shared_sales(region, compared, pairs)


def _shared_sales(
    region: str, compared: Mapping[int, _StoreDay], pairs: Mapping[int, tuple[int, str | None]]
) -> Iterator[Shared]:
    """The sales on both sides, all and by store. compared: sampled sales. pairs: the sale of the file and its store."""
    shared = pairs.keys() & compared.keys()
    days = {compared[sale][1] for sale in shared}
    sampled_sales = sum(day in days for _, day in compared.values())
    yield Shared(region, frozenset(pairs[sale][0] for sale in shared), sampled_sales)
    sizes = Counter(compared.values())
    of_stores: dict[tuple[str | None, str | None], set[int]] = {}
    for sale in shared:
        of_stores.setdefault((compared[sale][0], pairs[sale][1]), set()).add(sale)
    for (store, _), both in of_stores.items():
        sampled_sales = sum(sizes[store_day] for store_day in {compared[sale] for sale in both})
        yield Shared(region, frozenset(pairs[sale][0] for sale in both), sampled_sales, store or "")


def _has_other_regions(cursor: duckdb.DuckDBPyConnection, region: str) -> bool:
    sql = "SELECT 1 FROM batches WHERE region <> ? AND undone_no IS NULL LIMIT 1"
    return cursor.execute(sql, [region]).fetchone() is not None


# ---- the slice of a ledger that is stored elsewhere ----------------------------------------------------------------


def search_sample(memory: MemoryLedger, staged: Sequence[StagedBatch]) -> set[int]:
    """The sales with which the files are compared: those of other regions with a line like a sampled one, and the
    samples of regions if the files have lines like theirs."""
    compared = [batch for batch in staged if is_compared(batch)]
    if not choose_days(memory.cursor, compared):
        return set()
    sample_files(memory.cursor, compared)
    memory.cursor.execute(_SET_TAIL)
    memory.with_rows(memory.reader.read("sale_versions", COLUMNS, memory.column(_DAYS), {}), _READ_DAYS)
    memory.cursor.execute(_SIMILAR.format(_READ_LINES.format("matching")))
    sales = memory.column(f"SELECT k.sale FROM {_EQUAL_LINES}")
    # the sample of a region after some of these batches is a part of what its sample is now and of theirs
    sample_files(memory.cursor, staged)
    memory.cursor.execute(_sample(_LOWEST))
    memory.cursor.execute(_SET_TAIL)
    memory.cursor.execute(_SIMILAR_LINES_OF_FILES)
    regions = memory.column(_SHARING_REGIONS)
    memory.cursor.execute("SET VARIABLE loaded_regions = ?::VARCHAR[]", [sorted(regions)])
    return sales | memory.column(
        f"SELECT sale FROM ({_sampled_sales(_LOWEST)}) WHERE list_contains(?, region)", sorted(regions)
    )


def load_amounts(memory: MemoryLedger, sales: Collection[int]) -> None:
    """Load the amounts of these sales on the days of the sample; settlements need no others."""
    if sales:
        columns = ("key", "content", "net_amount")
        memory.with_rows(memory.reader.read("sale_versions", columns, memory.column(_DAYS), {"sale": sales}), _AMOUNTS)
