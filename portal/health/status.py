"""Status page for admins: versions, sizes, queues and the last maintenance."""

import platform
import shutil
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.connectors import scoped as connectors
from portal.context import me, ports, tillstream
from portal.health import texts
from portal.health.ready import check_parts
from tillstream import __version__
from tillstream.analytics import queries
from tillstream.analytics.filters import Filters
from tillstream.model.batch import BatchState
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.people import UNRESTRICTED, Action
from tillstream.operations import kept_originals, maintenance_status, message_queues
from tillstream.records import batch_records, losses
from tillstream.settings import Settings

LIBRARIES = ("duckdb", "flask", "pyarrow", "pandera", "sqlglot", "waitress")


@allow(Action.ADMINISTER)
def show() -> ResponseReturnValue:
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
        resolutions=lambda loss: texts.resolutions(kept_originals.loss_choices(loss, app.home)),
        labels=texts.DEALT_WITH,
        depths=message_queues.queue_depths(ports()),
        states={state: count for state, count in states.items() if count},
        connectors=connectors.connectors(),
        lines=kpis["lines"],
        as_of=_text(kpis["as_of"]),
        swept=maintenance_status.last_run(ports(), maintenance_status.SWEEP_TASK),
        repaired=maintenance_status.last_repair(ports()),
        backed_up=maintenance_status.last_run(ports(), maintenance_status.BACKUP_TASK),
    )


@allow(Action.ADMINISTER)
def decide(loss: str) -> ResponseReturnValue:
    """Resolve a loss, or take that back with the decision `open`."""
    decision, reason = request.form.get("decision", ""), request.form.get("reason", "")
    if decision not in texts.DECIDED:
        flash(texts.CHOOSE, "wrong")
        return redirect(url_for("health.status"), 303)
    try:
        if decision == texts.OPEN:
            losses.reopen_loss(ports(), loss, by=me().login)
        else:
            resolution, home = losses.Resolution(decision), tillstream().home
            kept_originals.decide_loss(ports(), loss, resolution, reason, by=me().login, home=home)
    except NotFound:
        raise
    except Rejected as error:
        flash(str(error), "wrong")
    else:
        flash(texts.DECIDED[decision], "done")
    return redirect(url_for("health.status"), 303)


def _storage(settings: Settings) -> dict[str, Any]:
    """The project and its buckets, or the home folder with its files and free disk space."""
    if settings.project:
        places = texts.places(settings.dataset, settings.buckets.values())
        return {"home": texts.project(settings.project, settings.location), "places": places}
    return {
        "home": settings.home,
        "files": _files(settings.home),
        "free": shutil.disk_usage(settings.home).free,
    }


def _files(home: Path) -> list[dict[str, Any]]:
    """Files directly in the folder, largest first, without subfolders."""
    files = [{"name": path.name, "size": path.stat().st_size} for path in home.iterdir() if path.is_file()]
    return sorted(files, key=lambda one: -one["size"])


def _text(instant: datetime | None) -> str:
    return instant.isoformat() if instant else ""
