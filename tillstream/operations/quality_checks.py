"""Runs the quality checks, on the days that settlements changed or on all days, and reads the rows that fail."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate

import sql
from sql.quality import Check, checks
from tillstream.model.errors import NotFound
from tillstream.model.tables.daily_totals import day_groups
from tillstream.operations import quality_results
from tillstream.operations.quality_results import CheckResults, CheckRun
from tillstream.ports import Ports
from tillstream.ports.warehouse import Row
from tillstream.stock import stored_levels

MAX_FAILING_DAYS = 62
"""Failing days whose rows are read, the earliest ones."""

DAYS_OF_CHECK = 62
"""Days per query, which bounds memory regardless of the length of the history."""
ALL_CHECKS_AFTER = timedelta(hours=23)
"""Time after which all checks run again on all days; a little less than between two nights."""
NIGHT = range(1, 5)
"""Hours of the local time at which a server checks all days of a large ledger: pages are slower meanwhile."""


def check_named(name: str) -> Check:
    """Raises `NotFound`."""
    check = checks().get(name)
    if check is None:
        raise NotFound(f"There is no quality check {name}.")
    return check


def failing_rows(ports: Ports, check: Check, limit: int) -> list[Row]:
    """Rows that fail now, of the days that failed in the last run; at most `limit`."""
    if check.of_stock:
        return stored_levels.differences_now(ports, limit)
    text = f"SELECT * FROM (\n{check.text}\n) AS failing LIMIT {limit:d}"
    params = {}
    if check.by_day:
        result = quality_results.last_results(ports).by_check.get(check.name)
        params["days"] = [date.fromisoformat(day) for day in (result.days if result else ())][:MAX_FAILING_DAYS]
    rows: list[Row] = ports.warehouse.query(text, params).to_pylist()
    return rows


@dataclass(frozen=True)
class CheckLimits:
    """Lines that a run reads: of the changed days, and of all days when there is no other reason to wait.

    stock_at_once: every run compares the stock levels, all in one query; otherwise only a run of all checks, in parts.
    """

    changed_days: int
    all_days: int
    stock_at_once: bool = False


ON_ONE_MACHINE = CheckLimits(500_000, 2_000_000)
"""A run takes about a second, or a few seconds for all days: meanwhile, pages are slower."""
ON_BIGQUERY = CheckLimits(20_000_000, 20_000_000, stock_at_once=True)
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


def check_changed_days(ports: Ports, most_lines: int | None = None) -> list[str]:
    """Check the days that settlements changed since the last run, as far as the daily totals include them, and those
    that were left out.

    most_lines: limit of the lines that are read; earlier days are left out until a run has room for them. Returns a
    sentence for each check that fails since this run. Raises `Conflict`.
    """
    before = quality_results.last_results(ports)
    now = ports.clock.now()
    changed = _changed_days(ports, before.settlement_no, before.left_out)
    if not changed.lines:
        return []
    days = changed.within(most_lines)
    counted = {name: _count_failing(ports, check, days) for name, check in checks().items() if check.by_day}
    left_out = frozenset(day.isoformat() for day in {*changed.lines} - {*days})
    run = CheckRun(now, changed.settlement_no, counted, frozenset(day.isoformat() for day in days), left_out)
    return _new_failures(before, quality_results.save_run(ports, run))


def check_stock(ports: Ports) -> list[str]:
    """Compare the stock levels, all at once; returns as `check_changed_days`. Raises as `level_differences`."""
    before = quality_results.last_results(ports)
    now = ports.clock.now()
    counted = {name: _count_failing_stock(ports, at_once=True) for name, check in checks().items() if check.of_stock}
    return _new_failures(before, quality_results.save_run(ports, CheckRun(now, before.settlement_no, counted)))


def check_all_days(ports: Ports, limits: CheckLimits = ON_ONE_MACHINE) -> list[str]:
    """Run all checks on all days; otherwise as `check_changed_days` and `check_stock`."""
    before = quality_results.last_results(ports)
    now = ports.clock.now()
    changed = _changed_days(ports, 0)
    counted = {
        name: _count_failing_stock(ports, at_once=limits.stock_at_once)
        if check.of_stock
        else _count_failing(ports, check, [*changed.lines])
        for name, check in checks().items()
    }
    saved = quality_results.save_run(ports, CheckRun(now, changed.settlement_no, counted, everything=True))
    quality_results.delete_old_trend(ports)
    return _new_failures(before, saved)


def run_due_checks(ports: Ports, limits: CheckLimits, *, at_night: bool = False) -> list[str]:
    """Run all checks if they did not run for a day and there are few lines, at night however many; otherwise those of
    the changed days. Returns and raises as `check_changed_days` and `check_stock`."""
    last = quality_results.last_results(ports)
    is_due = not last.all_checked_at or (
        ports.clock.now() - datetime.fromisoformat(last.all_checked_at) >= ALL_CHECKS_AFTER
    )
    if is_due and (at_night or sum(_changed_days(ports, 0).lines.values()) <= limits.all_days):
        return check_all_days(ports, limits)
    failures = check_changed_days(ports, limits.changed_days)
    return [*failures, *check_stock(ports)] if limits.stock_at_once else failures


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


def _new_failures(before: CheckResults, after: CheckResults) -> list[str]:
    new = [name for name in after.failing if name not in before.failing]
    return [_sentence_on_failures(checks()[name], after.by_check[name].failing_rows) for name in new]


def _sentence_on_failures(check: Check, failing_rows: int) -> str:
    return f"{check.name}: {_lines_of_days(failing_rows)}. {check.description} {check.remedy}".rstrip()


def _lines_of_days(count: int) -> str:
    return "1 row fails" if count == 1 else f"{count:,} rows fail"


def _count_failing(ports: Ports, check: Check, days: Sequence[date]) -> dict[str, int]:
    """Failing rows by day, ISO 8601; of a check that is not by day, by an empty text."""
    if not check.by_day:
        (row,) = ports.warehouse.query(check.counted).to_pylist()
        return {"": row["failing_rows"]} if row["failing_rows"] else {}
    counted = dict[str, int]()
    for group in day_groups(days, DAYS_OF_CHECK):
        rows = ports.warehouse.query(check.counted, {"days": list(group)}).to_pylist()
        counted |= {row["sale_date"].isoformat(): row["failing_rows"] for row in rows}
    return counted


def _count_failing_stock(ports: Ports, *, at_once: bool) -> dict[str, int]:
    """As `_count_failing`."""
    differing = len(stored_levels.level_differences(ports, at_once=at_once))
    return {"": differing} if differing else {}
