"""Steps of tests of connectors."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors import listed_kind

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.app.source_access import source_access
from tillstream.connectors import due_runs, records
from tillstream.connectors.run_history import ConnectorRun
from tillstream.connectors.state import Connector, ConnectorDraft
from tillstream.model.batch import Batch
from tillstream.records import batch_records as batches
from tillstream.server.worker import Worker

HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
REFERENCE = "env:TILLSTREAM_SOURCE_LIST"


def sales(*numbers: int) -> str:
    """A file of the UK, with one line for each sale."""
    return HEAD + "".join(f"{number},A,Cup,1,12/5/2011 9:02,2.00,1,UK\n" for number in numbers)


def store_sale(number: str, store: str = "MUM01") -> dict[str, Any]:
    """A sale of one line as the tills of a store send it."""
    line = {"line": "1", "product_id": "KET", "product_name": "Kettle", "quantity": "1", "unit_price": "2.00"}
    identity = {"schema": "store-sale/1", "region": "IN", "store_id": store, "number": number, "version": 1}
    return identity | {"sold_at": "2026-06-30T10:00:00+05:30", "currency": "INR", "lines": [line]}


def file(key: str, *numbers: int, name: str = "monday.csv") -> dict[str, Any]:
    return {"key": key, "file": name, "text": sales(*numbers)}


def page(*numbers: int) -> dict[str, Any]:
    return {"text": sales(*numbers)}


class Fixed:
    """Secrets whose values are their names."""

    def get(self, name: str) -> str:
        return name


@dataclass(frozen=True)
class Connected:
    """An app and the list that its connector reads."""

    app: App
    clock: ManualClock
    path: Path

    def offer(self, *entries: dict[str, Any]) -> None:
        listed_kind.write(self.path, list(entries))

    def draft(self, name: str = "shop", contract: str = "online-retail-uk", **settings: str) -> ConnectorDraft:
        values = {"list": str(self.path), "password": REFERENCE} | settings
        return ConnectorDraft(name, listed_kind.NAME, values, contract)

    def add(self, name: str = "shop", contract: str = "online-retail-uk", **settings: str) -> Connector:
        app = self.app
        return records.add_connector(
            app.ports, app.contracts, source_access(app), self.draft(name, contract, **settings), "ana"
        )

    def run(self, name: str = "shop") -> ConnectorRun:
        app = self.app
        return due_runs.run_connector(app.ports, app.contracts, source_access(app), name, "ana")

    def run_due(self) -> list[ConnectorRun]:
        app = self.app
        return due_runs.run_due_connectors(app.ports, app.contracts, source_access(app))

    def settle(self) -> None:
        Worker(self.app).run_until_idle()

    def lines(self) -> int:
        """Lines in the ledger."""
        (row,) = self.app.ports.warehouse.query("SELECT COUNT(*) AS count FROM sale_lines").to_pylist()
        return int(row["count"])

    def batches(self) -> list[Batch]:
        return batches.find_batches(self.app.ports, limit=None)
