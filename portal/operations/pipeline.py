"""Pipeline pages: queues, failed batches, dead letters, copies of the marts, and the sync between homes."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.catalogue.change_previews import FieldChange, field_changes
from portal.connectors import scoped as connectors
from portal.context import me, ports, scope, tillstream
from portal.managed import ManagedPages
from portal.translation import N_, _, ngettext
from portal.uploads import labels, scoped
from portal.urls import go_to
from tillstream.app import home_sync
from tillstream.app.source_access import source_access
from tillstream.marts import destinations
from tillstream.model.batch import Batch, BatchState
from tillstream.model.errors import Rejected
from tillstream.model.permissions import Action
from tillstream.operations import message_queues
from tillstream.operations.reconcile import sweep_by_user
from tillstream.ports import Ports
from tillstream.sync import home_identity, homes, reference_questions, sync_status, undo_requests
from tillstream.sync.homes import NEEDS_ATTENTION, HomeStanding
from tillstream.sync.http import remote_office
from tillstream.sync.reference_questions import ReferenceQuestion, question_subject

QUEUES = N_(
    {
        "object-events": "Files to read",
        "batch-events": "Files to import",
        "store-sales": "Sales from tills",
        "sale-events": "Changes for other systems",
    }
)
STANDINGS = N_(
    {
        HomeStanding.REMOVED: "Removed",
        HomeStanding.HELD: "Held",
        HomeStanding.DIFFERENT: "Ledgers differ",
        HomeStanding.NEW: "No contact yet",
        HomeStanding.LATE: "Late",
        HomeStanding.BEHIND: "Receiving",
        HomeStanding.IN_STEP: "In step",
    }
)
STANDING_TONES = dict.fromkeys(NEEDS_ATTENTION, "bad") | {
    HomeStanding.REMOVED: "quiet",
    HomeStanding.NEW: "quiet",
    HomeStanding.BEHIND: "busy",
    HomeStanding.IN_STEP: "good",
}
SYNC_STOPPED = N_("The sync is stopped. What was sent stays at the head office.")
NOT_ENCRYPTED = N_(
    "The connection to the head office is not encrypted, so others in its network can read what is sent."
)
NOTHING_CHOSEN = N_("Choose whose entry counts: the one of this home, or the one of the head office.")

MAX_QUESTIONS = 50
"""Questions that the page shows."""
blueprint = Blueprint("pipeline", __name__, template_folder="templates")
SLOW = timedelta(minutes=5)
SHOWN = 100


@dataclass(frozen=True)
class ShownQuestion:
    """fields: what differs; before: in this home, after: at the head office."""

    question: ReferenceQuestion
    subject: str
    fields: list[FieldChange]


def shown_questions() -> list[ShownQuestion]:
    """The first open questions."""
    return [
        ShownQuestion(one, question_subject(one), _fields(one))
        for one in reference_questions.open_questions(ports())[:MAX_QUESTIONS]
    ]


def _fields(question: ReferenceQuestion) -> list[FieldChange]:
    here, there = question.here or {}, question.there or {}
    before = {name: here.get(name, "") for name in question.fields}
    return list(field_changes(before, {name: there.get(name, "") for name in question.fields}))


@allow(Action.ADMINISTER)
def decide_questions() -> ResponseReturnValue:
    keep = request.form.get("keep", "")
    if keep not in reference_questions.SIDES:
        raise Rejected(NOTHING_CHOSEN)
    ids = request.form.getlist("question") or [one.id for one in reference_questions.open_questions(ports())]
    return go_to(
        "pipeline.sync",
        ngettext(
            "{number:,} question decided. What counts is exchanged with the next sync.",
            "{number:,} questions decided. What counts is exchanged with the next sync.",
            reference_questions.decide_questions(ports(), ids, keep, me().login),
        ),
    )


@allow(Action.ADMINISTER)
def show_sync() -> ResponseReturnValue:
    app, now = tillstream(), ports().clock.now()
    own = sync_status.get_status(ports())
    return render_template(
        "pipeline/sync.html",
        identity=home_identity.find_identity(ports()),
        status=own,
        lag=sync_status.sync_lag(ports()) if own.to else None,
        questions=shown_questions(),
        requests=undo_requests.requests_to_answer(ports()),
        question_count=reference_questions.count_questions(ports()),
        homes=[(home, homes.standing_of_home(home, now)) for home in homes.all_homes(ports())],
        project_note=home_sync.ONLY_HEAD_OFFICE if app.settings.project else "",
        tones=STANDING_TONES,
        labels=STANDINGS,
        not_encrypted=NOT_ENCRYPTED if remote_office.is_unencrypted_address(own.to) else "",
    )


@allow(Action.ADMINISTER)
def begin_sync() -> ResponseReturnValue:
    if tillstream().settings.project:
        raise Rejected(home_sync.ONLY_HEAD_OFFICE)
    to = remote_office.check_allowed_address(request.form.get("to", ""), source_access(tillstream()).check_host)
    home_identity.create_identity(ports(), me().login)
    sync_status.begin_sync(ports(), to, me().login)
    flash(
        _("This Tillstream syncs to {address} within a minute. The head office must add it with its key.", address=to),
        "done",
    )
    return go_to("pipeline.sync", NOT_ENCRYPTED if remote_office.is_unencrypted_address(to) else "", "ask")


def decline_request(ports: Ports, batch_id: str, by: str) -> str:
    return _(
        "The request to undo {file} is declined. The head office sees the reason after the next sync.",
        file=undo_requests.decline_to_undo(ports, batch_id, request.form.get("reason", ""), by).file,
    )


@allow(Action.ADMINISTER)
def add_home() -> ResponseReturnValue:
    form = request.form
    home = homes.add_home(ports(), form.get("name", "").strip(), form.get("key", "").strip(), me().login)
    return go_to("pipeline.sync", _("{name} is added. What it sends is settled here from now on.", name=home.name))


blueprint.add_url_rule("/pipeline/sync", "sync", show_sync)
blueprint.add_url_rule("/pipeline/sync/address", "begin_sync", begin_sync, methods=["POST"])
blueprint.add_url_rule("/pipeline/sync/questions", "decide_sync", decide_questions, methods=["POST"])
blueprint.add_url_rule("/pipeline/sync/homes", "add_home", add_home, methods=["POST"])
SYNC = ManagedPages(blueprint, "/pipeline/sync", page="", listing="sync")
SYNC.button("stop", sync_status.stop_sync, SYNC_STOPPED, endpoint="stop_sync")
REQUESTS = replace(SYNC, path="/pipeline/sync/requests/<batch_id>")
HOMES = replace(SYNC, path="/pipeline/sync/homes/<home>")

REQUESTS.button("decline", decline_request, endpoint="decline_request")

HOMES.button(
    "remove",
    homes.remove_home,
    lambda home: _("{name} is removed. What it sent stays.", name=home.name),
    endpoint="remove_home",
)
HOMES.button(
    "release",
    homes.release_home,
    lambda home: _("What is held of {name} is settled when it syncs again.", name=home.name),
    endpoint="release_home",
)


@dataclass(frozen=True)
class ListedCopy:
    """behind: settlements that it lacks; None: it was never written. written_at, next_at: ISO 8601, or empty.
    error: of the last run."""

    name: str
    to: str
    every: str
    behind: int | None
    written_at: str
    next_at: str
    error: str


def listed_copies() -> list[ListedCopy]:
    """All destinations, by name."""
    return [
        ListedCopy(
            one.name,
            one.to,
            one.every,
            destinations.settlements_behind(ports(), one) if one.done_at else None,
            one.done_at,
            one.next_at,
            one.error,
        )
        for one in destinations.find_destinations(ports())
    ]


@blueprint.get("/pipeline", endpoint="show")
@allow(Action.SEE_PIPELINE)
def show_pipeline() -> ResponseReturnValue:
    admin = scope().may(Action.ADMINISTER)
    now = ports().clock.now()
    under_way = (BatchState.RECEIVED, BatchState.STAGING, BatchState.STAGED, BatchState.SETTLED)
    stuck = [one for state in under_way for one in islice(scoped.newest_batches(state=state), SHOWN) if _late(one, now)]
    return render_template(
        "pipeline/show.html",
        connectors=connectors.listed_connectors(),
        # Queue depths cover all regions, so only admins see them.
        depths=message_queues.queue_depths(ports()) if admin else [],
        queues=QUEUES,
        failed=list(islice(scoped.newest_batches(state=BatchState.FAILED), SHOWN)),
        stuck=stuck,
        # A dead letter may contain a sale of any region, so only admins see it.
        dead=message_queues.find_dead_letters(ports(), SHOWN) if admin else None,
        states=labels.STATES,
        admin=admin,
        copies=listed_copies() if admin else [],
        sync_troubled=admin and homes.sync_needs_attention(ports()),
    )


@blueprint.post("/pipeline/resend", endpoint="resend")
@allow(Action.ADMINISTER)
def resend_dead_letters() -> ResponseReturnValue:
    sent = message_queues.resend_dead_letters(ports(), request.form.getlist("id"), me().login)
    return go_to("pipeline.show", ngettext("{number} message was resent.", "{number} messages were resent.", sent))


@blueprint.post("/pipeline/sweep", endpoint="drive_on")
@allow(Action.ADMINISTER)
def drive_on() -> ResponseReturnValue:
    app = tillstream()
    report = sweep_by_user(app.ports, app.contracts, me().login, delegate=bool(app.settings.project))
    for sentence in (_("Stalled jobs are retried."), *report["repaired"]):
        flash(sentence, "done")
    return redirect(url_for("pipeline.show"), 303)


def _late(upload: Batch, now: datetime) -> bool:
    since = datetime.fromisoformat(upload.state_at or upload.received_at)
    return now - since.astimezone(UTC) > SLOW
