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
"""Day from the first to the last → the observations about it, by what is in the ledger now."""


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


def of_recent_days(replay: Replay) -> Condition:
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
