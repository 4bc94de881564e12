"""The alerts that a rule would have raised in the last days."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

from tillstream.alerts.alert import Alert, AlertState, advance_alert, causes_now
from tillstream.alerts.condition import AlertSources
from tillstream.alerts.conditions import find_condition
from tillstream.alerts.observations import Observation
from tillstream.alerts.rules import AlertRule

DAYS = 30
DAY, MINUTES_OF_DAY = timedelta(days=1), 24 * 60
NOT_STORED = (
    "The past of this value is not stored, so there is no preview. It is watched from the day the rule is enabled."
)


@dataclass(frozen=True)
class PreviewedDay:
    """alerts: the titles of the alerts of the day; one of several subjects is one."""

    day: date
    alerts: tuple[str, ...]


@dataclass(frozen=True)
class AlertPreview:
    """days: those with alerts, the latest first. reason: why there is no preview; empty if there is one.

    note: what it leaves out.
    """

    first: date
    last: date
    days: tuple[PreviewedDay, ...] = field(default=())
    reason: str = ""
    note: str = ""

    @property
    def count(self) -> int:
        return sum(len(one.alerts) for one in self.days)


def replay_rule(sources: AlertSources, rule: AlertRule, days: int = DAYS) -> AlertPreview:
    """What a rule, enabled or not, would have raised if it had been evaluated on each of the last days until today.

    It reads what is in the ledger now: files that came later are included, so that no region was late. Minutes of the
    rule count as whole days, those of a part of a day as none.
    """
    last = sources.ports.clock.now().date()
    first = last - timedelta(days=days - 1)
    condition = find_condition(rule.kind)
    if condition.replay is None:
        return AlertPreview(first, last, reason=NOT_STORED)
    observed = condition.replay(sources, rule, first, last)
    watched, daily = condition.watched(rule), _by_whole_days(rule)
    alerts: dict[str, Alert] = {}
    raised: list[PreviewedDay] = []
    for day in (first + number * DAY for number in range(days)):
        window = [one for back in range(watched, -1, -1) for one in observed.get(day - back * DAY, ())]
        titles = tuple(_advance(alerts, daily, window, datetime.combine(day, time.min, UTC)))
        if titles:
            raised.append(PreviewedDay(day, titles))
    return AlertPreview(first, last, tuple(reversed(raised)), note=condition.note)


def _by_whole_days(rule: AlertRule) -> AlertRule:
    opens_after, ends_after = (minutes - minutes % MINUTES_OF_DAY for minutes in (rule.opens_after, rule.ends_after))
    return replace(rule, opens_after=opens_after, ends_after=ends_after)


def _advance(
    alerts: dict[str, Alert], rule: AlertRule, observations: Iterable[Observation], now: datetime
) -> Iterator[str]:
    """Advance the alerts by subject; yield the titles of those that open."""
    unfinished = {subject: one for subject, one in alerts.items() if one.state is not AlertState.ENDED}
    divided = causes_now(unfinished, observations, rule)
    for subject in {**unfinished, **divided}:
        before = alerts.get(subject)
        after = advance_alert(before, divided.get(subject), rule, now)
        if after:
            alerts[subject] = after
        if after and after.is_active and not (before and before.is_active):
            yield after.title
