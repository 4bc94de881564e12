"""The embedded worker: what triggers and schedules do in the cloud, as threads of the local server."""

import json
import threading
from collections.abc import Callable
from datetime import timedelta

import structlog

from tillstream.analytics import holidays
from tillstream.app import App
from tillstream.domain.errors import Unavailable
from tillstream.handlers import Event, dispatch
from tillstream.pipeline.publishing.daily_totals import project
from tillstream.ports.event_bus import Delivery
from tillstream.workflows.intake import store_sales, watched_folder
from tillstream.workflows.operations import reconcile

log = structlog.get_logger("tillstream")
WAIT = 1.0
SWEEP_EVERY = 60.0
SUM_EVERY = 2.0
LOOK_EVERY, RARELY = 1.0, 10
"""Seconds between two looks into the watched folder; every so many of them into the inbox, where few copy files."""
LEASE = 900.0


class Worker:
    """`start` runs it beside a server until `stop`; `run_until_idle` does all that waits now, in this thread."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._patience = timedelta(0)
        self._looks = 0
        self._said: list[str] = []
        self._holidays = -1

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
            ("sums", self._sums),
        ):
            thread = threading.Thread(target=self._keep_doing, args=(work,), name=f"worker-{name}")
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Ends after the event at hand."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def run_until_idle(self) -> None:
        while self._handle("objects", 0) + self._handle("batches", 0) + self._take_sales(0):
            pass
        project(self._app.ports.warehouse)

    def _keep_doing(self, work: Callable[[], None]) -> None:
        while not self._stopping.is_set():
            try:
                work()
            except Exception:
                log.exception("worker turn failed")
                self._stopping.wait(WAIT)

    def _objects(self) -> None:
        self._handle("objects", WAIT)

    def _batches(self) -> None:
        self._handle("batches", WAIT)

    def _receive(self) -> None:
        self._take_sales(WAIT)

    def _sweep(self) -> None:
        # Who owns the folder owns it alone: what is under way as the worker starts has stopped with its process, and
        # the first sweep need not wait for its lease to run out.
        app = self._app
        reconcile.run(app.ports, app.book, patience=self._patience, hand_on=bool(app.settings.project))
        self._patience = reconcile.PATIENCE
        self._holidays = holidays.renew(self._app.ports, self._holidays)
        self._stopping.wait(SWEEP_EVERY)

    def _sums(self) -> None:
        project(self._app.ports.warehouse)
        self._stopping.wait(SUM_EVERY)

    def _drop(self) -> None:
        self._looks += 1
        self.take_dropped(everywhere=self._looks % RARELY == 1)
        self._stopping.wait(LOOK_EVERY)

    def take_dropped(self, *, everywhere: bool = True) -> int:
        """What lies whole in the watched folder, and everywhere also in the inbox's own; how many files that were."""
        count, waits = 0, []
        for place in self._app.drops:
            if place.keeps or everywhere:
                taken, failed = watched_folder.take_in(self._app.ports, self._app.book, place)
                count += len(taken)
                waits += failed
        for words in waits:
            if words not in self._said:
                log.warning("dropped file", outcome="waits", reason=words)
        self._said = waits
        return count

    def _handle(self, subscription: str, wait: float) -> int:
        """Pull a few events and hand each to its handler as a CloudEvent's type and data."""
        bus = self._app.ports.bus
        deliveries = bus.pull(subscription, 1 if subscription == "objects" else 100, wait)
        for delivery in deliveries:
            bus.extend([delivery], LEASE)
            try:
                dispatch(self._app, _event(delivery))
            except Unavailable as error:
                bus.release([delivery], str(error))
            except Exception as error:  # noqa: BLE001 - unknown errors come again and end as dead letters that can be seen
                bus.release([delivery], repr(error))
            else:
                bus.acknowledge([delivery])
        return len(deliveries)

    def _take_sales(self, wait: float) -> int:
        app = self._app
        kept = store_sales.receive(app.ports, app.book, app.settings.batch_size, wait)
        if kept and not self._stopping.is_set() and wait:
            self._stopping.wait(app.settings.batch_wait)
        return len(kept)


def _event(delivery: Delivery) -> Event:
    message = delivery.message
    return Event(delivery.id, message.attributes.get("type", ""), json.loads(message.body))
