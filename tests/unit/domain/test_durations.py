"""Durations between clocks: a clock that was set gives none."""

from datetime import UTC, datetime, timedelta

import pytest

from tillstream.model.dates import LONGEST_WAIT, LONGEST_WORK, duration_between, seconds_between, seconds_since_receipt

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
MICROS = int(NOW.timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        (timedelta(seconds=2), 2.0),
        (timedelta(days=3), 259_200.0),
        (timedelta(milliseconds=-5), 0.0),
        (timedelta(seconds=-2), None),
        (timedelta(days=28), None),
        (timedelta(days=-400), None),
    ],
)
def test_only_believable_seconds_are_logged(ago: timedelta, expected: float | None) -> None:
    fields = seconds_since_receipt(MICROS - ago // timedelta(microseconds=1), NOW)
    assert fields == ({} if expected is None else {"seconds": expected})


def test_a_wait_may_last_for_years_but_does_not_begin_in_the_future() -> None:
    assert duration_between(NOW - timedelta(days=400), NOW, LONGEST_WAIT) == timedelta(days=400)
    assert duration_between(NOW - timedelta(days=400), NOW, LONGEST_WORK) is None
    assert duration_between(NOW + timedelta(days=400), NOW, LONGEST_WAIT) is None
    assert seconds_between(MICROS + 400 * 86_400_000_000, MICROS, LONGEST_WAIT) is None
