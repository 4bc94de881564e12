"""An app with an empty catalogue, and a way to save entries."""

from collections.abc import Callable

import pytest

from tillstream.app import App
from tillstream.catalogue import entry_saving, stored_entries
from tillstream.catalogue.stored_entries import StoredEntry
from tillstream.model.product_catalogue import ENTRY_CLASSES, Entry, EntryKind
from tillstream.ports import Ports

REGIONS = ("IN", "UK")
Save = Callable[..., StoredEntry]


@pytest.fixture
def ports(app: App) -> Ports:
    return app.ports


@pytest.fixture
def save(ports: Ports) -> Save:
    """Save an entry over its stored version."""

    def saved(entry: Entry) -> StoredEntry:
        kind = next(kind for kind, each in ENTRY_CLASSES.items() if isinstance(entry, each))
        current = stored_entries.get_entry(ports, EntryKind(kind), *entry.key)
        version = current.version if current else 0
        return entry_saving.save_entry(ports, kind, entry, if_version=version, by="ana", regions=REGIONS)

    return saved
