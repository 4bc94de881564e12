"""Results of the quality checks: the last one of each check, one document per day for the trend, and for programs."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sql.quality import Check, checks
from tillstream.model.document_json import JsonObject
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document

QUALITY, LAST_RESULTS, QUALITY_DAYS = "quality", "last", "quality_days"
KEPT_DAYS = 400
"""Days for which the trend is kept."""


@dataclass(frozen=True)
class CheckResult:
    """The last result of a check. Instants are ISO 8601 UTC text."""

    checked_at: str
    failing_rows: int = 0
    days: Mapping[str, int] = field(default_factory=dict)
    """Business day, ISO 8601 → failing rows, for checks by day."""
    failing_since: str = ""
    """When it first failed; empty if it passes."""

    @property
    def passes(self) -> bool:
        return not self.failing_rows


@dataclass(frozen=True)
class CheckResults:
    settlement_no: int = 0
    """The last settlement whose days are checked."""
    checked_at: str = ""
    """When checks last ran, ISO 8601 UTC; empty: never."""
    all_checked_at: str = ""
    """When all checks last ran on all days."""
    left_out: tuple[str, ...] = ()
    """Changed days that are not checked yet because a run reads a limited number of lines, ISO 8601."""
    by_check: Mapping[str, CheckResult] = field(default_factory=dict)

    @property
    def failing(self) -> list[str]:
        """The names of the checks that fail."""
        return [name for name, result in self.by_check.items() if not result.passes]


@dataclass(frozen=True)
class CheckRun:
    """What one run counted. rows: check → failing rows by day, or by "" for checks that are not by day."""

    at: datetime
    settlement_no: int
    rows: Mapping[str, Mapping[str, int]]
    days: frozenset[str] = frozenset()
    """The days that were checked; only used unless everything was."""
    left_out: frozenset[str] = frozenset()
    """Changed days that were not checked."""
    everything: bool = False


@dataclass(frozen=True)
class TrendDay:
    """The runs of a day, UTC. failing_rows: check → the most failing rows of a run; checks that passed are absent."""

    day: date
    runs: int
    failing_rows: Mapping[str, int]


def last_results(ports: Ports) -> CheckResults:
    """The last results of the checks that exist."""
    document = ports.documents.get(QUALITY, LAST_RESULTS)
    return _parse_results(document.data) if document else CheckResults()


def each_check(results: CheckResults) -> list[tuple[Check, CheckResult | None]]:
    """Every check with its last result; None if it did not run yet."""
    return [(check, results.by_check.get(name)) for name, check in checks().items()]


def save_run(ports: Ports, run: CheckRun) -> CheckResults:
    """Add the counts of a run to the results; return the new results. Raises `Conflict`."""

    def added(document: Document | None) -> Update:
        results = _results_with_run(_parse_results(document.data) if document else CheckResults(), run)
        return Update(_results_to_json(results))

    stored = update_document(ports.documents, QUALITY, LAST_RESULTS, added)
    results = _parse_results(stored.data)
    _add_to_trend(ports, results, run)
    return results


def quality_trend(ports: Ports, days: int) -> list[TrendDay]:
    """The days on which checks ran, of the last `days`, oldest first."""
    first = ports.clock.now().date() - timedelta(days=days)
    documents = ports.documents.find(QUALITY_DAYS, above=first.isoformat())
    return [
        TrendDay(date.fromisoformat(one.id), int(one.data["runs"]), dict(one.data["failing_rows"])) for one in documents
    ]


def delete_old_trend(ports: Ports) -> None:
    """Delete the trend of days that are not kept any more."""
    first = ports.clock.now().date() - timedelta(days=KEPT_DAYS)
    for document in ports.documents.find(QUALITY_DAYS, below=first.isoformat()):
        ports.documents.delete(QUALITY_DAYS, document.id)


def _results_with_run(results: CheckResults, run: CheckRun) -> CheckResults:
    at = run.at.isoformat(timespec="seconds")
    by_check = dict(results.by_check)
    for name, counted in run.rows.items():
        by_check[name] = _result_of_check(checks()[name], by_check.get(name), run, counted, at)
    return CheckResults(
        max(results.settlement_no, run.settlement_no),
        at,
        at if run.everything else results.all_checked_at,
        () if run.everything else tuple(sorted({*results.left_out, *run.left_out} - run.days)),
        by_check,
    )


def _result_of_check(
    check: Check, before: CheckResult | None, run: CheckRun, counted: Mapping[str, int], at: str
) -> CheckResult:
    """The days that were not checked keep their failing rows."""
    days = dict[str, int]()
    if check.by_day:
        kept = {} if before is None or run.everything else before.days
        days = {day: rows for day, rows in kept.items() if day not in run.days} | dict(counted)
    failing = sum(days.values()) if check.by_day else sum(counted.values())
    since = (before.failing_since if before and not before.passes else at) if failing else ""
    return CheckResult(at, failing, dict(sorted(days.items())), since)


def _add_to_trend(ports: Ports, results: CheckResults, run: CheckRun) -> None:
    def added(document: Document | None) -> Update:
        runs, most = (int(document.data["runs"]), dict(document.data["failing_rows"])) if document else (0, {})
        for name in results.failing:
            most[name] = max(most.get(name, 0), results.by_check[name].failing_rows)
        return Update({"runs": runs + 1, "failing_rows": most})

    update_document(ports.documents, QUALITY_DAYS, run.at.date().isoformat(), added)


def _parse_results(data: Mapping[str, Any]) -> CheckResults:
    by_check = {name: CheckResult(**one) for name, one in data["by_check"].items()}
    results = CheckResults(**{**data, "left_out": tuple(data.get("left_out", ())), "by_check": by_check})
    return replace(results, by_check={name: results.by_check[name] for name in checks() if name in results.by_check})


def _results_to_json(results: CheckResults) -> JsonObject:
    return {**vars(results), "by_check": {name: dict(vars(one)) for name, one in results.by_check.items()}}


def published_results(ports: Ports) -> JsonObject:
    """The last results as JSON values: when checks ran, the names of those that fail, and each check."""
    last = last_results(ports)
    return {
        "checked_at": last.checked_at,
        "all_checked_at": last.all_checked_at,
        "left_out": list(last.left_out),
        "failing": last.failing,
        "checks": [
            {
                "name": check.name,
                "mart": check.mart,
                "kind": check.kind,
                "description": check.description,
                "remedy": check.remedy,
                "checked_at": result.checked_at if result else "",
                "failing_rows": result.failing_rows if result else 0,
                "failing_days": dict(result.days) if result else {},
                "failing_since": result.failing_since if result else "",
            }
            for check, result in each_check(last)
        ],
    }
