"""The states of one alert: when it opens and ends, and what people do with it."""

from dataclasses import replace
from datetime import time, timedelta

import pytest
from alert_values import MINUTE, NOON, cause, observed, rule

from tillstream.alerts import alert as alerts
from tillstream.alerts.alert import (
    MAX_SNOOZE,
    Alert,
    AlertEventKind,
    AlertState,
    acknowledged_alert,
    advance_alert,
    end_alert,
    snoozed_alert,
)
from tillstream.alerts.kinds import AlertSeverity
from tillstream.alerts.observations import Cause, divide_into_causes
from tillstream.alerts.records import notices_of_change
from tillstream.alerts.rules import AlertRule, QuietHours, RuleDelivery
from tillstream.model.errors import Rejected
from tillstream.model.people import Scope, scope_of
from tillstream.model.permissions import Role


def opened(by: AlertRule | None = None) -> Alert:
    one = advance_alert(None, cause(), by or rule(), NOON)
    assert one is not None
    return one


def after(one: Alert, minutes: int, what: Cause | None, by: AlertRule | None = None) -> Alert:
    later = advance_alert(one, what, by or rule(), NOON + minutes * MINUTE)
    assert later is not None
    return later


def kinds(one: Alert) -> list[str]:
    return [event.kind.value for event in one.events]


def test_it_opens_at_the_threshold_and_ends_below_the_lower_level() -> None:
    assert advance_alert(None, cause(19), rule(), NOON) is None
    one = opened()
    assert (one.state, one.opened_at) == (AlertState.OPEN, NOON)
    assert after(one, 1, cause(16)).state is AlertState.OPEN
    ended = after(one, 2, None)
    assert (ended.state, ended.ended_at, kinds(ended)) == (AlertState.ENDED, NOON + 2 * MINUTE, ["opened", "ended"])


def test_it_waits_before_it_opens_and_before_it_ends() -> None:
    slow = rule(opens_after=5, ends_after=10)
    one = opened(slow)
    assert one.state is AlertState.PENDING
    assert after(one, 4, cause(), slow).state is AlertState.PENDING
    assert after(one, 3, cause(18), slow).state is AlertState.ENDED, "it was below the threshold meanwhile"
    one = after(one, 5, cause(), slow)
    assert one.state is AlertState.OPEN
    one = after(one, 6, None, slow)
    assert (one.state, one.clear_since) == (AlertState.OPEN, NOON + 6 * MINUTE)
    assert after(one, 15, cause(18), slow).clear_since is None
    assert after(one, 15, None, slow).state is AlertState.OPEN
    assert after(one, 16, None, slow).state is AlertState.ENDED


def test_a_cause_that_comes_again_is_the_same_alert() -> None:
    ended = after(opened(), 1, None)
    again = after(ended, 2, cause())
    assert (again.id, again.state, kinds(again)) == (ended.id, AlertState.OPEN, ["opened", "ended", "opened"])


def test_repeating_an_evaluation_changes_nothing() -> None:
    one = opened()
    assert advance_alert(one, cause(), rule(), NOON) == one
    ended = after(one, 1, None)
    assert after(ended, 1, None) == ended


def test_an_acknowledged_alert_names_who_does_it_and_is_not_escalated() -> None:
    urgent = rule(delivery=RuleDelivery(("mail",), escalate_after=10, escalate_to=("phone",)))
    taken = acknowledged_alert(opened(urgent), "mia", NOON + MINUTE)
    assert (taken.state, taken.acknowledged_by) == (AlertState.ACKNOWLEDGED, "mia")
    assert acknowledged_alert(taken, "ben", NOON) is taken
    assert after(taken, 60, cause(), urgent) == taken
    left = after(opened(urgent), 10, cause(), urgent)
    assert kinds(left) == ["opened", "escalated"]
    assert after(left, 30, cause(), urgent) == left
    (notice,) = [one for _, one in notices_of_change(opened(urgent), left, urgent)]
    assert (notice["kind"], notice["channels"], notice["digest"]) == ("escalated", ["phone"], False)


def test_a_snoozed_alert_is_open_again_at_its_end_or_ends_with_its_cause() -> None:
    snoozed = snoozed_alert(opened(), NOON + timedelta(hours=1), "mia", NOON)
    assert after(snoozed, 59, cause()) == snoozed
    woken = after(snoozed, 60, cause())
    assert (woken.state, kinds(woken)) == (AlertState.OPEN, ["opened", "snoozed", "reminded"])
    assert after(snoozed, 10, None).state is AlertState.ENDED


