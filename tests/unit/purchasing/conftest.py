"""An app with suppliers and products, and orders of its store."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from app_factory import build
from order_steps import NOW, add_catalogue

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.ports import Ports
from tillstream.settings import Settings


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def app(tmp_path: Path, clock: ManualClock) -> Iterator[App]:
    app = build(Settings(home=tmp_path / "home", samples=False, threads=1), clock)
    add_catalogue(app.ports)
    yield app
    app.close()


@pytest.fixture
def ports(app: App) -> Ports:
    return app.ports
