"""The composition root on Google Cloud: everything lies in one project, and nobody owns it alone."""

from collections.abc import Callable
from functools import partial
from typing import Any

from tillstream.adapters.google.firestore.document_store import FirestoreDocumentStore
from tillstream.adapters.google.pubsub.event_bus import PubSubEventBus
from tillstream.adapters.google.storage.object_store import connected
from tillstream.adapters.local.clock import SystemClock
from tillstream.analytics.query_cache import QueryCache
from tillstream.app import custom_contracts
from tillstream.app.app import App
from tillstream.app.google.dataset import dataset_of
from tillstream.app.lazy_warehouse import LateWarehouse
from tillstream.contracts.registry import ContractBook
from tillstream.ports import Clock, Ports, Warehouse
from tillstream.settings import Settings


def build(settings: Settings, clock: Clock | None = None) -> App:
    """What the project must hold is there already. Raises `Unavailable`.

    No drops: files come into the inbox itself. Exchange rates are the sweep's, so that no instance begins with a
    question about them.
    """
    ports = Ports(
        connected(settings.project, settings.buckets),
        LateWarehouse(partial(_warehouse, settings)),
        PubSubEventBus(settings.project, monitoring=settings.monitoring_api),
        FirestoreDocumentStore(settings.project),
        clock or SystemClock(),
        settings.limits,
    )
    own = custom_contracts.InDocuments(ports)
    book = ContractBook(ports.documents, own.read(), own.save, own.read)
    return App(settings, ports, book, QueryCache(), partial(_scratch, settings), keep_copy=partial(_keep, settings))


def _keep(settings: Settings, out: str, tell: Callable[[int], None]) -> dict[str, Any]:
    from tillstream.app.google.backup import keep

    return keep(settings, out, tell)


def _warehouse(settings: Settings) -> Warehouse:
    from tillstream.adapters.google.bigquery.warehouse import BigQueryWarehouse

    return BigQueryWarehouse(dataset_of(settings))


def _scratch(settings: Settings) -> Warehouse:
    from tillstream.adapters.google.bigquery.scratch import ScratchWarehouse

    return ScratchWarehouse(dataset_of(settings))
