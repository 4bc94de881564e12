"""The projection `stock_levels`: computed again for what changed, and compared with its sources."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, timedelta
from threading import RLock
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

import sql
from sql import stock_levels
from sql.limits import NO_DAY
from sql.stock_levels import with_relations
from tillstream.analytics import computed_stock
from tillstream.analytics.computed_stock import (
    EVERY_PRODUCT,
    LEVELS_SCHEMA,
    MAX_APART,
    LevelsQuery,
    ProductRange,
    first_changing_day,
    level_params,
    read_levels,
)
from tillstream.catalogue.warehouse_mirror import codes_version
from tillstream.model.errors import Conflict, Unavailable
from tillstream.ports import Ports
from tillstream.ports.documents import Document
from tillstream.ports.warehouse import Warehouse
from tillstream.records import data_version
from tillstream.stock import movement_mirror, stored_movements

LEVEL_KEY = ("region", "store_id", "product")
_PAIR = """INNER JOIN touched_pairs
  ON touched_pairs.region = {lines}.region
  AND touched_pairs.store_id = {lines}.store_id
  AND touched_pairs.product = {lines}.product"""
_LINES = f"""SELECT
  line_facts.region,
  line_facts.store_id,
  line_facts.product,
  line_facts.product_name,
  line_facts.category,
  line_facts.sale_id,
  line_facts.sale_date,
  line_facts.sold_at,
  line_facts.units
FROM line_facts
{_PAIR.format(lines="line_facts")}
WHERE line_facts.is_active AND line_facts.units IS NOT NULL"""
_RECENT_LINES = f"{_LINES} AND line_facts.sale_date >= @recent_from"
_EARLY_LINES = f"""{_LINES}
  AND line_facts.sale_date >= @first_day
  AND line_facts.sale_date < @recent_from
  AND line_facts.sale_date
    >= COALESCE(touched_pairs.kept_until, DATE_SUB(touched_pairs.counted_on, INTERVAL {MAX_APART.days} DAY))"""
"""Of each pair from the day until which its units are kept, or else from its last count on."""
_KEPT_UNITS = """SELECT
  region,
  store_id,
  product,
  CAST(NULL AS STRING) AS product_name,
  CAST(NULL AS STRING) AS category,
  CAST(NULL AS STRING) AS sale_id,
  DATE_SUB(kept_until, INTERVAL 1 DAY) AS sale_date,
  CAST(NULL AS TIMESTAMP) AS sold_at,
  kept_sold AS units
FROM touched_pairs
WHERE kept_sold IS NOT NULL"""
"""One line of each pair, with the units that were sold after its last count, and are kept."""
_RECENT_SUMS = f"""SELECT
  sums.region,
  sums.store_id,
  sums.product,
  sums.product_name,
  sums.category,
  CAST(NULL AS STRING) AS sale_id,
  CAST(@today AS DATE) AS sale_date,
  CAST(NULL AS TIMESTAMP) AS sold_at,
  sums.units
FROM (
  SELECT
    region,
    store_id,
    product,
    MAX(product_name) AS product_name,
    MAX(category) AS category,
    CAST(SUM(IF(units > 0 AND sale_date <= CAST(@today AS DATE), units, 0)) AS NUMERIC) AS units
  FROM line_facts
  WHERE is_active AND units IS NOT NULL AND sale_date >= @recent_from{{stores}}
  GROUP BY region, store_id, product
) AS sums
{_PAIR.format(lines="sums")}
WHERE touched_pairs.counted_on IS NULL"""
"""One line of each pair that was never counted, with its recent units."""
_MAX_STORES = 100
"""Stores that are named in a statement; of more, all stores are read, as a longer list costs more than it saves."""
FEW_PAIRS = 4
"""The lines of stores with counts are read apart if at most one in so many of the touched stores has any."""
_TOUCHED_MOVEMENTS = """SELECT current_movements.*
FROM current_movements
INNER JOIN (SELECT DISTINCT region, product FROM touched_pairs) AS products
  ON products.region = current_movements.region AND products.product = current_movements.product
