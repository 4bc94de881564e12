"""One evaluation of all rules. It may be repeated, also after a crash at any line, and run in several processes.

An alert is written together with the notices about it, unless it was changed meanwhile: then the next evaluation
decides.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tillstream.alerts import records, rules
from tillstream.alerts.alert import DISABLED, Alert, advance_alert, alert_id, causes_now, end_alert
from tillstream.alerts.condition import AlertSources
from tillstream.alerts.conditions import find_condition
from tillstream.alerts.observations import Observation
from tillstream.alerts.records import STATE_COLLECTION, StoredAlert
from tillstream.alerts.rules import AlertRule
from tillstream.model.errors import Conflict
from tillstream.ports import Ports
from tillstream.records.jobs import RecordedJob

RULE_FAILED = "alert rule failed"
"""Line of the log for rules whose condition could not be evaluated."""
CLEANED_EVERY = timedelta(days=1)
LONGEST_WAIT = timedelta(minutes=15)
"""Time after which rules are evaluated although sales are being loaded: alerts of other things must not wait long."""


@dataclass
class Evaluation:
    """changed: alerts that were written. failed: ID of a rule → why its condition could not be evaluated."""

    changed: int = 0
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def failures(self) -> list[str]:
        """A sentence for operators about each rule that failed."""
        return [f"{rule}: {error}." for rule, error in self.failed.items()]


@dataclass(frozen=True)
class LastEvaluation:
    """When rules were last evaluated, and old alerts deleted; ISO 8601, empty: never. failed: as of `Evaluation`."""

    evaluated_at: str = ""
    cleaned_at: str = ""
    failed: Mapping[str, str] = field(default_factory=dict)


ALERTS = RecordedJob("alerts", LONGEST_WAIT, collection=STATE_COLLECTION, kind=LastEvaluation)


def evaluate_when_loaded(sources: AlertSources) -> Evaluation:
    """`evaluate`, unless sales are being loaded: those that are missing until then would open alerts."""
    return Evaluation() if ALERTS.must_wait(sources.ports) else evaluate_rules(sources)


def evaluate_rules(sources: AlertSources) -> Evaluation:
    """Evaluate the enabled rules, and end the alerts of the others. A rule that fails changes no alert."""
    ports, result = sources.ports, Evaluation()
    now, stored = ports.clock.now(), [one.rule for one in rules.find_rules(ports)]
    enabled = [rule for rule in stored if rule.is_enabled]
    observed = _observe(sources, enabled, now, result)
    by_rule: dict[str, dict[str, StoredAlert]] = defaultdict(dict)
    for one in records.unfinished_alerts(ports):
        by_rule[one.alert.rule_id][one.alert.subject] = one
    for rule in enabled:
        unfinished = by_rule.pop(rule.id, {})
        if rule.id in observed:
            result.changed += _advance(ports, rule, unfinished, observed[rule.id], now)
    for unused in by_rule.values():
        for one in unused.values():
            result.changed += _save(ports, one, end_alert(one.alert, now, DISABLED), None)
    _note(ports, result, now)
    return result


def last_evaluation(ports: Ports) -> LastEvaluation:
    return ALERTS.last_run(ports) or LastEvaluation()


def _observe(
    sources: AlertSources, enabled: Iterable[AlertRule], now: datetime, result: Evaluation
) -> dict[str, list[Observation]]:
    observed: dict[str, list[Observation]] = {}
    chosen = {rule.id: rule for rule in enabled}
    for rule in chosen.values():
        try:
            observed[rule.id] = find_condition(rule.kind).evaluate(sources, rule, now)
        except Exception as error:  # noqa: BLE001 - the other rules are evaluated, and the error is shown
            result.failed[rule.id] = repr(error)
    regions: dict[str, set[str]] = defaultdict(set)
    for rule_id, observations in observed.items():
        regions[chosen[rule_id].kind] |= {one.region for one in observations if one.opens}
    for rule_id, observations in observed.items():
        hidden = set[str]().union(*(regions[kind] for kind in chosen[rule_id].alert_kind.hidden_by))
        observed[rule_id] = [one for one in observations if one.region not in hidden]
    return observed


def _advance(
    ports: Ports,
    rule: AlertRule,
    unfinished: Mapping[str, StoredAlert],
    observations: Iterable[Observation],
    now: datetime,
) -> int:
    divided = causes_now({subject: one.alert for subject, one in unfinished.items()}, observations, rule)
    changed = 0
    for subject in {**unfinished, **divided}:
        before = unfinished.get(subject) or records.stored_alert(ports, alert_id(rule.id, subject))
        after = advance_alert(before.alert if before else None, divided.get(subject), rule, now)
        if after:
            changed += _save(ports, before, after, rule)
    return changed


def _save(ports: Ports, before: StoredAlert | None, after: Alert, rule: AlertRule | None) -> bool:
    if before and before.alert == after:
        return False
    try:
        records.save_alert(ports, before, after, rule)
    except Conflict:
        return False  # a person or another process changed it: the next evaluation decides
    return True


def _note(ports: Ports, result: Evaluation, now: datetime) -> None:
    cleaned = last_evaluation(ports).cleaned_at
    if not cleaned or now - datetime.fromisoformat(cleaned) >= CLEANED_EVERY:
        records.delete_old_alerts(ports, now)
        cleaned = now.isoformat()
    ALERTS.save_run(ports, LastEvaluation(now.isoformat(), cleaned, result.failed))
