"""Durations between clocks, and opening hours on the clock of their zone."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from tillstream.model.dates import (
    LONGEST_WAIT,
    LONGEST_WORK,
    DailyOpeningHours,
    duration_between,
    seconds_between,
    seconds_since_receipt,
)
from tillstream.settings import Settings

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


@pytest.mark.parametrize(
    ("text", "at", "is_open"),
    [
        ("06:00-22:00 Europe/Berlin", "2026-07-01T04:00", True),
        ("06:00-22:00 Europe/Berlin", "2026-07-01T03:59", False),
        ("06:00-22:00 Europe/Berlin", "2026-01-01T04:59", False),
        ("06:00-22:00 Europe/Berlin", "2026-01-01T21:00", False),
        ("18:00-02:00 UTC", "2026-01-01T23:00", True),
        ("18:00-02:00 UTC", "2026-01-01T01:59", True),
        ("18:00-02:00 UTC", "2026-01-01T02:00", False),
    ],
)
def test_a_time_is_within_the_hours(text: str, at: str, is_open: bool) -> None:
    settings = Settings(opening_hours=text)
    assert settings.is_open(datetime.fromisoformat(at).replace(tzinfo=UTC)) is is_open


def test_without_hours_it_is_always_open() -> None:
    assert Settings().is_open(datetime(2026, 1, 1, 3, tzinfo=UTC))


@pytest.mark.parametrize("text", ["6-22", "06:00-22:00", "06:00-25:00 UTC", "06:00-22:00 Europe/Nowhere"])
def test_hours_in_another_form_are_rejected(text: str) -> None:
    with pytest.raises(ValidationError, match="06:00-22:00 Europe/Berlin"):
        Settings(opening_hours=text)


def test_hours_that_end_when_they_begin_are_rejected() -> None:
    with pytest.raises(ValidationError, match="Leave opening hours empty"):
        Settings(opening_hours="00:00-00:00 UTC")


@pytest.mark.parametrize(("text", "hours"), [("06:00-22:00 UTC", 16), ("18:00-02:30 UTC", 8.5)])
def test_the_length_of_the_hours(text: str, hours: float) -> None:
    assert DailyOpeningHours.parse(text).hours == hours
