"""A starting worker takes over the work of a killed process, and is the only one."""

import io
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from homes import build

from tillstream.app import App
from tillstream.batches import records
from tillstream.domain.batch.record import STAGEABLE, State
from tillstream.receipts import receipt as receipts
from tillstream.server.worker import LEASE, Worker
from tillstream.settings import Settings
from tillstream.workflows.intake import uploads
from tillstream.workflows.operations import reconcile

SALES = (
    b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    b"901,A,b,1,12/5/2011 9:02,1,1,UK\n"
)


@pytest.fixture
def app(home: Path) -> Iterator[App]:
    app = build(Settings(threads=1))
    yield app
    app.close()


def killed_while_reading(app: App) -> str:
    """A file as a process leaves it that dies at work: its record being staged, its event leased for long."""
    upload = uploads.receive(app.ports, app.book.pin("online-retail-uk"), "a.csv", io.BytesIO(SALES), "emma")
    app.ports.bus.extend(app.ports.bus.pull("objects", 10, 0), LEASE)
    records.transition(app.ports, upload.batch_id, State.STAGING, only_from=STAGEABLE)
    return upload.batch_id


def test_a_file_whose_reader_was_killed_counts_as_soon_as_a_worker_starts(app: App) -> None:
    batch = killed_while_reading(app)
    worker = Worker(app)
    worker.start()
    try:
        give_up = time.monotonic() + 30
        while records.get(app.ports, batch).state is not State.ANNOUNCED and time.monotonic() < give_up:
            time.sleep(0.05)
    finally:
        worker.stop()
    assert receipts.receipt(app.ports, batch)["rows"]["new"] == 1


def test_a_sweep_later_on_leaves_alone_what_is_being_read(app: App) -> None:
    batch = killed_while_reading(app)
    assert reconcile.run(app.ports, app.book)["staged"] == 0
    assert records.get(app.ports, batch).state is State.STAGING
