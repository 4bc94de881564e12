"""What every Clock keeps to."""

import itertools
import threading
from datetime import timedelta

import pytest
from threads import join_thread

from tillstream.ports.machine import Clock


class ClockContract:
    @pytest.fixture
    def clock(self) -> Clock:
        raise NotImplementedError("an adapter's test gives its clock")

    def test_now_is_aware_and_in_utc(self, clock: Clock) -> None:
        assert clock.now().utcoffset() == timedelta(0)

    def test_each_tick_is_greater_than_the_one_before(self, clock: Clock) -> None:
        ticks = [clock.tick() for _ in range(2_000)]
        assert all(earlier < later for earlier, later in itertools.pairwise(ticks))

    def test_a_tick_is_in_microseconds_since_1970(self, clock: Clock) -> None:
        before = clock.now().timestamp()
        assert before - 0.001 <= clock.tick() / 1e6 <= clock.now().timestamp() + 0.001

    def test_threads_never_get_the_same_tick(self, clock: Clock) -> None:
        ticks: list[list[int]] = [[] for _ in range(4)]
        threads = [
            threading.Thread(target=lambda mine=mine: mine.extend(clock.tick() for _ in range(2_000)), daemon=True)
            for mine in ticks
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            join_thread(thread)
        everyone = list(itertools.chain(*ticks))
        assert len(set(everyone)) == len(everyone) == 8_000
        assert all(mine == sorted(mine) for mine in ticks)

    def test_sleep_lets_the_time_pass(self, clock: Clock) -> None:
        before = clock.now()
        clock.sleep(0.02)
        assert clock.now() - before >= timedelta(seconds=0.019)

    def test_sleeping_no_time_or_less_is_fine(self, clock: Clock) -> None:
        before = clock.tick()
        clock.sleep(0)
        clock.sleep(-1)
        assert clock.tick() > before
