"""A starting worker takes over the work of a killed process, and is the only one."""

import io
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from app_factory import build

from tillstream.adapters.local.files.object_store import FolderObjectStore
from tillstream.app import App
from tillstream.commands.queues import LEASE
from tillstream.intake import inbox
from tillstream.model.batch import STAGEABLE_STATES, BatchState
from tillstream.operations import quality_results, reconcile
from tillstream.receipts import receipt as receipts
from tillstream.records import batch_records
from tillstream.server import worker
from tillstream.server.worker import Worker
from tillstream.settings import Settings

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
    upload = inbox.receive_file(app.ports, app.contracts.pin("online-retail-uk"), "a.csv", io.BytesIO(SALES), "emma")
    app.ports.bus.extend(app.ports.bus.pull("objects", 10, 0), LEASE)
    batch_records.transition_batch(app.ports, upload.batch_id, BatchState.STAGING, only_from=STAGEABLE_STATES)
    return upload.batch_id


def work_until_announced(app: App, batch: str, until: Callable[[], bool] = lambda: True) -> None:
    """Run a worker until the batch is announced and `until` is true, for at most a minute."""
    started = Worker(app)
    started.start()
    try:
        give_up = time.monotonic() + 60
        while time.monotonic() < give_up:
            if batch_records.get_batch(app.ports, batch).state is BatchState.ANNOUNCED and until():
                break
            time.sleep(0.05)
    finally:
        started.stop()


def test_a_worker_checks_quality_after_settlements(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "QUALITY_EVERY", 0.05)
    work_until_announced(
        app, killed_while_reading(app), lambda: quality_results.last_results(app.ports).settlement_no == 1
    )
    assert quality_results.last_results(app.ports).failing == []


def test_a_file_whose_reader_was_killed_counts_as_soon_as_a_worker_starts(app: App) -> None:
    batch = killed_while_reading(app)
    work_until_announced(app, batch)
    assert receipts.batch_receipt(app.ports, batch)["rows"]["new"] == 1


class InterruptedAtFirst(FolderObjectStore):
    """Raises at the first opening of an object what Polars raises in any thread on Ctrl-C."""

    interrupted = False

    def open(self, *args: Any, **kwargs: Any) -> Any:
        if not self.interrupted:
            self.interrupted = True
            raise KeyboardInterrupt
        return super().open(*args, **kwargs)


def test_a_signal_that_a_library_raises_in_a_thread_neither_ends_it_nor_prints_a_traceback(
    app: App, capfd: pytest.CaptureFixture[str]
) -> None:
    objects = InterruptedAtFirst(app.settings.home / "objects", app.ports.clock)
    interrupted = replace(app, ports=replace(app.ports, objects=objects))
    batch = inbox.receive_file(
        app.ports, app.contracts.pin("online-retail-uk"), "a.csv", io.BytesIO(SALES), "emma"
    ).batch_id
    work_until_announced(interrupted, batch)
    assert objects.interrupted
    assert receipts.batch_receipt(app.ports, batch)["rows"]["new"] == 1
    assert "Traceback" not in capfd.readouterr().err


def test_a_sweep_later_on_leaves_alone_what_is_being_read(app: App) -> None:
    batch = killed_while_reading(app)
    assert reconcile.run_sweep(app.ports, app.contracts)["staged"] == 0
    assert batch_records.get_batch(app.ports, batch).state is BatchState.STAGING
