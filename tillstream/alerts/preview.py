"""The alerts that a rule would have raised in the last days."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from tillstream.alerts.conditions import CONDITIONS
from tillstream.alerts.sources import AlertSources
from tillstream.domain.alerts.observations import GROUP, Observation, causes
from tillstream.domain.alerts.rules import AlertRule

DAYS = 30
NOT_STORED = (
    "The past of this value is not stored, so there is no preview. It is watched from the day the rule is enabled."
)


@dataclass(frozen=True)
class PreviewedDay:
    """alerts: the titles of the alerts of the day; one of several subjects is one."""

    day: date
    alerts: tuple[str, ...]


@dataclass(frozen=True)
class Preview:
    """days: those with alerts, the latest first. reason: why there is no preview; empty if there is one."""

    first: date
    last: date
    days: tuple[PreviewedDay, ...] = field(default=())
    reason: str = ""

    @property
    def count(self) -> int:
        return sum(len(one.alerts) for one in self.days)


def preview(sources: AlertSources, rule: AlertRule, days: int = DAYS) -> Preview:
    """What a rule, enabled or not, would have raised on the last days until today; each subject once in a row of days.

    It reads the sales that are in the ledger now: files that came later are included.
    """
    last = sources.ports.clock.now().date()
    first = last - timedelta(days=days - 1)
    replay = CONDITIONS[rule.kind].replay
    if replay is None:
        return Preview(first, last, reason=NOT_STORED)
    before: set[str] = set()
    raised: list[PreviewedDay] = []
    for day, observations in sorted(replay(sources, rule, first, last).items()):
        opening = [one for one in observations if one.opens]
        new = [one for one in opening if one.subject not in before]
        before = {one.subject for one in opening}
        if new:
            raised.append(PreviewedDay(day, tuple(_titles(rule, new))))
    return Preview(first, last, tuple(reversed(raised)))


def _titles(rule: AlertRule, observations: list[Observation]) -> list[str]:
    titles = []
    for cause in causes(observations, {}, rule.group_over):
        first, count = cause.observations[0], len(cause.observations)
        is_group = cause.subject.startswith(GROUP)
        titles.append(rule.of.group_title(count, first.group) if is_group else first.title)
    return titles
