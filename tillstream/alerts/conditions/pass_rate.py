"""Data sources of whose rows fewer are accepted than before, or fewer than a limit."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlencode

from tillstream.alerts.condition import AlertSources, Condition, Days, at_least_lower, rule_filters
from tillstream.alerts.observations import Observation
from tillstream.alerts.rules import AlertRule
from tillstream.analytics import queries
from tillstream.model.people import UNRESTRICTED
from tillstream.operations.pass_rates import CheckedRows, ComparedRows, RateRow, compare_checked

DAY = timedelta(days=1)
Source = tuple[str, str]
"""Region and contract."""


def _evaluate(sources: AlertSources, rule: AlertRule, at: datetime) -> list[Observation]:
    return _replay(sources, rule, at.date(), at.date()).get(at.date(), [])


def _replay(sources: AlertSources, rule: AlertRule, first: date, last: date) -> Days:
    """Each day with the rates over the days of the rule until it, and over the weeks before these."""
    days, weeks = (int(rule.parameters[name]) for name in ("days", "weeks"))
    rows = queries.run_query(
        sources.ports.warehouse,
        "pass-rates",
        UNRESTRICTED,
        rule_filters(rule, first, last),
        cache=sources.cache,
        period="daily",
        first_day=first - (days - 1 + 7 * weeks) * DAY,
        last_day=last,
    ).to_pylist()
    observed: dict[date, list[Observation]] = {}
    for number in range((last - first).days + 1):
        day = first + number * DAY
        begin = day - (days - 1) * DAY
        window = [row for row in rows if begin - 7 * weeks * DAY <= row["period_start"] <= day]
        observed[day] = at_least_lower(rule, _observations(rule, compare_checked(window, begin, _source)))
    return observed


CONDITIONS = {"pass-rate": Condition(_evaluate, _replay)}


def _source(row: RateRow) -> Source:
    return row["region"], row["contract"]


def _observations(rule: AlertRule, rates: Mapping[Source, ComparedRows]) -> Iterator[Observation]:
    days, weeks = (int(rule.parameters[name]) for name in ("days", "weeks"))
    for (region, contract), one in rates.items():
        if one.now.rows < rule.parameters["rows"] or one.now.rate is None:
            continue
        has_before = one.before.rows >= rule.parameters["rows"]
        before = f"; in the {weeks} weeks before, it was {_percent(one.before)}%" if has_before else ""
        yield Observation(
            f"{region}/{contract}",
            f"Fewer rows of {contract} pass its rules",
            _value(rule, one, has_before=has_before),
            rule.threshold,
            f"{_percent(one.now)}% of {one.now.rows:,} rows were accepted in the last {days} days{before}.",
            region,
            path=f"/quality/pass-rates?{urlencode({'source': contract})}",
        )


def _value(rule: AlertRule, one: ComparedRows, *, has_before: bool) -> Decimal:
    """The points lost against the weeks before; below the limit of the rule at least its threshold."""
    lost = -(one.change or Decimal(0)) if has_before else Decimal(0)
    below = rule.parameters["percent"] - _percent(one.now)
    return round(max(lost, rule.threshold + below) if below > 0 else lost, 1)


def _percent(checked: CheckedRows) -> Decimal:
    return round(100 * (checked.rate or Decimal(0)), 1)
