"""Runs the quality checks: on the days that settlements changed, or all of them on all days."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import sql
from sql.quality import Check, checks
from tillstream.domain.daily_totals import day_groups
from tillstream.ports import Ports
from tillstream.quality import results
from tillstream.quality.results import Results, Run

DAYS = 62
"""Days per query, which bounds memory regardless of the length of the history."""
EVERY_NIGHT = timedelta(hours=24)
"""Time after which all checks run again on all days."""


def run_changed(ports: Ports, every: timedelta = timedelta(0)) -> list[str]:
    """Check the days that settlements changed since the last run, as far as the daily totals include them.

    every: the least time between two runs. Returns a sentence for each check that fails since this run. Raises
    `Conflict`.
    """
    before = results.last(ports)
    now = ports.clock.now()
    if before.checked_at and now - datetime.fromisoformat(before.checked_at) < every:
        return []
    days, settled = _changed_days(ports, before.settlement_no)
    if not days:
        return []
    counted = {name: _count(ports, check, days) for name, check in checks().items() if check.by_day}
    run = Run(now, settled, counted, frozenset(day.isoformat() for day in days))
    return _new_failures(before, results.save(ports, run))


def run_all(ports: Ports) -> list[str]:
    """Run all checks on all days; otherwise as `run_changed`."""
    before = results.last(ports)
    now = ports.clock.now()
    days, settled = _changed_days(ports, 0)
    counted = {name: _count(ports, check, days) for name, check in checks().items()}
    saved = results.save(ports, Run(now, settled, counted, everything=True))
    results.delete_old_days(ports)
    return _new_failures(before, saved)


def run_due(ports: Ports, every: timedelta) -> list[str]:
    """Run all checks if they did not run for a day, otherwise those of the changed days; see `run_changed`."""
    last = results.last(ports)
    if last.all_checked_at and ports.clock.now() - datetime.fromisoformat(last.all_checked_at) < EVERY_NIGHT:
        return run_changed(ports, every)
    return run_all(ports)


def _changed_days(ports: Ports, settlement_no: int) -> tuple[list[date], int]:
    """The days, sorted, and the last settlement that changed them."""
    rows = ports.warehouse.query(sql.text("quality/changed_days"), {"settlement_no": settlement_no}).to_pylist()
    return sorted(row["sale_date"] for row in rows), max((row["settlement_no"] for row in rows), default=settlement_no)


def _new_failures(before: Results, after: Results) -> list[str]:
    new = [name for name in after.failing if name not in before.failing]
    return [f"{name}: {_rows(after.by_check[name].failing_rows)}. {checks()[name].description}" for name in new]


def _rows(count: int) -> str:
    return "1 row fails" if count == 1 else f"{count:,} rows fail"


def _count(ports: Ports, check: Check, days: Sequence[date]) -> dict[str, int]:
    """Failing rows by day, ISO 8601; of a check that is not by day, by an empty text."""
    if not check.by_day:
        (row,) = ports.warehouse.query(check.counted).to_pylist()
        return {"": row["failing_rows"]} if row["failing_rows"] else {}
    counted = dict[str, int]()
    for group in day_groups(days, DAYS):
        rows = ports.warehouse.query(check.counted, {"days": list(group)}).to_pylist()
        counted |= {row["sale_date"].isoformat(): row["failing_rows"] for row in rows}
    return counted
