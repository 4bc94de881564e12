"""The states of one alert: when it opens and ends, and what people do with it."""

from dataclasses import replace
from datetime import time, timedelta

import pytest
from alert_values import MINUTE, NOON, cause, observed, rule

from tillstream.domain.alerts import alert as alerts
from tillstream.domain.alerts.alert import Alert, EventKind, State
from tillstream.domain.alerts.kind import KindName, Severity
from tillstream.domain.alerts.notices import notices
from tillstream.domain.alerts.observations import Cause, causes
from tillstream.domain.alerts.quiet_hours import QuietHours
from tillstream.domain.alerts.rules import AlertRule, Delivery
from tillstream.domain.alerts.transitions import LONGEST_SNOOZE, acknowledge, advance, end, snooze
from tillstream.model.errors import Rejected
from tillstream.model.people import Role, Scope, scope_of


def opened(by: AlertRule | None = None) -> Alert:
    one = advance(None, cause(), by or rule(), NOON)
    assert one is not None
    return one


def after(one: Alert, minutes: int, what: Cause | None, by: AlertRule | None = None) -> Alert:
    later = advance(one, what, by or rule(), NOON + minutes * MINUTE)
    assert later is not None
    return later


def kinds(one: Alert) -> list[str]:
    return [event.kind.value for event in one.events]


def test_it_opens_at_the_threshold_and_ends_below_the_lower_level() -> None:
    assert advance(None, cause(19), rule(), NOON) is None
    one = opened()
    assert (one.state, one.opened_at) == (State.OPEN, NOON)
    assert after(one, 1, cause(16)).state is State.OPEN
    ended = after(one, 2, None)
    assert (ended.state, ended.ended_at, kinds(ended)) == (State.ENDED, NOON + 2 * MINUTE, ["opened", "ended"])


def test_it_waits_before_it_opens_and_before_it_ends() -> None:
    slow = rule(opens_after=5, ends_after=10)
    one = opened(slow)
    assert one.state is State.PENDING
    assert after(one, 4, cause(), slow).state is State.PENDING
    assert after(one, 3, cause(18), slow).state is State.ENDED, "it was below the threshold meanwhile"
    one = after(one, 5, cause(), slow)
    assert one.state is State.OPEN
    one = after(one, 6, None, slow)
    assert (one.state, one.clear_since) == (State.OPEN, NOON + 6 * MINUTE)
    assert after(one, 15, cause(18), slow).clear_since is None
    assert after(one, 15, None, slow).state is State.OPEN
    assert after(one, 16, None, slow).state is State.ENDED


def test_a_cause_that_comes_again_is_the_same_alert() -> None:
    ended = after(opened(), 1, None)
    again = after(ended, 2, cause())
    assert (again.id, again.state, kinds(again)) == (ended.id, State.OPEN, ["opened", "ended", "opened"])


def test_repeating_an_evaluation_changes_nothing() -> None:
    one = opened()
    assert advance(one, cause(), rule(), NOON) == one
    ended = after(one, 1, None)
    assert after(ended, 1, None) == ended


def test_an_acknowledged_alert_names_who_does_it_and_is_not_escalated() -> None:
    urgent = rule(delivery=Delivery(("mail",), escalate_after=10, escalate_to=("phone",)))
    taken = acknowledge(opened(urgent), "mia", NOON + MINUTE)
    assert (taken.state, taken.acknowledged_by) == (State.ACKNOWLEDGED, "mia")
    assert acknowledge(taken, "ben", NOON) is taken
    assert after(taken, 60, cause(), urgent) == taken
    left = after(opened(urgent), 10, cause(), urgent)
    assert kinds(left) == ["opened", "escalated"]
    assert after(left, 30, cause(), urgent) == left
    (notice,) = [one for _, one in notices(opened(urgent), left, urgent)]
    assert (notice["kind"], notice["channels"], notice["digest"]) == ("escalated", ["phone"], False)


