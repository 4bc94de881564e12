"""An app with an empty catalogue, and a way to save entries."""

from collections.abc import Callable

import pytest

from tillstream.app import App
from tillstream.catalogue import records, saving
from tillstream.catalogue.records import Stored
from tillstream.domain.catalogue.entries import CLASSES, Entry, EntryKind
from tillstream.ports import Ports

REGIONS = ("IN", "UK")
Save = Callable[..., Stored]


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
