"""Comparison of the stored stock levels with those that are computed from counts, movements and sales."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import sql
from sql import stock_levels
from tillstream.inventory import computing, levels
from tillstream.inventory.computing import EVERY_PRODUCT, Part
from tillstream.ports import Ports

MOST = 1_000
"""Differences that are read."""
Row = dict[str, Any]
"""Of sql/stock/level_differences."""


def differences(ports: Ports, *, at_once: bool = False) -> list[Row]:
    """The stored levels that differ from the computed ones before and after a `levels.refresh`, at most MOST.

    Work may continue meanwhile: the refresh follows it, and a level that is wrong for another reason differs as before.
    at_once: in one query instead of one per part of the products. Raises as `levels.refresh`.
    """
    rows: list[Row] = []
    for part in _parts(ports, at_once=at_once):
        if differing := _read(ports, part):
            levels.refresh(ports)
            again = _read(ports, part)
            rows += [row for row in differing if row in again]
        if len(rows) >= MOST:
            break
    return rows[:MOST]


def rows_now(ports: Ports, limit: int) -> list[Row]:
    """At most `limit` levels that differ now; a movement or settlement that is not followed yet is a difference."""
    rows: list[Row] = []
    for part in _parts(ports):
        rows += _read(ports, part)
        if len(rows) >= limit:
            break
    return rows[:limit]


def _parts(ports: Ports, *, at_once: bool = False) -> Sequence[Part]:
    today = levels.last_day(ports)
    if today is None:
        return []
    return [EVERY_PRODUCT] if at_once else computing.parts(ports.warehouse, _first_day(ports, today))


def _read(ports: Ports, part: Part) -> list[Row]:
    """The differences of a part; none if no levels are stored."""
    today = levels.last_day(ports)
    if today is None:
        return []
    text = (
        f"SELECT * FROM (\n{stock_levels.differences()}\n) AS differing ORDER BY region, store_id, product LIMIT {MOST}"
    )
    params = computing.params_of(today) | part | {"first_day": _first_day(ports, today)}
    rows: list[Row] = ports.warehouse.query(text, params).to_pylist()
    return rows


def _first_day(ports: Ports, today: date) -> date:
    """Lines of earlier days change no number that is compared."""
    counted_on = ports.warehouse.query(sql.text("stock/first_last_count")).column("counted_on")[0].as_py()
    return computing.first_day(today, counted_on or today)