def test_a_snoozed_alert_is_open_again_at_its_end_or_ends_with_its_cause() -> None:
    snoozed = snooze(opened(), NOON + timedelta(hours=1), "mia", NOON)
    assert after(snoozed, 59, cause()) == snoozed
    woken = after(snoozed, 60, cause())
    assert (woken.state, kinds(woken)) == (State.OPEN, ["opened", "snoozed", "reminded"])
    assert after(snoozed, 10, None).state is State.ENDED


@pytest.mark.parametrize("until", [NOON, NOON + LONGEST_SNOOZE + MINUTE])
def test_the_end_of_a_snooze_is_in_the_next_month(until: object) -> None:
    with pytest.raises(Rejected, match="31 days"):
        snooze(opened(), until, "mia", NOON)  # type: ignore[arg-type]


def test_an_ended_alert_cannot_be_acknowledged_or_snoozed() -> None:
    ended = end(opened(), NOON)
    with pytest.raises(Rejected, match="has ended"):
        acknowledge(ended, "mia", NOON)
    with pytest.raises(Rejected, match="has ended"):
        snooze(ended, NOON + MINUTE, "mia", NOON)


def test_it_is_stored_whole() -> None:
    one = snooze(opened(), NOON + MINUTE, "mia", NOON)
    assert alerts.from_json(alerts.to_json(one)) == one


def test_many_subjects_of_a_region_are_one_cause() -> None:
    few = [observed(subject=f"store {number}", store=str(number)) for number in range(3)]
    assert [one.subject for one in causes(few, {}, 3)] == ["store 0", "store 1", "store 2"]
    (group,) = causes(few, {}, 2)
    assert (group.subject, len(group.observations)) == ("group:UK", 3)
    assert [one.subject for one in causes(few[:1], {"group:UK": {"store 0"}}, 2)] == ["group:UK"]
    kept = causes(few, {"store 1": {"store 1"}}, 1)
    assert sorted((one.subject, len(one.observations)) for one in kept) == [("group:UK", 2), ("store 1", 1)]


def test_a_subject_between_the_levels_belongs_only_to_an_alert_that_it_has() -> None:
    weak = [observed(18, "a"), observed(18, "b")]
    assert causes(weak, {}, 1) == []
    (group,) = causes(weak, {"group:UK": {"b"}}, 1)
    assert [one.subject for one in group.observations] == ["b"]


def test_notices_of_quiet_hours_are_due_in_the_morning() -> None:
    quiet = QuietHours(time(22), time(7), "Europe/London")
    assert quiet.due(NOON) == NOON
    assert quiet.due(NOON.replace(hour=23)).isoformat() == "2026-06-17T06:00:00+00:00"
    assert quiet.due(NOON.replace(hour=2)).isoformat() == "2026-06-16T06:00:00+00:00"
    delivery = Delivery(("mail",), quiet=QuietHours(time(9), time(18), "UTC"))
    for severity, due in ((Severity.WARNING, "18:00"), (Severity.URGENT, "12:00")):
        by = replace(rule(), delivery=delivery, severity=severity)
        ((_, notice),) = notices(None, opened(by), by)
        assert notice["due_at"] == f"2026-06-16T{due}:00+00:00"


def test_the_same_event_has_the_same_notice() -> None:
    one = opened()
    assert dict(notices(None, one, rule())) == dict(notices(None, one, rule()))
    assert not dict(notices(one, one, rule()))
    again = after(after(one, 1, None), 2, cause())
    assert len(dict(notices(None, again, rule()))) == 3


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
    one = advance(None, Cause("group:", members), rule(), NOON)
    assert one is not None
    own = one.within(scope)
    assert (own.member_count if own else 0) == count


def test_a_region_that_is_late_is_shown_to_users_of_its_stores() -> None:
    one = advance(None, cause(), rule(KindName.REGION_LATE), NOON)
    assert one is not None
    assert one.within(scope_of(Role.CLERK, ("UK",), ("LDS1",))) == one
    assert one.within(scope_of(Role.CLERK, ("IN",))) is None
    assert EventKind.OPENED in {event.kind for event in one.events}
