"""What a front door is given: the ports and all that stands on them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tillstream.analytics.query_cache import QueryCache
from tillstream.contracts.registry import ContractBook
from tillstream.ports import Ports, Warehouse
from tillstream.ports.drop import Drop
from tillstream.settings import Settings


@dataclass(frozen=True)
class App:
    """Everything a front door needs; made by `build`, ended by `close`."""

    settings: Settings
    ports: Ports
    book: ContractBook
    queries: QueryCache
    fresh_warehouse: Callable[[], Warehouse]
    """Gives an empty warehouse beside the live one: for rebuilds."""
    drops: tuple[Drop, ...] = ()
    """The places where files are left: the watched folder, and plain files in the inbox's own folder."""
    keep_copy: Callable[[str, Callable[[int], None]], dict[str, Any]] | None = None
    """Writes a backup while the app goes on: everything local as one archive, or a project's into a folder of a bucket;
    is told the bytes on its way."""
    attended: bool = False
    """Whether a worker runs beside, which does what the events of this app ask for."""

    def close(self) -> None:
        self.ports.warehouse.close()
        self.ports.bus.close()
        self.ports.documents.close()
