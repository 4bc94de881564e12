"""Bulk writes to Firestore begin at 500 a second, and grow by half after every five minutes."""

import pytest

from tillstream.adapters.google.sale_index import WritePace


class ManualTime:
    def __init__(self) -> None:
        self.now = 1_000.0
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def time() -> ManualTime:
    return ManualTime()


@pytest.fixture
def pace(time: ManualTime) -> WritePace:
    return WritePace(time.sleep, time.monotonic)


def test_the_first_writes_pass_at_once_and_the_next_ones_wait(pace: WritePace, time: ManualTime) -> None:
    pace.wait(500)
    assert time.pauses == []
    pace.wait(250)
    pace.wait(1)
    assert time.pauses == pytest.approx([1.0, 0.5])


def test_the_pace_grows_by_half_after_every_five_minutes(pace: WritePace, time: ManualTime) -> None:
    writes = [0, 0, 0, 0]
    while (interval := int(time.now - 1_000) // 300) < len(writes):
        pace.wait(500)
        writes[interval] += 500
    assert writes == pytest.approx([150_000, 225_000, 337_500, 506_250], abs=1_500)


def test_time_that_the_writes_took_is_not_waited_again(pace: WritePace, time: ManualTime) -> None:
    pace.wait(500)
    time.now += 0.75
    pace.wait(500)
    assert time.pauses == pytest.approx([0.25])
    time.now += 0.5
    pace.wait(500)
    assert time.pauses == pytest.approx([0.25, 0.5])


def test_unused_time_is_not_made_up_for(pace: WritePace, time: ManualTime) -> None:
    time.now += 100
    pace.wait(500)
    pace.wait(500)
    assert time.pauses == pytest.approx([1.0])


def test_a_rebuild_of_days_does_not_stop_at_its_pace(pace: WritePace, time: ManualTime) -> None:
    pace.wait(500)
    time.now += 30 * 86_400
    pace.wait(500)
    pace.wait(500)
    assert sum(time.pauses) < 1e-6
