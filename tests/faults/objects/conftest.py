from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from app_factory import build

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.settings import Settings


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    clock = ManualClock(datetime(2026, 7, 1, 9, tzinfo=UTC))
    opened = build(Settings(home=tmp_path / "home", samples=False, threads=1), clock)
    yield opened
    opened.close()
