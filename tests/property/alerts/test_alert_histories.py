"""Histories of one alert against a plain definition: when it opens and ends is decided by looking back each time."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tillstream.alerts.alert import Alert, AlertEventKind, advance_alert
from tillstream.alerts.kinds import KINDS
from tillstream.alerts.observations import Cause, Observation, divide_into_causes
from tillstream.alerts.records import notices_of_change
from tillstream.alerts.rules import AlertRule, RuleDelivery

START = datetime(2026, 6, 16, tzinfo=UTC)
THRESHOLD, LOWER = 20, 16
histories = st.lists(st.tuples(st.integers(0, 4), st.integers(10, 25)), max_size=40)
waits = st.integers(0, 6)


def events(values: list[tuple[int, int]], opens_after: int, ends_after: int) -> list[tuple[int, str]]:
    """(evaluation, opened or ended) of (minute, value) at each evaluation."""
    result: list[tuple[int, str]] = []
    changed = -1  # the evaluation of the last event
    for now, (minute, _) in enumerate(values):
        is_open = bool(result) and result[-1][1] == "opened"
        wait = ends_after if is_open else opens_after
        for start in range(changed + 1, now + 1):
            stretch = [value for _, value in values[start : now + 1]]
            holds = all(value < LOWER for value in stretch) if is_open else all(v >= THRESHOLD for v in stretch)
            if holds and minute - values[start][0] >= wait:
                result.append((now, "ended" if is_open else "opened"))
                changed = now
                break
    return result


@given(histories, waits, waits, st.data())
def test_an_alert_opens_and_ends_as_defined_and_notifies_once(
    steps: list[tuple[int, int]], opens_after: int, ends_after: int, data: st.DataObject
) -> None:
    rule = AlertRule.of_kind("rows", KINDS["rows-in-quarantine"])
    rule = AlertRule(**vars(rule) | {"opens_after": opens_after, "ends_after": ends_after})
    rule = AlertRule(**vars(rule) | {"delivery": RuleDelivery(("mail",))})
    minute, values = 0, list[tuple[int, int]]()
    for pause, value in steps:
        minute += pause
        values.append((minute, value))
    alert: Alert | None = None
    actual, sent = list[tuple[int, str]](), list[str]()
    for number, (at, value) in enumerate(values):
        now = START + timedelta(minutes=at)
        count = alert.event_count if alert else 0
        observation = Observation("UK", "Rows", Decimal(value), Decimal(THRESHOLD), region="UK")
        active = {"UK": {"UK"}} if alert and alert.is_active else {}
        above = [observation] if value >= rule.lower else []
        (cause,) = divide_into_causes(above, active, rule.group_over) or (None,)
        for _ in range(data.draw(st.integers(1, 2))):  # an evaluation may be repeated
            before, alert = alert, advance_alert(alert, cause, rule, now)
            if alert:
                sent += dict(notices_of_change(before, alert, rule))
        if alert:
            actual += [(number, one.kind.value) for one in alert.events if one.number > count]
    expected = events(values, opens_after, ends_after)
    assert actual == expected
    assert len(sent) == len(set(sent)) == len(expected)


@given(
    st.lists(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(10, 25), max_size=8), max_size=12),
    st.integers(1, 4),
)
def test_a_subject_is_never_in_two_alerts_that_have_not_ended(rounds: list[dict[str, int]], group_over: int) -> None:
    rule = AlertRule.of_kind("rows", KINDS["rows-in-quarantine"])
    alerts: dict[str, Alert] = {}
    for number, values in enumerate(rounds):
        now = START + timedelta(minutes=number)
        above = [
            Observation(one, one, Decimal(value), Decimal(THRESHOLD), region="UK" if one < "e" else "IN", store=one)
            for one, value in values.items()
            if value >= LOWER
        ]
        active = {one.subject: {m.subject for m in one.members} for one in alerts.values() if one.is_active}
        divided: dict[str, Cause] = {one.subject: one for one in divide_into_causes(above, active, group_over)}
        for subject in {*alerts, *divided}:
            advanced = advance_alert(alerts.get(subject), divided.get(subject), rule, now)
            if advanced:
                alerts[subject] = advanced
        members = [m.subject for one in alerts.values() if one.is_active for m in one.members]
        assert len(members) == len(set(members))
        assert {one for one, value in values.items() if value >= THRESHOLD} <= set(members)
        assert set(members) <= {one for one, value in values.items() if value >= LOWER}
        opened = [one for one in alerts.values() if one.is_active]
        assert all(one.events[-1].kind is AlertEventKind.OPENED for one in opened)
