"""Work of the local server at intervals, which schedules start in a cloud."""

import threading
from collections.abc import Callable, Mapping

import structlog

from tillstream import logs
from tillstream.alerts.condition import AlertSources
from tillstream.app import App, messages
from tillstream.app.source_access import source_access
from tillstream.app.subscribed_tables import source_of
from tillstream.app.syncing import BackgroundSync
from tillstream.delivery import background_exports as exports
from tillstream.delivery.webhook_events import WebhookForwarder
from tillstream.forecasting import run_records as forecast_runs
from tillstream.quality import run as quality
from tillstream.server import totals

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
        totals.refresh(self._app)
        self._stopping.wait(TOTALS_EVERY)

    def _quality(self) -> None:
        if not self._stopping.wait(QUALITY_EVERY):
            ports = self._app.ports
            at_night = ports.clock.now().astimezone().hour in quality.NIGHT
            logs.warn("quality check failed", quality.run_due(ports, quality.ON_ONE_MACHINE, at_night=at_night))

    def _forecast(self) -> None:
        if self._stopping.wait(FORECAST_EVERY):
            return
        ports, hour = self._app.ports, self._app.settings.forecast_hour
        since = (ports.clock.now().astimezone().hour - hour) % 24
        if forecast_runs.may_start_forecast(ports, at_night=hour >= 0 and since < FORECAST_HOURS):
            from tillstream.forecasting.fitters import forecast_at_night  # lazy: numpy and the process of the models

            logs.warn("forecast drifts", forecast_at_night(ports, self._stopping))

    def _webhooks(self) -> None:
        def report(webhook: str, error: Exception) -> None:
            log.warning("webhook", id=webhook, outcome="failed", reason=repr(error))

        WebhookForwarder(self._app.ports, report, private=self._app.settings.webhook_private).run(self._stopping)

    def _reports(self) -> None:
        if not self._stopping.wait(REPORTS_EVERY) and messages.may_be_due(self._app):
            from tillstream.commands.numbers.report import deliver  # lazy: only a server with messages needs reports

            deliver(self._app)

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
            from tillstream.connectors import run  # lazy: only a server with connectors needs the kinds
            from tillstream.connectors.runs import FAILED, FAILED_RUN

            ended = run.run_due_connectors(self._app.ports, self._app.contracts, self._access, self._stopping)
            errors = [f"{one.connector}: {one.error}" for one in ended if one.outcome == FAILED]
            logs.warn(FAILED_RUN, errors)

    def _sync(self) -> None:
        logs.warn("sync failed", self._syncs.turn(self._stopping))

    def _marts(self) -> None:
        if not self._stopping.wait(DESTINATIONS_EVERY):
            from tillstream.app import mart_destinations  # lazy: only a server with destinations needs the exports

            ended = mart_destinations.run_due(self._app, self._stopping)
            logs.warn("copy of the marts failed", [f"{one.name}: {one.error}" for one in ended if one.error])

    def _exports(self) -> None:
        if not self._stopping.wait(EXPORTS_EVERY) and exports.has_due_exports(self._app.ports):
            from tillstream.delivery import background_run  # lazy: the formats

            logs.warn(
                background_run.NOT_WRITTEN, background_run.run_due_exports(source_of(self._app), self._stopping.is_set)
            )