LEFT JOIN touched_pairs
  ON touched_pairs.region = current_movements.region
  AND touched_pairs.store_id = current_movements.store_id
  AND touched_pairs.product = current_movements.product
WHERE touched_pairs.product IS NOT NULL OR current_movements.other_store IS NOT NULL"""
_ALL_READ = "touched_pairs.lines_changed AND touched_pairs.kept_until IS NULL"
_OF_TOUCHED = f"""SELECT
  touched_pairs.region,
  touched_pairs.store_id,
  touched_pairs.product,
  levels.* EXCEPT (region, store_id, product, in_transit, recent_units, product_name, category),
  COALESCE(levels.in_transit, 0) AS in_transit,
  COALESCE(levels.recent_units, 0) AS recent_units,
  COALESCE(levels.product_name, IF({_ALL_READ}, NULL, stored.product_name)) AS product_name,
  COALESCE(levels.category, IF({_ALL_READ}, NULL, stored.category)) AS category
FROM touched_pairs
LEFT JOIN computed_stock_levels AS levels
  ON levels.region = touched_pairs.region
  AND levels.store_id = touched_pairs.store_id
  AND levels.product = touched_pairs.product
LEFT JOIN stock_levels AS stored
  ON stored.region = touched_pairs.region
  AND stored.store_id = touched_pairs.store_id
  AND stored.product = touched_pairs.product"""
"""A name that no line of these days has stays as it is stored, unless lines changed and all are read: its own may be
undone."""
_COLUMNS = ", ".join(LEVELS_SCHEMA.names)
_CHANGED = f"SELECT {_COLUMNS} FROM (\n{_OF_TOUCHED}\n)\nEXCEPT DISTINCT\nSELECT {_COLUMNS} FROM stock_levels"

LEVELS_COLLECTION, STATE = "stock", "levels"
LEVELS_TABLE = "stock_levels"
_ONE_AT_A_TIME = RLock()
MAX_PAIRS = 100_000
"""With more touched products in stores, all are computed."""

MAX_DIFFERENCES = 1_000
"""Differences that are read."""
LevelRow = dict[str, Any]
"""Of sql/stock/level_differences."""


@dataclass(frozen=True)
class TouchedStock:
    """What may have changed stock levels: lines of settlements, movements, and the recent days.

    after, last: numbers of the settlements: later than `after`, up to `last`. days: business days that they changed.
    sold_on: days that are no longer recent, or now are. from_lines: no units that are kept are used.
    """

    after: int
    last: int
    days: tuple[date, ...]
    movements: tuple[str, ...]
    sold_on: tuple[date, ...] = ()
    from_lines: bool = False

    def params(self, recent_from: date) -> dict[str, Any]:
        """Parameters of sql/stock/touched_pairs. recent_from: first of the recent days."""
        return {
            "after": self.after,
            "last": self.last,
            "days": list(self.days or (NO_DAY,)),
            "movements": list(self.movements),
            "sold_on": list(self.sold_on or (NO_DAY,)),
            "last_kept": NO_DAY if self.from_lines else recent_from,
        }


def touched_pairs(warehouse: Warehouse, today: date, touched: TouchedStock) -> pa.Table:
    """Return the rows of sql/stock/touched_pairs. today: last of the recent days."""
    return warehouse.query(sql.text("stock/touched_pairs"), touched.params(first_changing_day(today, today)))


def levels_of_touched(warehouse: Warehouse, today: date, touched: TouchedStock, pairs: pa.Table) -> pa.Table:
    """Return the rows of what was touched that differ from those of `stock_levels`, or that it lacks.

    `moved` is NULL if no facts of a product are left. pairs: `touched_pairs` of what was touched; products in other
    stores, which settlements meanwhile touch, are left to the next call.
    """
    changed = read_levels(warehouse, *query_of_touched(today, touched, pairs))
    return changed.join(pairs.select(LEVEL_KEY), LEVEL_KEY, join_type="left semi")


def query_of_touched(today: date, touched: TouchedStock, pairs: pa.Table) -> LevelsQuery:
    """The levels of touched products that differ from the stored ones. pairs: `touched_pairs`."""
    relations, params = facts_of_touched(today, touched, pairs)
    return with_relations(relations, _CHANGED), level_params(today) | params


def facts_of_touched(today: date, touched: TouchedStock, pairs: pa.Table) -> tuple[dict[str, str], dict[str, Any]]:
    """Movements and lines from which the levels of touched products are computed: relations and their parameters.

    They have all recent lines, as sums where they suffice, and earlier ones since the count of each product in a store,
    as the units that are kept and the lines of later days.
    """
    counted_on, recent_from = pairs.column("counted_on"), first_changing_day(today, today)
    early, earliest = _read_before(recent_from, pairs)
    counted, uncounted = pairs.filter(pc.is_valid(counted_on)), pairs.filter(pc.is_null(counted_on))
    params = touched.params(recent_from) | {"recent_from": recent_from}
    if FEW_PAIRS * len(_names(counted, "store_id")) <= len(_names(pairs, "store_id")):
        params["today"] = today
        lines = [_RECENT_SUMS.format(stores=_in_stores("", "uncounted", uncounted, params))]
        if counted.num_rows:
            stores = _in_stores("line_facts.", "counted", counted, params)
            lines.append(f"{_RECENT_LINES}{stores} AND touched_pairs.counted_on IS NOT NULL")
    else:
        lines = [f"{_RECENT_LINES}{_in_stores('line_facts.', 'touched', pairs, params)}"]
    lines.append(_KEPT_UNITS)
    if earliest:
        params["first_day"] = earliest
        lines.append(f"{_EARLY_LINES}{_in_stores('line_facts.', 'early', early, params)}")
    relations = {
        "touched_pairs": sql.statement("stock/touched_pairs"),
        "visible_movements": _TOUCHED_MOVEMENTS,
        "visible_stock_lines": "\nUNION ALL\n".join(lines),
    }
    return relations, params


def _read_before(recent_from: date, pairs: pa.Table) -> tuple[pa.Table, date | None]:
    """The pairs with lines to read before a day, and the first of their days; None if there are none."""
    since_count = pc.subtract(pairs["counted_on"], pa.scalar(MAX_APART)).cast(pa.date32())
    read_from = pc.coalesce(pairs["kept_until"], since_count)
    is_early = pc.less(read_from, pa.scalar(recent_from, pa.date32()))
    return pairs.filter(is_early), pc.min(read_from.filter(is_early)).as_py()


def _in_stores(table: str, name: str, pairs: pa.Table, params: dict[str, Any]) -> str:
    """The condition of lines in the stores of pairs, which adds their parameters; empty for more than _MOST_STORES."""
    stores = _names(pairs, "store_id")
    if len(stores) > _MAX_STORES:
        return ""
    params |= {f"{name}_regions": _names(pairs, "region"), f"{name}_stores": stores}
    return f" AND {table}region IN UNNEST(@{name}_regions) AND {table}store_id IN UNNEST(@{name}_stores)"


def _names(pairs: pa.Table, column: str) -> list[str]:
    return sorted(set(pairs.column(column).to_pylist()))


@dataclass(frozen=True)
class ComputedState:
    """What the stored levels include: settlements, codes of products, and recent days up to `day` (ISO 8601)."""

    settlement_no: int
    codes: str
    day: str
    columns: int
    """Number of columns of the levels: an older version, which wrote fewer, leaves wrong values in the others."""

    @classmethod
    def from_document(cls, document: Document) -> Self:
        return cls(*(document.data.get(field.name, "") for field in fields(cls)))


def follow_movement(ports: Ports) -> bool:
    """`refresh_levels` after a movement. False if the warehouse is unavailable; the worker or the sweep repeats it."""
    with suppress(Unavailable, Conflict):
        refresh_levels(ports)
        return True
    return False


def refresh_levels(ports: Ports) -> int:
    """Write movements that the warehouse lacks, and the levels that changed; return the number of these.

    Idempotent; levels are computed, never added to. Without news, only documents are read. Two processes at the same
    time both write: the one that ends later starts again if the other has noted its state, so that no older row stays.
    The threads of a process wait for each other, so that the later ones find the work done. Raises `Conflict`,
    `Unavailable`.
    """
    with _ONE_AT_A_TIME:
        return _refresh(ports)


def _refresh(ports: Ports) -> int:
    overtaken = False
    since: ComputedState | None = None
    written: dict[str, Document] = {}
    while True:
        movement_mirror.mirror_new_movements(ports)
        document = ports.documents.get(LEVELS_COLLECTION, STATE)
        moved = stored_movements.movements_in_state(ports, stored_movements.MIRRORED, movement_mirror.MOVEMENTS_AT_ONCE)
        today = ports.clock.now().date()
        codes = codes_version(ports)
        seen = f"{data_version.version_number(ports.documents)} {codes} {today}"
        if document and not moved and document.data["seen"] == seen and not overtaken:
            return 0
        if not overtaken:
            since = ComputedState.from_document(document) if document else None
        written |= {one.id: one for one in moved}
        now = _newest(ports, codes, today)
        has_news = overtaken or since != now or bool(moved)
        count = _write(ports, since, now, list(written.values()), from_lines=overtaken) if has_news else 0
        counted = document.data.get("changes", 0) if document else 0
        state = asdict(now) | {"seen": seen, "changes": counted + int(has_news)}
        try:
            ports.documents.put(LEVELS_COLLECTION, STATE, state, if_version=document.version if document else 0)
        except Conflict:
            # the rows may have replaced newer ones of the other call: all since then are computed again, from lines, as
            # the units that these rows keep may be outdated too
            overtaken = True
            continue
        overtaken, written = False, {}
        stored_movements.set_movement_state(ports, moved, stored_movements.COMPUTED)
        if count or moved:  # a movement of the time before a count changes the history, and no level
            data_version.bump_data_version(ports.documents)
        if len(moved) < movement_mirror.MOVEMENTS_AT_ONCE:
            return count


def level_changes(ports: Ports) -> int:
    """How often levels were computed again; another number means that some may have changed."""
    document = ports.documents.get(LEVELS_COLLECTION, STATE)
    return int(document.data["changes"]) if document else 0


def rebuild_levels(ports: Ports) -> int:
    """Write all movements and levels again; return the number of levels. Raises as `refresh_levels`."""
    movement_mirror.mirror_all_movements(ports)
    forget_levels(ports)
    return refresh_levels(ports)


def fill_levels(ports: Ports) -> None:
    """Write all movements and levels to a warehouse that replaces the one in use afterwards.

    The next `refresh_levels` computes all levels again, in whichever of the two is in use.
    """
    movement_mirror.replace_mirror(ports)
    today = date.fromisoformat(_newest(ports, "", ports.clock.now().date()).day)
    ports.warehouse.replace_table(LEVELS_TABLE, computed_stock.compute_levels(ports.warehouse, today))
    forget_levels(ports)


def forget_levels(ports: Ports) -> None:
    """Let the next `refresh_levels` compute all levels."""
    ports.documents.delete(LEVELS_COLLECTION, STATE)


def last_level_day(ports: Ports) -> date | None:
    """The last of the recent days of the stored levels; None before they are computed."""
    document = ports.documents.get(LEVELS_COLLECTION, STATE)
    return date.fromisoformat(ComputedState.from_document(document).day) if document else None


def _newest(ports: Ports, codes: str, today: date) -> ComputedState:
    (row,) = ports.warehouse.query(sql.text("stock/newest"), {"today": today}).to_pylist()
    return ComputedState(
        row["settlement_no"], codes, (row["last_day"] or today).isoformat(), len(computed_stock.LEVELS_SCHEMA)
    )


def _write(
    ports: Ports, before: ComputedState | None, now: ComputedState, moved: list[Document], *, from_lines: bool
) -> int:
    day = date.fromisoformat(now.day)
    if before and (before.codes, before.columns) == (now.codes, now.columns):
        changed = replace(_touched(ports, before, now, moved), from_lines=from_lines)
        pairs = touched_pairs(ports.warehouse, day, changed)
        if pairs.num_rows <= MAX_PAIRS:
            return _write_pairs(ports, day, changed, pairs)
    rows = computed_stock.compute_levels(ports.warehouse, day)
    ports.warehouse.replace_table(LEVELS_TABLE, rows)
    return int(rows.num_rows)


def _write_pairs(ports: Ports, day: date, changed: TouchedStock, pairs: pa.Table) -> int:
    if not pairs.num_rows:
        return 0
    rows = levels_of_touched(ports.warehouse, day, changed, pairs)
    if rows.num_rows:
        ports.warehouse.upsert(LEVELS_TABLE, rows, LEVEL_KEY)
    return int(rows.num_rows)


def _touched(ports: Ports, before: ComputedState, now: ComputedState, moved: list[Document]) -> TouchedStock:
    params = {"after": before.settlement_no, "last": now.settlement_no}
    days = ports.warehouse.query(sql.text("ledger/changed_days"), params).column("sale_date").to_pylist()
    movements = tuple(one.data["movement_id"] for one in moved)
    sold_on = _no_longer_alike(before.day, now.day)
    return TouchedStock(before.settlement_no, now.settlement_no, tuple(days), movements, sold_on)


def _no_longer_alike(before: str, now: str) -> tuple[date, ...]:
    """The days that are recent by one of two last days, and not by the other."""
    first, last = sorted(map(date.fromisoformat, (before, now)))
    days = [first + timedelta(days=number + 1) for number in range((last - first).days)]
    return tuple(sorted({*days, *(day - computed_stock.RECENT_DAYS for day in days)}))


def level_differences(ports: Ports, *, at_once: bool = False) -> list[LevelRow]:
    """The stored levels that differ from the computed ones before and after a `refresh_levels`, at most
    `MAX_DIFFERENCES`.

    Work may continue meanwhile: the refresh follows it, and a level that is wrong for another reason differs as before.
    at_once: in one query instead of one per part of the products. Raises as `refresh_levels`.
    """
    rows: list[LevelRow] = []
    for part in _compared_ranges(ports, at_once=at_once):
        if differing := _read_differences(ports, part):
            refresh_levels(ports)
            again = _read_differences(ports, part)
            rows += [row for row in differing if row in again]
        if len(rows) >= MAX_DIFFERENCES:
            break
    return rows[:MAX_DIFFERENCES]


def differences_now(ports: Ports, limit: int) -> list[LevelRow]:
    """At most `limit` levels that differ now; a movement or settlement that is not followed yet is a difference."""
    rows: list[LevelRow] = []
    for part in _compared_ranges(ports):
        rows += _read_differences(ports, part)
        if len(rows) >= limit:
            break
    return rows[:limit]


def _compared_ranges(ports: Ports, *, at_once: bool = False) -> Sequence[ProductRange]:
    today = last_level_day(ports)
    if today is None:
        return []
    return (
        [EVERY_PRODUCT]
        if at_once
        else computed_stock.product_ranges(ports.warehouse, _first_compared_day(ports, today))
    )


def _read_differences(ports: Ports, part: ProductRange) -> list[LevelRow]:
    """The differences of a part; none if no levels are stored."""
    today = last_level_day(ports)
    if today is None:
        return []
    text = (
        f"SELECT * FROM (\n{stock_levels.differences()}\n) AS differing ORDER BY region, store_id, product "
        f"LIMIT {MAX_DIFFERENCES}"
    )
    params = computed_stock.level_params(today) | part | {"first_day": _first_compared_day(ports, today)}
    rows: list[LevelRow] = ports.warehouse.query(text, params).to_pylist()
    return rows


def _first_compared_day(ports: Ports, today: date) -> date:
    """Lines of earlier days change no number that is compared."""
    counted_on = ports.warehouse.query(sql.text("stock/first_last_count")).column("counted_on")[0].as_py()
    return computed_stock.first_changing_day(today, counted_on or today)