@pytest.mark.parametrize("until", [NOON, NOON + MAX_SNOOZE + MINUTE])
def test_the_end_of_a_snooze_is_in_the_next_month(until: object) -> None:
    with pytest.raises(Rejected, match="31 days"):
        snoozed_alert(opened(), until, "mia", NOON)  # type: ignore[arg-type]


def test_an_ended_alert_cannot_be_acknowledged_or_snoozed() -> None:
    ended = end_alert(opened(), NOON)
    with pytest.raises(Rejected, match="has ended"):
        acknowledged_alert(ended, "mia", NOON)
    with pytest.raises(Rejected, match="has ended"):
        snoozed_alert(ended, NOON + MINUTE, "mia", NOON)


def test_it_is_stored_whole() -> None:
    one = snoozed_alert(opened(), NOON + MINUTE, "mia", NOON)
    assert alerts.alert_from_json(alerts.alert_to_json(one)) == one


def test_many_subjects_of_a_region_are_one_cause() -> None:
    few = [observed(subject=f"store {number}", store=str(number)) for number in range(3)]
    assert [one.subject for one in divide_into_causes(few, {}, 3)] == ["store 0", "store 1", "store 2"]
    (group,) = divide_into_causes(few, {}, 2)
    assert (group.subject, len(group.observations)) == ("group:UK", 3)
    assert [one.subject for one in divide_into_causes(few[:1], {"group:UK": {"store 0"}}, 2)] == ["group:UK"]
    kept = divide_into_causes(few, {"store 1": {"store 1"}}, 1)
    assert sorted((one.subject, len(one.observations)) for one in kept) == [("group:UK", 2), ("store 1", 1)]


def test_a_subject_between_the_levels_belongs_only_to_an_alert_that_it_has() -> None:
    weak = [observed(18, "a"), observed(18, "b")]
    assert divide_into_causes(weak, {}, 1) == []
    (group,) = divide_into_causes(weak, {"group:UK": {"b"}}, 1)
    assert [one.subject for one in group.observations] == ["b"]


def test_notices_of_quiet_hours_are_due_in_the_morning() -> None:
    quiet = QuietHours(time(22), time(7), "Europe/London")
    assert quiet.due(NOON) == NOON
    assert quiet.due(NOON.replace(hour=23)).isoformat() == "2026-06-17T06:00:00+00:00"
    assert quiet.due(NOON.replace(hour=2)).isoformat() == "2026-06-16T06:00:00+00:00"
    delivery = RuleDelivery(("mail",), quiet=QuietHours(time(9), time(18), "UTC"))
    for severity, due in ((AlertSeverity.WARNING, "18:00"), (AlertSeverity.URGENT, "12:00")):
        by = replace(rule(), delivery=delivery, severity=severity)
        ((_, notice),) = notices_of_change(None, opened(by), by)
        assert notice["due_at"] == f"2026-06-16T{due}:00+00:00"


def test_the_same_event_has_the_same_notice() -> None:
    one = opened()
    assert dict(notices_of_change(None, one, rule())) == dict(notices_of_change(None, one, rule()))
    assert not dict(notices_of_change(one, one, rule()))
    again = after(after(one, 1, None), 2, cause())
    assert len(dict(notices_of_change(None, again, rule()))) == 3


@pytest.mark.parametrize(
    ("scope", "count"),
    [
        (scope_of(Role.ADMIN), 3),
        (scope_of(Role.MANAGER, ("UK",)), 2),
        (scope_of(Role.MANAGER, ("UK",), ("LDS1",)), 1),
        (scope_of(Role.SALESPERSON, ("UK",), ("LDS1",), "9"), 0),
        (scope_of(Role.ANALYST), 0),
    ],
)
def test_a_reader_gets_the_members_of_their_scope(scope: Scope, count: int) -> None:
    members = tuple(
        observed(subject=f"{region}/{store}", region=region, store=store)
        for region, store in (("UK", "LDS1"), ("UK", None), ("IN", "MUM1"))
    )
    one = advance_alert(None, Cause("group:", members), rule(), NOON)
    assert one is not None
    own = one.within(scope)
    assert (own.member_count if own else 0) == count


def test_a_region_that_is_late_is_shown_to_users_of_its_stores() -> None:
    one = advance_alert(None, cause(), rule("region-late"), NOON)
    assert one is not None
    assert one.within(scope_of(Role.CLERK, ("UK",), ("LDS1",))) == one
    assert one.within(scope_of(Role.CLERK, ("IN",))) is None
    assert AlertEventKind.OPENED in {event.kind for event in one.events}
