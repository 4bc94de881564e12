"""Readiness of the portal and its dependencies, and the status page for admins.

Everybody may ask, so the answer is that of the last check (`last_check`). A personal token gets a new one: the smoke
test of a release must not see what was true before it.
"""

import platform
import shutil
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, current_app, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import Open, allow
from portal.api.request_rules import caller
from portal.connectors import scoped as connectors
from portal.context import TemplateContext, me, ports, signed_in, tillstream
from portal.operations import prometheus
from portal.rate_counts import SharedCounts, limit_calls
from portal.translation import N_, _
from portal.urls import go_to
from tillstream import __version__
from tillstream.analytics import changes, queries
from tillstream.analytics.filters import Filters
from tillstream.model.batch import BatchState
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.events import INBOX
from tillstream.model.people import UNRESTRICTED
from tillstream.model.permissions import Action
from tillstream.operations import kept_originals, maintenance_status, message_queues
from tillstream.ports import Ports
from tillstream.records import batch_records, losses
from tillstream.records.losses import Resolution
from tillstream.settings import Settings

WORKS, FAILS = 60.0, 5.0
"""Seconds for which a check without, and with, a failure is answered again: a failure that has ended shows soon."""
PATIENCE = 10.0
"""Seconds that a caller waits for the check of another one. A monitor waits no longer."""
OVERDUE = {"check": "down"}
"""The answer while a check takes longer than that: a dependency that does not answer is down."""

PARTS: dict[str, Callable[[Ports], Any]] = {
    "documents": lambda ports: ports.documents.get("portal", "session"),
    "warehouse": lambda ports: changes.last_settlement(ports.warehouse),
    "queues": lambda ports: ports.bus.subscriptions(),
    "files": lambda ports: next(iter(ports.objects.list(INBOX, "is-anything-there")), None),
}

LAST = "tillstream.last_check"

OPEN = "open"
RESOLUTIONS = N_(
    {
        Resolution.RESTORED: "It is restored from a backup",
        Resolution.SENT_AGAIN: "It was sent again",
        Resolution.ACCEPTED: "Accept the loss",
    }
)
"""How a loss can be dealt with."""
DEALT_WITH = N_(
    {
        Resolution.RESTORED: "Restored",
        Resolution.SENT_AGAIN: "Sent again",
        Resolution.ACCEPTED: "Accepted as lost",
    }
)
"""How a loss was dealt with."""
DECIDED = N_(
    {
        Resolution.RESTORED: "It is whole again.",
        Resolution.SENT_AGAIN: "The loss is dealt with: it was sent again.",
        Resolution.ACCEPTED: "The loss is accepted.",
        OPEN: "The loss is open again.",
    }
)
CHOOSE = N_("Choose how the loss was dealt with.")

LIBRARIES = ("duckdb", "flask", "pyarrow", "pandera", "sqlglot", "waitress")
blueprint = Blueprint("health", __name__, template_folder="templates")
RATE = "60 per minute"
"""Questions of one address, or of one token, whether the portal is ready. Monitors ask once or twice a minute."""


@dataclass(frozen=True)
class CheckedParts:
    """parts: part → `up` or `down`. losses: those that nobody has dealt with."""

    parts: Mapping[str, str]
    at: float
    losses: int = 0

    @property
    def down(self) -> list[str]:
        return sorted(name for name, state in self.parts.items() if state == "down")

    def is_recent(self, now: float) -> bool:
        return now - self.at < (FAILS if self.down else WORKS)


class LastCheck:
    """Runs a check at most once at a time. count_losses: called with its parts. now: seconds of a clock that only
    advances."""

    def __init__(
        self,
        check: Callable[[], Mapping[str, str]],
        count_losses: Callable[[Mapping[str, str]], int] = lambda _: 0,
        now: Callable[[], float] = time.monotonic,
        patience: float = PATIENCE,
    ) -> None:
        self._check, self._count_losses, self._now, self._patience = check, count_losses, now, patience
        self._running = threading.Lock()
        self._last: CheckedParts | None = None

    def __call__(self, *, fresh: bool = False) -> CheckedParts:
        """The last check, or a new one if that is too old. fresh: one that began after the call."""
        called_at, last = self._now(), self._last
        if last and not fresh and last.is_recent(called_at):
            return last
        if not self._running.acquire(timeout=self._patience):
            return CheckedParts(OVERDUE, called_at)
        try:
            last, began_at = self._last, self._now()
            if last and (last.at > called_at if fresh else last.is_recent(began_at)):
                return last
            parts = self._check()
            self._last = CheckedParts(parts, began_at, self._count_losses(parts))
            return self._last
        finally:
            self._running.release()


def check_parts() -> dict[str, str]:
    """part → `up` or `down`. A file of the home that the last check found damaged is down, whatever answers."""
    home = tillstream().home
    broken = set(home.broken) if home else set()
    return {name: "down" if name in broken else _state(name, check) for name, check in PARTS.items()}


def count_losses(parts: Mapping[str, str]) -> int:
    """How many losses nobody has dealt with; 0 while their documents cannot be read."""
    return 0 if parts.get("documents") == "down" else len(losses.open_losses(ports()))


