"""What a condition reads, and what it provides: an evaluation, and a replay of past days for the preview."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import sql
from tillstream.alerts.kinds import RuleLimit
from tillstream.alerts.observations import Observation
from tillstream.alerts.rules import AlertRule
from tillstream.analytics.filters import Filters
from tillstream.analytics.query_cache import QueryCache
from tillstream.catalogue import entry_lists
from tillstream.contracts import source_settings
from tillstream.contracts.registry import ContractRegistry
from tillstream.model.contract import Contract
from tillstream.model.product_catalogue import Store
from tillstream.ports import Ports

Days = Mapping[date, list[Observation]]


@dataclass(frozen=True)
class AlertSources:
    """currency: the reporting currency. cache: of the queries of the process."""

    ports: Ports
    contracts: ContractRegistry
    currency: str
    cache: QueryCache | None = None

    def rows(self, name: str, **params: Any) -> list[dict[str, Any]]:
        """The rows of a query of sql/alerts."""
        rows: list[dict[str, Any]] = self.ports.warehouse.query(sql.text(f"alerts/{name}"), params).to_pylist()
        return rows

    @cached_property
    def expected(self) -> list[Contract]:
        """The contracts with the expectations that apply."""
        return source_settings.with_expectations(self.ports, self.contracts.all().values())

    @cached_property
    def stores(self) -> Mapping[tuple[str, ...], Store]:
        """The stores of the catalogue by region and id."""
        return entry_lists.catalogue_entries(self.ports, Store)

    def place(self, region: str, store: str | None) -> str:
        """A store, by its name if it has one, or a region."""
        if store is None:
            return f"region {region}" if region else "all regions"
        entry = self.stores.get((region, store))
        if entry and entry.name not in {"", store}:
            return f"{entry.name} ({store}, {region})"
        return f"store {store} in {region}" if store else f"sales without a store in {region}"

    def sales_path(self, day: date, region: str, store: str | None) -> str:
        """The page with the sales of a day."""
        where = {"from": day, "to": day, "region": region} | ({"store": store} if store else {})
        return f"/dashboard?{urlencode(where)}"


Evaluate = Callable[[AlertSources, AlertRule, datetime], list[Observation]]
"""The subjects whose value has reached the lower level of the rule at an instant."""
Replay = Callable[[AlertSources, AlertRule, date, date], Days]
"""Day from the first to the last → the observations about it, by what is in the ledger now."""


def rule_filters(rule: AlertRule, first: date, last: date) -> Filters:
    """The sales of some days that a rule is limited to."""

    def chosen(limit: RuleLimit) -> tuple[str, ...] | None:
        return rule.limits.get(limit) or None

    return Filters(
        first,
        last,
        region=chosen(RuleLimit.REGIONS),
        store=chosen(RuleLimit.STORES),
        category=chosen(RuleLimit.CATEGORIES),
        product=chosen(RuleLimit.PRODUCTS),
    )


def _one_day(_rule: AlertRule) -> int:
    return 0


@dataclass(frozen=True)
class Condition:
    """replay: None if the past of its values is not stored. watched: on how many days after it a day is evaluated too.

    note: what a preview leaves out, for its reader.
    """

    evaluate: Evaluate
    replay: Replay | None = None
    watched: Callable[[AlertRule], int] = _one_day
    note: str = ""


def day_text(day: date) -> str:
    """A recent day in words: 22 November."""
    return f"{day.day} {day:%B}"


def time_text(time: datetime) -> str:
    """A recent time in words: 22 November at 18:05 IST."""
    return f"{day_text(time.date())} at {time:%H:%M %Z}"


def recent_days_condition(replay: Replay) -> Condition:
    """The condition that holds for the days of a rule's parameter `days`, today included."""

    def watched(rule: AlertRule) -> int:
        return int(rule.parameters["days"])

    def evaluate(sources: AlertSources, rule: AlertRule, at: datetime) -> list[Observation]:
        first = at.date() - timedelta(days=watched(rule))
        return [one for day in replay(sources, rule, first, at.date()).values() for one in day]

    return Condition(evaluate, replay, watched)


def at_least_lower(rule: AlertRule, observations: Iterable[Observation]) -> list[Observation]:
    """The observations that keep an alert open, in the order of their subjects."""
    return sorted((one for one in observations if one.value >= rule.lower), key=lambda one: one.subject)
