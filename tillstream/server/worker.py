"""Embedded worker: threads of the local server that replace the triggers and schedules of a cloud."""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import structlog

from tillstream import logs
from tillstream.alerts.condition import AlertSources
from tillstream.analytics import holidays
from tillstream.app import App, outgoing_deliveries
from tillstream.app.home_sync import BackgroundSync
from tillstream.app.outgoing_deliveries import subscribed_tables_source
from tillstream.app.source_access import source_access
from tillstream.commands.queues import STOPPED, handle_events
from tillstream.delivery import background_exports as exports
from tillstream.delivery.webhook_events import WebhookForwarder
from tillstream.forecasting.run_records import may_start_forecast
from tillstream.handlers import Event, dispatch
from tillstream.intake import store_sales, watched_folder
from tillstream.intake.store_sales import RepeatedSales
from tillstream.model.batch import Batch, BatchState
from tillstream.model.errors import Unavailable
from tillstream.model.events import SALES_RECEIVED, SALES_STAGED
from tillstream.operations import quality_checks as quality
from tillstream.operations import reconcile
from tillstream.records import batch_records
from tillstream.stock import stored_levels

log = structlog.get_logger("tillstream")
CONNECT_EVERY = 5.0
"""Seconds between looks whether a connector is due."""
TOTALS_EVERY, QUALITY_EVERY, REPORTS_EVERY, ALERTS_EVERY, RESTOCK_EVERY = 2.0, 60.0, 30.0, 60.0, 10.0
DESTINATIONS_EVERY = 10.0
"""Seconds between looks whether a destination of the marts is due."""
FORECAST_EVERY = 5.0
"""Seconds between looks whether a forecast is due."""
EXPORTS_EVERY = 2.0
"""Seconds between looks whether an export in the background is due."""
FORECAST_HOURS = 3
"""Hours from the hour of the settings in which the forecast of a night begins."""

WAIT = 1.0
SWEEP_EVERY = 60.0
POLL_EVERY, INBOX_POLL_RATIO = 1.0, 10
"""Seconds between polls of the watched folder, and how many of these there are for each poll of the inbox folder."""
GATHER_WITHIN = 5.0
"""Longest wait for a settlement, in seconds, before more store sales are received."""
BACKLOG = 4 << 20
"""Bytes of one pull of store sales from which the next pull does not wait for a settlement."""


def refresh_totals(app: App) -> None:
    """Compute what is out of date. Raises as `stored_levels.refresh_levels`."""
    app.ports.warehouse.refresh_totals()
    stored_levels.refresh_levels(app.ports)


class Schedules:
    """The turns of the threads that repeat them until `stopping`; each waits for its interval itself."""

    def __init__(self, app: App, stopping: threading.Event) -> None:
        self._app = app
        self._stopping = stopping
        self._access = source_access(app)
        self._syncs = BackgroundSync(app)

    def turns(self) -> Mapping[str, Callable[[], None]]:
        """Name of a thread → what it does again and again."""
        return {
            "sums": self._daily_totals,
            "quality": self._quality,
            "forecast": self._forecast,
            "webhooks": self._webhooks,
            "reports": self._reports,
            "alerts": self._alerts,
            "restock": self._restock,
            "connect": self._connect,
            "sync": self._sync,
            "marts": self._marts,
            "exports": self._exports,
        }

    def _daily_totals(self) -> None:
        refresh_totals(self._app)
        self._stopping.wait(TOTALS_EVERY)

    def _quality(self) -> None:
        if not self._stopping.wait(QUALITY_EVERY):
            ports = self._app.ports
            at_night = ports.clock.now().astimezone().hour in quality.NIGHT
            logs.warn("quality check failed", quality.run_due_checks(ports, quality.ON_ONE_MACHINE, at_night=at_night))

    def _forecast(self) -> None:
        if self._stopping.wait(FORECAST_EVERY):
            return
        ports, hour = self._app.ports, self._app.settings.forecast_hour
        since = (ports.clock.now().astimezone().hour - hour) % 24
        if may_start_forecast(ports, at_night=hour >= 0 and since < FORECAST_HOURS):
            from tillstream.forecasting.fitters import forecast_at_night  # lazy: numpy and the process of the models

            logs.warn("forecast drifts", forecast_at_night(ports, self._stopping))

    def _webhooks(self) -> None:
        def report(webhook: str, error: Exception) -> None:
            log.warning("webhook", id=webhook, outcome="failed", reason=repr(error))

        WebhookForwarder(self._app.ports, report, private=self._app.settings.webhook_private).run(self._stopping)

    def _reports(self) -> None:
        if not self._stopping.wait(REPORTS_EVERY) and outgoing_deliveries.may_messages_be_due(self._app):
            from tillstream.commands.report import (
                deliver_due_messages,  # lazy: only a server with messages needs reports
            )

            deliver_due_messages(self._app)

    def _alerts(self) -> None:
        if not self._stopping.wait(ALERTS_EVERY):
            from tillstream.alerts.evaluation import RULE_FAILED, evaluate_when_loaded  # lazy: imports much

            app = self._app
            sources = AlertSources(app.ports, app.contracts, app.settings.reporting_currency, app.queries)
            logs.warn(RULE_FAILED, evaluate_when_loaded(sources).failures)

    def _restock(self) -> None:
        if not self._stopping.wait(RESTOCK_EVERY):
            from tillstream.stock import restock_queue  # lazy: numpy

            restock_queue.run_or_start_restock(self._app.ports)

    def _connect(self) -> None:
        if not self._stopping.wait(CONNECT_EVERY):
            from tillstream.connectors import due_runs  # lazy: only a server with connectors needs the kinds
            from tillstream.connectors.run_history import FAILED, FAILED_RUN

            ended = due_runs.run_due_connectors(self._app.ports, self._app.contracts, self._access, self._stopping)
            errors = [f"{one.connector}: {one.error}" for one in ended if one.outcome == FAILED]
            logs.warn(FAILED_RUN, errors)

    def _sync(self) -> None:
        logs.warn("sync failed", self._syncs.turn(self._stopping))

    def _marts(self) -> None:
        if not self._stopping.wait(DESTINATIONS_EVERY):
            from tillstream.app import mart_destinations  # lazy: only a server with destinations needs the exports

            ended = mart_destinations.run_due_destinations(self._app, self._stopping)
            logs.warn("copy of the marts failed", [f"{one.name}: {one.error}" for one in ended if one.error])

    def _exports(self) -> None:
        if not self._stopping.wait(EXPORTS_EVERY) and exports.has_due_exports(self._app.ports):
            from tillstream.delivery import background_run  # lazy: the formats

            logs.warn(
                background_run.NOT_WRITTEN,
                background_run.run_due_exports(subscribed_tables_source(self._app), self._stopping.is_set),
            )


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
        refresh_totals(self._app)

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
        return handle_events(self._app.ports.bus, subscription, wait, self._dispatch)

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
