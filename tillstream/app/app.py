"""The application object that entry points use: ports, contracts, settings and caches, some made on first use."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from tillstream.analytics.query_cache import QueryCache
from tillstream.app.home_check import HomeCheck
from tillstream.contracts.registry import ContractRegistry
from tillstream.model.document_json import ActionFacts
from tillstream.ports import Ports, Warehouse
from tillstream.ports.files import DropFolder
from tillstream.settings import Settings

if TYPE_CHECKING:
    from tillstream.explore.engines import StatementEngine

ObjectType = TypeVar("ObjectType")


class OnDemand(Generic[ObjectType]):
    """Call it for the object. Thread-safe."""

    def __init__(self, make: Callable[[], ObjectType]) -> None:
        self._make, self._lock = make, threading.Lock()
        self._object: ObjectType | None = None

    def __call__(self) -> ObjectType:
        with self._lock:
            if self._object is None:
                self._object = self._make()
            return self._object


@dataclass(frozen=True)
class App:
    """Everything an entry point needs; created by `build`, released by `close`."""

    settings: Settings
    ports: Ports
    contracts: ContractRegistry
    queries: QueryCache
    fresh_warehouse: Callable[[], Warehouse]
    """Creates an empty scratch warehouse for rebuilds."""
    sql: "OnDemand[StatementEngine]"
    """Runs the statements of people."""
    drops: tuple[DropFolder, ...] = ()
    """Folders polled for files: the watched folder, and plain files in the inbox folder."""
    backup: Callable[[str, Callable[[int], None]], ActionFacts] | None = None
    """Writes a backup while the app runs: local data as one archive, a project's into a bucket folder. The callback
    receives the bytes of each step."""
    notices: tuple[str, ...] = ()
    """What was lost from the home folder when it was opened, in sentences for users."""
    home: HomeCheck | None = None
    """Checks of the files of the home folder; None on a project, whose services check what they keep."""
    has_worker: bool = False
    """Whether a worker runs in this process and handles the events of this app."""

    def close(self) -> None:
        """Close every port, also after one that cannot be closed in order; its error is raised then."""
        with ExitStack() as closing:
            for port in (self.ports.functions, self.ports.jobs, self.ports.documents, self.ports.bus):
                if port:
                    closing.callback(port.close)
            closing.callback(self.ports.warehouse.close)
