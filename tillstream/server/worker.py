"""Embedded worker: threads of the local server that replace cloud triggers; its schedules are in `schedules`."""

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog

from tillstream import logs
from tillstream.analytics import holidays
from tillstream.app import App
from tillstream.commands.stores.queues import STOPPED, handle
from tillstream.handlers import Event, dispatch
from tillstream.intake import store_sales, watched_folder
from tillstream.intake.store_sales import RepeatedSales
from tillstream.model.batch import Batch, BatchState
from tillstream.model.errors import Unavailable
from tillstream.model.events import SALES_RECEIVED, SALES_STAGED
from tillstream.operations import reconcile
from tillstream.records import batch_records
from tillstream.server import totals
from tillstream.server.schedules import Schedules

log = structlog.get_logger("tillstream")
WAIT = 1.0
SWEEP_EVERY = 60.0
POLL_EVERY, INBOX_POLL_RATIO = 1.0, 10
"""Seconds between polls of the watched folder, and how many of these there are for each poll of the inbox folder."""
GATHER_WITHIN = 5.0
"""Longest wait for a settlement, in seconds, before more store sales are received."""
BACKLOG = 4 << 20
"""Bytes of one pull of store sales from which the next pull does not wait for a settlement."""


class Worker:
    """`start` runs threads until `stop`; `run_until_idle` processes all pending events in the calling thread."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._patience = timedelta(0)
        self._polls = 0
        self._reported: list[str] = []
        self._holidays = -1
        self._repeated = RepeatedSales()
        self._staging = threading.Lock()
        """Held while the micro-batches of one pull are staged, so that one settlement takes all of them."""
        self._settled = threading.Event()
        """Whether a settlement has ended since the last micro-batch was staged."""

    def start(self) -> None:
        try:
            self._app.settings.dropped.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            log.warning("watched folder", outcome="missing", reason=str(error))
        for name, work in (
            ("objects", self._objects),
            ("batches", self._batches),
            ("receive", self._receive),
            ("sweep", self._sweep),
            ("drop", self._drop),
            *Schedules(self._app, self._stopping).turns().items(),
        ):
            thread = threading.Thread(target=self._keep_doing, args=(work,), name=f"worker-{name}")
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Stop the threads after their current event."""
        self._stopping.set()
        self._settled.set()
        for thread in self._threads:
            thread.join()
        self._app.ports.bus.release(self._repeated.take_all(), STOPPED)

    def run_until_idle(self) -> None:
        while self._handle("objects", 0) + self._handle("batches", 0) + self._take_sales(0):
            pass
        totals.refresh(self._app)

    def _keep_doing(self, work: Callable[[], None]) -> None:
        failed = ""
        while not self._stopping.is_set():
            try:
                work()
            except KeyboardInterrupt:  # Polars raises it in this thread on a signal, which the main thread handles
                log.info("worker turn stopped")
            except Unavailable as error:
                if failed != str(error):
                    log.warning("worker turn failed", reason=str(error))
                failed = str(error)
                self._stopping.wait(WAIT)
            except Exception:
                log.exception("worker turn failed")
                self._stopping.wait(WAIT)
            else:
                failed = ""

    def _objects(self) -> None:
        self._handle("objects", WAIT)

    def _batches(self) -> None:
        self._handle("batches", WAIT)

    def _receive(self) -> None:
        self._take_sales(WAIT)

    def _sweep(self) -> None:
        # One process owns the folder: what is in progress at start belongs to a dead one; the first sweep resumes it.
        app = self._app
        if app.home:
            logs.warn("files of the home", app.home.run())
        report = reconcile.run_sweep(
            app.ports, app.contracts, patience=self._patience, delegate=bool(app.settings.project)
        )
        logs.warn("sweep repaired", report["repaired"])
        self._patience = reconcile.RUN_PATIENCE
        self._holidays = holidays.refresh_holidays(self._app.ports, self._holidays)
        self._stopping.wait(SWEEP_EVERY)

    def _drop(self) -> None:
        self._polls += 1
        self.take_dropped(everywhere=self._polls % INBOX_POLL_RATIO == 1)
        self._stopping.wait(POLL_EVERY)

    def take_dropped(self, *, everywhere: bool = True) -> int:
        """Ingest complete files of the watched folder, with `everywhere` also of the inbox; return the count."""
        count, reasons = 0, []
        for drop in self._app.drops:
            if drop.keeps_archive or everywhere:
                taken, failed = watched_folder.ingest_dropped_files(self._app.ports, self._app.contracts, drop)
                count += len(taken)
                reasons += failed
        for reason in reasons:
            if reason not in self._reported:
                log.warning("dropped file", outcome="waits", reason=reason)
        self._reported = reasons
        return count

    def _handle(self, subscription: str, wait: float) -> int:
        return handle(self._app.ports.bus, subscription, wait, self._dispatch)

    def _dispatch(self, event: Event) -> None:
        if event.type != SALES_STAGED:
            dispatch(self._app, event)
            return
        with self._staging:
            pass
        try:
            dispatch(self._app, event)
        finally:
            self._settled.set()

    def _take_sales(self, wait: float) -> int:
        """Receive and stage store sales here, while another thread settles those before them."""
        app = self._app
        repeated = self._repeated if wait else None
        kept = store_sales.receive_store_sales(
            app.ports, app.contracts, app.settings.batch_size, wait, self._stage, repeated, self._staging
        )
        if kept and not self._stopping.is_set() and wait:
            self._stopping.wait(app.settings.batch_wait)
            self._wait_for_settlement(kept)
        return len(kept)

    def _wait_for_settlement(self, kept: Sequence[Batch]) -> None:
        """Wait until these micro-batches are settled, unless they are part of a backlog.

        A settlement has its price however few sales it adds, so sales that arrive meanwhile form one micro-batch.
        """
        if sum(batch.size for batch in kept) >= BACKLOG:
            return
        if any(batch_records.get_batch(self._app.ports, batch.batch_id).state is BatchState.STAGED for batch in kept):
            self._settled.wait(GATHER_WITHIN)

    def _stage(self, batch: Batch) -> None:
        self._settled.clear()
        dispatch(self._app, Event(batch.batch_id, SALES_RECEIVED, {"batch_id": batch.batch_id}))
