"""The document of the last forecast run: when it ran, on which sales, and its progress while it runs."""

import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from tillstream.model.document_json import to_json
from tillstream.model.errors import Unavailable
from tillstream.ports import Ports
from tillstream.ports.documents import Document
from tillstream.ports.jobs import FORECAST_JOB
from tillstream.records import data_version
from tillstream.records.jobs import RecordedJob

COLLECTION, RUN_PROGRESS = "forecast_runs", "progress"
FORECAST_INTERVAL = timedelta(hours=20)
"""Time between two forecasts of a server; less than a day, so that each night makes one."""

RETRY_INTERVAL = timedelta(hours=1)
"""Time after which a run that failed is tried again."""

ONE_AT_A_TIME = threading.Lock()
"""Held by the run at work in this process: a command and the worker of a server would overwrite each other's tables."""


@dataclass(frozen=True)
class ForecastRun:
    """A run that ended. Days and instants are ISO 8601 text."""

    started_at: str
    ended_at: str
    reason: str = ""
    """Why there is no forecast; empty if there is one."""
    cutoff_date: str = ""
    """Last day of the sales that the forecast is made from."""
    grain: str = "day"
    """day, or week if the sales are totals of weeks."""
    horizon: int = 0
    """Number of days or weeks ahead."""
    windows: int = 0
    """Number of windows of the backtest."""
    series: int = 0
    """Number of products in stores."""
    reporting_currency: str = ""
    left_out: tuple[str, ...] = ()
    """Regions without sales in the last days."""
    unconverted: tuple[str, ...] = ()
    """Regions without an exchange rate, whose revenue is in no total over all regions."""
    drifting: tuple[str, ...] = ()
    """A sentence for each forecast that no longer fits."""


FORECAST = RecordedJob(FORECAST_JOB, collection=COLLECTION, kind=ForecastRun)


@dataclass(frozen=True)
class RunProgress:
    """How much of a run is done."""

    started_at: str
    done: int
    total: int


def save_run(ports: Ports, run: ForecastRun, answered: Document | None = None) -> ForecastRun:
    """Record a run that ended, and the request that it answered."""
    FORECAST.save_run(ports, run, answered)
    ports.documents.delete(COLLECTION, RUN_PROGRESS)
    data_version.bump_data_version(ports.documents)  # cached answers have the forecasts of the run before
    return run


def run_progress(ports: Ports) -> RunProgress | None:
    """Return the progress of the run that is under way, or that was interrupted."""
    document = ports.documents.get(COLLECTION, RUN_PROGRESS)
    return RunProgress(**document.data) if document else None


def note_progress(ports: Ports, started_at: str, done: int, total: int) -> None:
    """Record the progress of a run."""
    ports.documents.put(COLLECTION, RUN_PROGRESS, asdict(RunProgress(started_at, done, total)))


def request_forecast(ports: Ports) -> None:
    """Let a forecast be made soon: by the job of a project, or by the worker of a server. It is kept until then."""
    FORECAST.request(ports)
    with suppress(Unavailable):  # the sweep starts the job
        start_due_forecast(ports)


def start_due_forecast(ports: Ports) -> bool:
    """Start the job of a project if a forecast is requested, has nothing to wait for, and no run is at work.

    Raises `Unavailable`.
    """
    is_due = ports.jobs is not None and FORECAST.is_requested(ports)
    return is_due and not FORECAST.must_wait(ports) and FORECAST.start(ports)


def may_start_forecast(ports: Ports, *, at_night: bool) -> bool:
    """Whether a forecast is due and has nothing to wait for. One that waits is requested: the night may end before."""
    if not is_forecast_due(ports, at_night=at_night):
        return False
    if not FORECAST.must_wait(ports):
        return True
    if not FORECAST.is_requested(ports):
        FORECAST.request(ports)
    return False


def is_forecast_due(ports: Ports, *, at_night: bool) -> bool:
    """Whether a server makes a forecast now: if it was requested, or was interrupted, or at night every day; not while
    a run is at work."""
    if ONE_AT_A_TIME.locked():
        return False
    if FORECAST.is_requested(ports) or ports.documents.get(COLLECTION, RUN_PROGRESS):
        return True
    if FORECAST.has_failed_within(ports, RETRY_INTERVAL):
        return False
    ended = FORECAST.last_run(ports)
    return at_night and (not ended or ports.clock.now() - datetime.fromisoformat(ended.ended_at) >= FORECAST_INTERVAL)


def note_failure(ports: Ports, answered: Document | None) -> None:
    """Record that a run failed, and the request that it answered."""
    FORECAST.note_failure(ports, answered)
    ports.documents.delete(COLLECTION, RUN_PROGRESS)


def published_run(run: ForecastRun) -> dict[str, Any]:
    """Return a run as JSON."""
    data: dict[str, Any] = to_json(run)
    return data
