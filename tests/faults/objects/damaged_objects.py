"""Files that are received and staged in a home, and ways to reach and change the files of its objects."""

import io
from datetime import datetime, timedelta
from pathlib import Path

from tillstream.app import App
from tillstream.intake import inbox
from tillstream.model.batch import Batch
from tillstream.model.events import STAGING
from tillstream.operations import reconcile
from tillstream.pipeline.staging import stage
from tillstream.records import batch_records

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
SALE = (
    b'{"schema": "store-sale/1", "region": "UK", "store_id": "S1", "number": "%d", "version": 1,'
    b' "sold_at": "2026-07-01T08:00:00Z", "currency": "GBP",'
    b' "lines": [{"line": "1", "product_id": "A", "quantity": "1", "unit_price": "2.50"}]}'
)


def receive(app: App, number: int, rows: int = 1, received: datetime | None = None) -> Batch:
    """A file of sales with this number and those after it, not read yet. received: as of `uploads.receive`."""
    lines = [f"{number + row},A,Shelf,1,12/5/2011 9:02,2.50,7,UK" for row in range(rows)]
    body = "\n".join([HEADER, *lines, ""]).encode()
    contract = app.contracts.pin("online-retail-uk")
    return inbox.receive_file(app.ports, contract, f"file-{number}.csv", io.BytesIO(body), "emma", received=received)


def staged(app: App, number: int, rows: int = 1) -> Batch:
    return stage.stage(app.ports, receive(app, number, rows).batch_id, contracts=app.contracts)


def original_of(app: App, batch: Batch) -> Path:
    return Path(app.ports.objects.uri(batch.bucket, batch.object, batch.generation))


def staged_file(app: App, batch: Batch) -> Path:
    report = batch_records.get_batch(app.ports, batch.batch_id).staged
    assert report is not None
    return Path(app.ports.objects.uri(STAGING, report.accepted[0]))


def sweep(app: App) -> list[str]:
    """One sweep of a command; return what it said."""
    app.ports.clock.advance(60)  # type: ignore[attr-defined]
    sentences: list[str] = reconcile.run_sweep(app.ports, app.contracts, patience=timedelta(0))["repaired"]
    return sentences


def lines(app: App) -> int:
    return int(app.ports.warehouse.query("SELECT COUNT(*) AS n FROM current_lines").column("n")[0].as_py())


def flip(path: Path, place: int) -> None:
    """Change one byte. place: counted from the end if it is negative."""
    data = bytearray(path.read_bytes())
    data[place % len(data)] ^= 0xFF
    path.write_bytes(data)


def flip_staged(app: App, folder: str) -> None:
    """Change a byte in the middle of the only staged object whose name begins so."""
    (stored,) = app.ports.objects.list(STAGING, folder)
    path = Path(app.ports.objects.uri(STAGING, stored.name))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes(data)
