"""A home on a day of 2026, whose clock is moved by hand."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from app_factory import build

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.settings import Settings


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 20, tzinfo=UTC))


@pytest.fixture
def app(tmp_path: Path, clock: ManualClock) -> Iterator[App]:
    app = build(Settings(home=tmp_path, threads=1), clock, rates=False)
    yield app
    app.close()
