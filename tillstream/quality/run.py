"""Runs the quality checks: on the days that settlements changed, or all of them on all days."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate

import sql
from sql.quality import Check, checks
from tillstream.model.tables.daily_totals import day_groups
from tillstream.ports import Ports
from tillstream.quality import results
from tillstream.quality.results import Results, Run
from tillstream.stock import stored_levels

DAYS = 62
"""Days per query, which bounds memory regardless of the length of the history."""
ALL_AFTER = timedelta(hours=23)
"""Time after which all checks run again on all days; a little less than between two nights."""
NIGHT = range(1, 5)
"""Hours of the local time at which a server checks all days of a large ledger: pages are slower meanwhile."""


@dataclass(frozen=True)
class Limits:
    """Lines that a run reads: of the changed days, and of all days when there is no other reason to wait.

    stock_at_once: every run compares the stock levels, all in one query; otherwise only a run of all checks, in parts.
    """

    changed_days: int
    all_days: int
    stock_at_once: bool = False


ON_ONE_MACHINE = Limits(500_000, 2_000_000)
"""A run takes about a second, or a few seconds for all days: meanwhile, pages are slower."""
ON_BIGQUERY = Limits(20_000_000, 20_000_000, stock_at_once=True)
"""BigQuery bills what is read, and there is one run a night."""


@dataclass(frozen=True)
class ChangedDays:
    lines: Mapping[date, int]
    """Day → its lines, latest first."""
    settlement_no: int
    """The last settlement that changed them."""

    def within(self, most_lines: int | None) -> list[date]:
        """The latest days with so many lines together, at least one; all days without a limit."""
        so_far = accumulate(self.lines.values())
        return [
            day
            for number, (day, lines) in enumerate(zip(self.lines, so_far, strict=True))
            if not number or most_lines is None or lines <= most_lines
        ]


def run_changed(ports: Ports, most_lines: int | None = None) -> list[str]:
    """Check the days that settlements changed since the last run, as far as the daily totals include them, and those
    that were left out.

    most_lines: limit of the lines that are read; earlier days are left out until a run has room for them. Returns a
    sentence for each check that fails since this run. Raises `Conflict`.
    """
    before = results.last(ports)
    now = ports.clock.now()
    changed = _changed_days(ports, before.settlement_no, before.left_out)
    if not changed.lines:
        return []
    days = changed.within(most_lines)
    counted = {name: _count(ports, check, days) for name, check in checks().items() if check.by_day}
    left_out = frozenset(day.isoformat() for day in {*changed.lines} - {*days})
    run = Run(now, changed.settlement_no, counted, frozenset(day.isoformat() for day in days), left_out)
    return _new_failures(before, results.save(ports, run))


def run_stock(ports: Ports) -> list[str]:
    """Compare the stock levels, all at once; returns as `run_changed`. Raises as `comparison.differences`."""
    before = results.last(ports)
    now = ports.clock.now()
    counted = {name: _count_stock(ports, at_once=True) for name, check in checks().items() if check.of_stock}
    return _new_failures(before, results.save(ports, Run(now, before.settlement_no, counted)))


def run_all(ports: Ports, limits: Limits = ON_ONE_MACHINE) -> list[str]:
    """Run all checks on all days; otherwise as `run_changed` and `run_stock`."""
    before = results.last(ports)
    now = ports.clock.now()
    changed = _changed_days(ports, 0)
    counted = {
        name: _count_stock(ports, at_once=limits.stock_at_once)
        if check.of_stock
        else _count(ports, check, [*changed.lines])
        for name, check in checks().items()
    }
    saved = results.save(ports, Run(now, changed.settlement_no, counted, everything=True))
    results.delete_old_days(ports)
    return _new_failures(before, saved)


def run_due(ports: Ports, limits: Limits, *, at_night: bool = False) -> list[str]:
    """Run all checks if they did not run for a day and there are few lines, at night however many; otherwise those of
    the changed days. Returns and raises as `run_changed` and `run_stock`."""
    last = results.last(ports)
    is_due = not last.all_checked_at or (ports.clock.now() - datetime.fromisoformat(last.all_checked_at) >= ALL_AFTER)
    if is_due and (at_night or sum(_changed_days(ports, 0).lines.values()) <= limits.all_days):
        return run_all(ports, limits)
    failures = run_changed(ports, limits.changed_days)
    return [*failures, *run_stock(ports)] if limits.stock_at_once else failures


def _changed_days(ports: Ports, settlement_no: int, left_out: Collection[str] = ()) -> ChangedDays:
    """The days that changed after a settlement, and those left out by earlier runs."""
    params = {"settlement_no": 0 if left_out else settlement_no}
    rows = ports.warehouse.query(sql.text("quality/changed_days"), params).to_pylist()
    if left_out:
        rows = [one for one in rows if one["settlement_no"] > settlement_no or one["sale_date"].isoformat() in left_out]
    return ChangedDays(
        dict(sorted(((row["sale_date"], row["lines"]) for row in rows), reverse=True)),
        max((row["settlement_no"] for row in rows), default=settlement_no),
    )


def _new_failures(before: Results, after: Results) -> list[str]:
    new = [name for name in after.failing if name not in before.failing]
    return [_sentence(checks()[name], after.by_check[name].failing_rows) for name in new]


def _sentence(check: Check, failing_rows: int) -> str:
    return f"{check.name}: {_rows(failing_rows)}. {check.description} {check.remedy}".rstrip()


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


def _count_stock(ports: Ports, *, at_once: bool) -> dict[str, int]:
    """As `_count`."""
    differing = len(stored_levels.level_differences(ports, at_once=at_once))
    return {"": differing} if differing else {}
