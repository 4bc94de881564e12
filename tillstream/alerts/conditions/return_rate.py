"""Stores to which customers return a large share of the sales."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from tillstream.alerts.condition import AlertSources, Condition, Days, at_least_lower, rule_filters
from tillstream.alerts.observations import Observation
from tillstream.alerts.rules import AlertRule
from tillstream.analytics import measure_values
from tillstream.analytics.measures.definitions import compute_measure
from tillstream.model.people import UNRESTRICTED

DAY = timedelta(days=1)
Place = tuple[str, str | None]


@dataclass
class _Sum:
    """Revenue includes returns as negative amounts, as `returned` is."""

    revenue: Decimal = Decimal(0)
    returned: Decimal = Decimal(0)
    lines: int = 0

    @property
    def rate(self) -> Decimal:
        """Returns as percent of the revenue before returns."""
        rate = compute_measure("return_rate", revenue=self.revenue, returned_value=self.returned)
        return round((rate or Decimal(0)) * 100, 1)


def _evaluate(sources: AlertSources, rule: AlertRule, at: datetime) -> list[Observation]:
    return _replay(sources, rule, at.date(), at.date()).get(at.date(), [])


def _replay(sources: AlertSources, rule: AlertRule, first: date, last: date) -> Days:
    """Each day with the rates over the days before it, as many as the rule has."""
    before = (int(rule.parameters["days"]) - 1) * DAY
    by_day = _by_day(sources, rule, first - before, last)
    days: dict[date, list[Observation]] = {}
    for number in range((last - first).days + 1):
        day = first + number * DAY
        sums = _sums(by_day, day - before, day)
        days[day] = at_least_lower(rule, _observations(sources, rule, sums))
    return days


CONDITIONS = {"return-rate": Condition(_evaluate, _replay)}


def _by_day(sources: AlertSources, rule: AlertRule, first: date, last: date) -> dict[date, dict[Place, _Sum]]:
    rows = measure_values.query_measures(
        sources.ports.warehouse,
        ["revenue", "returned_value", "active_lines"],
        ["day", "region", "store"],
        UNRESTRICTED,
        rule_filters(rule, first, last),
        cache=sources.cache,
    ).to_pylist()
    days: dict[date, dict[Place, _Sum]] = defaultdict(dict)
    for row in rows:
        sums = _Sum(row["revenue"] or Decimal(0), row["returned_value"] or Decimal(0), int(row["active_lines"] or 0))
        days[row["day"]][row["region"], row["store"]] = sums
    return days


def _sums(by_day: dict[date, dict[Place, _Sum]], first: date, last: date) -> dict[Place, _Sum]:
    total: dict[Place, _Sum] = defaultdict(_Sum)
    for number in range((last - first).days + 1):
        for place, one in by_day.get(first + number * DAY, {}).items():
            total[place].revenue += one.revenue
            total[place].returned += one.returned
            total[place].lines += one.lines
    return total


def _observations(sources: AlertSources, rule: AlertRule, sums: dict[Place, _Sum]) -> Iterator[Observation]:
    days = int(rule.parameters["days"])
    for (region, store), one in sums.items():
        if one.lines >= rule.parameters["lines"]:
            yield Observation(
                f"{region}/{store}",
                f"Customers return much in {sources.place(region, store)}",
                one.rate,
                rule.threshold,
                f"{one.rate}% of the revenue of the last {days} days was returned.",
                region,
                store,
                "/dashboard",
            )
