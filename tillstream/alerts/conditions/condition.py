"""What a kind of rules provides: an evaluation, and a replay of past days for the preview."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tillstream.alerts.sources import AlertSources
from tillstream.domain.alerts.observations import Observation
from tillstream.domain.alerts.rules import AlertRule

Evaluate = Callable[[AlertSources, AlertRule, datetime], list[Observation]]
"""The subjects whose value has reached the lower level of the rule at an instant."""
Days = Mapping[date, list[Observation]]
Replay = Callable[[AlertSources, AlertRule, date, date], Days]
"""Day from the first to the last → the observations about it, by the sales that are in the ledger now."""


@dataclass(frozen=True)
class Condition:
    """replay: None if the past of its values is not stored."""

    evaluate: Evaluate
    replay: Replay | None = None


def of_recent_days(replay: Replay) -> Condition:
    """The condition that holds for the days of a rule's parameter `days`, today included."""

    def evaluate(sources: AlertSources, rule: AlertRule, at: datetime) -> list[Observation]:
        first = at.date() - timedelta(days=int(rule.parameters["days"]))
        return [one for day in replay(sources, rule, first, at.date()).values() for one in day]

    return Condition(evaluate, replay)


def at_least_lower(rule: AlertRule, observations: Iterable[Observation]) -> list[Observation]:
    """The observations that keep an alert open, in the order of their subjects."""
    return sorted((one for one in observations if one.value >= rule.lower), key=lambda one: one.subject)
