"""The rows that a quality check counts as failing."""

from datetime import date
from typing import Any

from sql.quality import Check, checks
from tillstream.model.errors import NotFound
from tillstream.ports import Ports
from tillstream.quality import results
from tillstream.stock import stored_levels

MOST_DAYS = 62
"""Failing days whose rows are read, the earliest ones."""


def check_named(name: str) -> Check:
    """Raises `NotFound`."""
    check = checks().get(name)
    if check is None:
        raise NotFound(f"There is no quality check {name}.")
    return check


def failing_rows(ports: Ports, check: Check, limit: int) -> list[dict[str, Any]]:
    """Rows that fail now, of the days that failed in the last run; at most `limit`."""
    if check.of_stock:
        return stored_levels.differences_now(ports, limit)
    text = f"SELECT * FROM (\n{check.text}\n) AS failing LIMIT {limit:d}"
    params = {}
    if check.by_day:
        result = results.last(ports).by_check.get(check.name)
        params["days"] = [date.fromisoformat(day) for day in (result.days if result else ())][:MOST_DAYS]
    rows: list[dict[str, Any]] = ports.warehouse.query(text, params).to_pylist()
    return rows
