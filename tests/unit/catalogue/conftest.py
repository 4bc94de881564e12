"""An app with an empty catalogue, and a way to save entries."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from app_factory import build

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.catalogue import records, saving
from tillstream.catalogue.records import Stored
from tillstream.domain.catalogue.entries import CLASSES, Entry, EntryKind
from tillstream.ports import Ports
from tillstream.settings import Settings

REGIONS = ("IN", "UK")
Save = Callable[..., Stored]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 7, 1, 9, 0, tzinfo=UTC))


@pytest.fixture
def app(tmp_path: Path, clock: ManualClock) -> Iterator[App]:
    app = build(Settings(home=tmp_path / "home", samples=False, threads=1), clock)
    yield app
    app.close()


@pytest.fixture
def ports(app: App) -> Ports:
    return app.ports


@pytest.fixture
def save(ports: Ports) -> Save:
    """Save an entry over its stored version."""

    def saved(entry: Entry) -> Stored:
        kind = next(kind for kind, each in CLASSES.items() if isinstance(entry, each))
        current = records.get(ports, EntryKind(kind), *entry.key)
        version = current.version if current else 0
        return saving.save(ports, kind, entry, if_version=version, by="ana", regions=REGIONS)

    return saved
