"""Pipeline pages: sync; queues, failed and stalled batches, dead letters, and how to retry them."""

from datetime import UTC, datetime, timedelta
from itertools import islice

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.connectors import scoped as connectors
from portal.context import me, ports, scope, tillstream
from portal.pipeline import mart_destinations, sync, texts
from portal.uploads import labels, scoped
from tillstream.model.batch import Batch, BatchState
from tillstream.model.people import Action
from tillstream.operations import message_queues
from tillstream.operations import message_queues as waiting_in
from tillstream.operations.reconcile import sweep_by_user
from tillstream.sync import standing

blueprint = Blueprint("pipeline", __name__, template_folder="templates")
sync.register(blueprint)

SLOW = timedelta(minutes=5)
SHOWN = 100


@blueprint.get("/pipeline")
@allow(Action.SEE_PIPELINE)
def show() -> ResponseReturnValue:
    admin = scope().may(Action.ADMINISTER)
    now = ports().clock.now()
    under_way = (BatchState.RECEIVED, BatchState.STAGING, BatchState.STAGED, BatchState.SETTLED)
    stuck = [one for state in under_way for one in islice(scoped.newest(state=state), SHOWN) if _late(one, now)]
    return render_template(
        "pipeline/show.html",
        connectors=connectors.connectors(),
        # Queue depths cover all regions, so only admins see them.
        depths=waiting_in.queue_depths(ports()) if admin else [],
        queues=texts.QUEUES,
        failed=list(islice(scoped.newest(state=BatchState.FAILED), SHOWN)),
        stuck=stuck,
        # A dead letter may contain a sale of any region, so only admins see it.
        dead=message_queues.find_dead_letters(ports(), SHOWN) if admin else None,
        states=labels.STATES,
        admin=admin,
        copies=mart_destinations.listed() if admin else [],
        sync_troubled=admin and standing.needs_attention(ports()),
    )


@blueprint.post("/pipeline/resend")
@allow(Action.ADMINISTER)
def resend() -> ResponseReturnValue:
    sent = message_queues.resend_dead_letters(ports(), request.form.getlist("id"), me().login)
    flash(texts.resent(sent), "done")
    return redirect(url_for("pipeline.show"), 303)


@blueprint.post("/pipeline/sweep")
@allow(Action.ADMINISTER)
def drive_on() -> ResponseReturnValue:
    app = tillstream()
    report = sweep_by_user(app.ports, app.contracts, me().login, delegate=bool(app.settings.project))
    for sentence in (texts.RETRIED, *report["repaired"]):
        flash(sentence, "done")
    return redirect(url_for("pipeline.show"), 303)


def _late(upload: Batch, now: datetime) -> bool:
    since = datetime.fromisoformat(upload.state_at or upload.received_at)
    return now - since.astimezone(UTC) > SLOW
