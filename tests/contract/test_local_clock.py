"""The local clocks keep the Clock contract."""

from datetime import UTC, datetime, timedelta

import pytest
from clock_contract import ClockContract

from tillstream.adapters.local import clock as local
from tillstream.adapters.local.clock import ManualClock, SystemClock


class TestSystemClock(ClockContract):
    @pytest.fixture
    def clock(self) -> SystemClock:
        return SystemClock()

    def test_ticks_go_on_when_the_machine_is_set_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = SystemClock()
        last = clock.tick()
        monkeypatch.setattr(local, "datetime", _Yesterday)
        assert clock.now() < datetime.now(UTC) - timedelta(hours=23)
        assert last < clock.tick() < clock.tick()


class TestManualClock(ClockContract):
    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock()

    def test_a_manual_clock_changes_only_when_advanced(self) -> None:
        clock = ManualClock(datetime(2024, 5, 1, tzinfo=UTC))
        assert clock.now() == clock.now() == datetime(2024, 5, 1, tzinfo=UTC)
        clock.advance(90)
        assert clock.now() == datetime(2024, 5, 1, 0, 1, 30, tzinfo=UTC)

    def test_ticks_go_on_when_its_hands_go_back(self) -> None:
        clock = ManualClock()
        last = clock.tick()
        clock.advance(-3_600)
        assert last < clock.tick() < clock.tick()


class _Yesterday(datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) - timedelta(days=1)
