"""Composition root for Google Cloud: all data is in one project, shared by all instances."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from tillstream.adapters.google.cloud_run import CloudRunFunctions, CloudRunJobs
from tillstream.adapters.google.document_store import FirestoreDocumentStore
from tillstream.adapters.google.object_store import Downloads, connect_buckets
from tillstream.adapters.google.pubsub.event_bus import PubSubEventBus
from tillstream.adapters.google.sale_index import FirestoreSaleIndex
from tillstream.adapters.local.clock import SystemClock
from tillstream.analytics.query_cache import QueryCache
from tillstream.app import custom_contracts
from tillstream.app.app import App, OnDemand
from tillstream.app.google.lazy_warehouse import LazyWarehouse, dataset_of
from tillstream.contracts.registry import ContractRegistry
from tillstream.model.document_json import ActionFacts
from tillstream.ports import Clock, DocumentStore, Ports, Warehouse
from tillstream.ports.warehouse import SqlWarehouse
from tillstream.settings import Settings

if TYPE_CHECKING:
    from tillstream.explore.engines import StatementEngine


def build_google(settings: Settings, clock: Clock | None = None) -> App:
    """Build the app on a project that is deployed already. Raises `Unavailable`.

    Has no watched folders: files are written to the inbox. The sweep loads exchange rates, so that instances start
    without a query for them.
    """
    documents, clock = FirestoreDocumentStore(settings.project), clock or SystemClock()
    warehouse = LazyWarehouse(partial(_open_warehouse, settings, documents, clock))
    ports = Ports(
        connect_buckets(settings.project, settings.buckets),
        warehouse,
        PubSubEventBus(settings.project, monitoring=settings.monitoring_api),
        documents,
        clock,
        settings.limits,
        jobs=CloudRunJobs(settings.project, settings.location, settings.run_api),
        functions=CloudRunFunctions(settings.functions) if settings.functions else None,
    )
    own = custom_contracts.ContractsInDocuments(ports)
    contracts = ContractRegistry(ports.documents, own.read(), own.save, own.read)
    return App(
        settings,
        ports,
        contracts,
        QueryCache(),
        partial(_open_scratch, settings),
        OnDemand(partial(_google_engine, warehouse)),
        backup=partial(_backup_writer, settings),
    )


def _google_engine(warehouse: LazyWarehouse) -> "StatementEngine":
    from tillstream.adapters.local.query_processes import LocalQueryProcesses
    from tillstream.explore.engines import WarehouseEngine

    return WarehouseEngine(LocalQueryProcesses(), warehouse)


def _backup_writer(settings: Settings, out: str, report_bytes: Callable[[int], None]) -> ActionFacts:
    from tillstream.app.google.project_backup import backup_project

    return backup_project(settings, out, report_bytes)


def _open_warehouse(settings: Settings, documents: DocumentStore, clock: Clock) -> SqlWarehouse:
    from tillstream.adapters.google.bigquery.sql_of_people import SqlOfPeople
    from tillstream.adapters.google.bigquery.warehouse import BigQueryWarehouse

    dataset = dataset_of(settings)
    return BigQueryWarehouse(
        dataset,
        Downloads(settings.project),
        FirestoreSaleIndex(settings.project),
        settings.settle_memory,
        SqlOfPeople(dataset.sibling(settings.views_dataset), settings.accounts_of_sql, documents, clock),
    )


def _open_scratch(settings: Settings) -> Warehouse:
    from tillstream.adapters.google.bigquery.scratch_warehouse import ScratchWarehouse
    from tillstream.adapters.local.sale_index import MemorySaleIndex

    return ScratchWarehouse(dataset_of(settings), Downloads(settings.project), MemorySaleIndex())
