from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from app_factory import build
from unit.mail.mail_server import Inbox, serving
from webhook_receiver import Receiver, receiving

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.settings import Settings


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 7, 1, 9, tzinfo=UTC))


@pytest.fixture
def app(tmp_path: Path, clock: ManualClock) -> Iterator[App]:
    opened = build(Settings(home=tmp_path / "home", samples=False, threads=1), clock)
    yield opened
    opened.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def inbox(free_tcp_port: int) -> Iterator[Inbox]:
    with serving(free_tcp_port) as running:
        yield running