def _state(name: str, check: Callable[[Ports], Any]) -> str:
    try:
        check(ports())
    except Exception:
        current_app.logger.exception("%s is down", name)
        return "down"
    return "up"


@allow(Open.EVERYBODY)
def ready() -> ResponseReturnValue:
    """200 while everything works, else 503; `parts` lists what is down.

    `losses` counts the losses that nobody has dealt with. They make the status `attention`, with 200: the portal works.
    """
    last: LastCheck = current_app.extensions[LAST]
    checked = last(fresh=signed_in())
    status = "down" if checked.down else "attention" if checked.losses else "ok"
    content = {"status": status, "parts": dict(checked.parts), "losses": checked.losses}
    return jsonify(content), 503 if checked.down else 200


def resolution_labels(choices: Collection[Resolution]) -> dict[str, str]:
    """The decisions among which a person can choose."""
    return {one.value: label for one, label in RESOLUTIONS.items() if one in choices}


def project_text(name: str, location: str) -> str:
    return f"{name}, {location}"


def storage_places(dataset: str, buckets: Iterable[str]) -> tuple[str, ...]:
    return (_("dataset {dataset}", dataset=dataset), *(_("bucket {name}", name=name) for name in buckets))


@allow(Action.ADMINISTER)
def show_status() -> ResponseReturnValue:
    app = tillstream()
    (kpis,) = queries.run_query(app.ports.warehouse, "kpis", UNRESTRICTED, Filters(), cache=app.queries).to_pylist()
    states = {
        state.value: ports().documents.count(batch_records.BATCHES, {"state": state.value}) for state in BatchState
    }
    return render_template(
        "health/status.html",
        version=__version__,
        python=platform.python_version(),
        libraries={name: version(name) for name in LIBRARIES},
        **_storage(app.settings),
        parts=check_parts(),
        lost=losses.open_losses(ports()),
        dealt_with=[one for one in losses.all_losses(ports()) if not one.is_open],
        headline=losses.headline,
        titles=losses.TITLES,
        resolutions=lambda loss: resolution_labels(kept_originals.loss_choices(loss, app.home)),
        labels=DEALT_WITH,
        depths=message_queues.queue_depths(ports()),
        states={state: count for state, count in states.items() if count},
        connectors=connectors.listed_connectors(),
        lines=kpis["lines"],
        as_of=_text(kpis["as_of"]),
        swept=maintenance_status.last_run(ports(), maintenance_status.SWEEP_TASK),
        repaired=maintenance_status.last_repair(ports()),
        backed_up=maintenance_status.last_run(ports(), maintenance_status.BACKUP_TASK),
    )


@allow(Action.ADMINISTER)
def decide_loss(loss: str) -> ResponseReturnValue:
    """Resolve a loss, or take that back with the decision `open`."""
    decision, reason = request.form.get("decision", ""), request.form.get("reason", "")
    if decision not in DECIDED:
        return go_to("health.status", CHOOSE, "wrong")
    try:
        if decision == OPEN:
            losses.reopen_loss(ports(), loss, by=me().login)
        else:
            resolution, home = losses.Resolution(decision), tillstream().home
            kept_originals.decide_loss(ports(), loss, resolution, reason, by=me().login, home=home)
    except NotFound:
        raise
    except Rejected as error:
        flash(str(error), "wrong")
    else:
        flash(DECIDED[decision], "done")
    return redirect(url_for("health.status"), 303)


def _storage(settings: Settings) -> TemplateContext:
    """The project and its buckets, or the home folder with its files and free disk space."""
    if settings.project:
        places = storage_places(settings.dataset, settings.buckets.values())
        return {"home": project_text(settings.project, settings.location), "places": places}
    return {
        "home": settings.home,
        "files": _files(settings.home),
        "free": shutil.disk_usage(settings.home).free,
    }


def _files(home: Path) -> list[TemplateContext]:
    """Files directly in the folder, largest first, without subfolders."""
    files = [{"name": path.name, "size": path.stat().st_size} for path in home.iterdir() if path.is_file()]
    return sorted(files, key=lambda one: -one["size"])


def _text(instant: datetime | None) -> str:
    return instant.isoformat() if instant else ""


blueprint.add_url_rule("/healthz/ready", "ready", ready)
blueprint.add_url_rule("/status", "status", show_status)
blueprint.add_url_rule("/status/losses/<loss>", "decide", decide_loss, methods=["POST"])


def register(app: Flask, counts: SharedCounts, *, measured: bool) -> None:
    """counts: of the questions whether the portal is ready. measured: serve `/metrics` and measure each request."""
    app.extensions[LAST] = LastCheck(check_parts, count_losses)
    limit_calls(app, blueprint, counts, lambda: RATE, caller=caller, applies=lambda: request.endpoint == "health.ready")
    app.register_blueprint(blueprint)
    if measured:
        app.add_url_rule("/metrics", "metrics", prometheus.show_metrics)
        prometheus.measure_requests(app)
