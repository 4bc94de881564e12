"""The composition root: the one place that knows adapters."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tillstream import contracts
from tillstream.adapters.local.clock import SystemClock
from tillstream.adapters.local.document_store import SQLiteDocumentStore
from tillstream.adapters.local.event_bus import SQLiteEventBus
from tillstream.adapters.local.folder import Folder
from tillstream.adapters.local.object_store import FolderObjectStore
from tillstream.adapters.local.warehouse import DuckDBWarehouse
from tillstream.analytics import reference
from tillstream.analytics.query_cache import QueryCache
from tillstream.domain.contract import Contract
from tillstream.domain.events import INBOX, OBJECT_FINALIZED, SUBSCRIPTIONS, TOPIC_OBJECTS
from tillstream.pipeline.contracts import ContractBook
from tillstream.ports import Clock, EventBus, Ports, Warehouse
from tillstream.ports.event_bus import Message
from tillstream.ports.object_store import StoredObject
from tillstream.settings import Settings


@dataclass(frozen=True)
class App:
    """Everything a front door needs; made by `build`, ended by `close`."""

    settings: Settings
    ports: Ports
    book: ContractBook
    queries: QueryCache

    def fresh_warehouse(self) -> Warehouse:
        """An empty warehouse beside the live one, in memory that spills to disk: for rebuilds."""
        spill = self.settings.home / "spill"
        return DuckDBWarehouse(
            ":memory:", memory_limit=self.settings.memory_limit, threads=self.settings.threads, spill=spill
        )

    def close(self) -> None:
        self.ports.warehouse.close()
        self.ports.bus.close()
        self.ports.documents.close()


def build(settings: Settings, clock: Clock | None = None) -> App:
    """The local app. The caller owns the folder (`open_app` does so itself)."""
    home = settings.home
    home.mkdir(parents=True, exist_ok=True)
    clock = clock or SystemClock()
    bus = SQLiteEventBus(home / "queue.sqlite", clock)
    for subscription, topic in SUBSCRIPTIONS.items():
        bus.subscribe(topic, subscription)
    documents = SQLiteDocumentStore(home / "documents.sqlite")
    objects = FolderObjectStore(home / "objects", clock, on_finalized=_notify(bus))
    warehouse = DuckDBWarehouse(
        home / "warehouse.duckdb", memory_limit=settings.memory_limit, threads=settings.threads, spill=home / "spill"
    )
    ports = Ports(objects, warehouse, bus, documents, clock)
    reference.ready(ports, settings.reporting_currency)
    book = ContractBook(documents, _contracts(settings.contracts))
    return App(settings, ports, book, QueryCache())


def folder(settings: Settings) -> Folder:
    """Who owns the folder of everything local, and where its server listens."""
    return Folder(settings.home)


@contextmanager
def open_app(settings: Settings, wait: float | None = None) -> Iterator[App]:
    """Own the folder, build, and close again. Raises `Unavailable` when the folder is not free in time."""
    with folder(settings).own(wait):
        app = build(settings)
        try:
            yield app
        finally:
            app.close()


def _contracts(own: Path) -> dict[str, Contract]:
    """The company's own contract stands before a shipped one of the same name. Raises `Rejected`."""
    known = contracts.shipped() | contracts.load_folder(own)
    contracts.agree(known.values())
    return known


def _notify(bus: EventBus) -> Callable[[StoredObject], None]:
    """What a bucket's notifications do in the cloud: the inbox, and only the inbox, says what arrived."""

    def finalized(stored: StoredObject) -> None:
        if stored.bucket == INBOX:
            data = {
                "bucket": stored.bucket,
                "name": stored.name,
                "generation": str(stored.generation),
                "size": str(stored.size),
            }
            bus.publish(TOPIC_OBJECTS, [Message(json.dumps(data).encode(), {"type": OBJECT_FINALIZED})])

    return finalized
