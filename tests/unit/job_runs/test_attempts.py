"""Failures of records that have runs of their own: pauses grow, a success ends them, one keeps back no other."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from tillstream.model.errors import Rejected, Unavailable
from tillstream.records.jobs import Attempts, growing_pause, run_each

NOON, MINUTE = datetime(2026, 7, 1, 12, tzinfo=UTC), timedelta(minutes=1)
RUNS = {"fails": ZeroDivisionError("fails"), "refuses": Rejected("refuses"), "away": Unavailable("away")}


def run(name: str) -> str | None:
    if name in RUNS:
        raise RUNS[name]
    return None if name == "nothing" else name


def test_pauses_double_up_to_the_longest_however_often_it_fails() -> None:
    pauses = [growing_pause(failures, MINUTE, 60 * MINUTE) // MINUTE for failures in (1, 2, 3, 7, 1_000_000)]
    assert pauses == [1, 2, 4, 60, 60]


def test_failures_are_counted_and_end_with_a_success() -> None:
    one = Attempts()
    assert one.is_due(NOON)
    for number in range(3):
        one = one.ended(NOON + (number + 1) * MINUTE, "no connection")
    assert one == Attempts("2026-07-01T12:03:00+00:00", 3, "no connection")
    assert [one.is_due(NOON + minutes * MINUTE) for minutes in (2, 3)] == [False, True]
    assert one.ended(NOON + MINUTE) == Attempts("2026-07-01T12:01:00+00:00")


def test_an_error_does_not_keep_back_those_after_it() -> None:
    ran, noted = list[str](), list[str]()
    runs = run_each(["a", "fails", "nothing", "refuses", "b"], run, "Some failed", lambda one, _: noted.append(one))
    with pytest.raises(ExceptionGroup, match="Some failed") as group:
        ran.extend(runs)
    assert [str(error) for error in group.value.exceptions] == noted == ["fails", "refuses"]
    assert ran == ["a", "b"]


def test_a_service_that_is_away_and_a_stop_end_the_turn() -> None:
    with pytest.raises(Unavailable):
        list(run_each(["away", "a"], run, "Some failed"))
    stopping = threading.Event()
    runs = run_each(["a", "b"], run, "Some failed", stopping=stopping)
    assert next(runs) == "a"
    stopping.set()
    assert list(runs) == []
