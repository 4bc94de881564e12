"""Corrections pages: rejected rows of an upload are corrected in the browser and submitted again."""

from dataclasses import asdict, replace

import numpy as np
from flask import Blueprint, Response, flash, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import me, ports, scope, stores, tillstream
from portal.list_view import page_number
from portal.translation import N_, _
from portal.uploads import scoped
from portal.uploads.decisions import ask_decision, workspace
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.permissions import Action
from tillstream.operations.delegated_decisions import DecisionKind
from tillstream.receipts.receipt import UNSETTLED
from tillstream.records import batch_records
from tillstream.review import correction_draft, correction_grid, correction_workspace
from tillstream.review.cell_suggestions import count_similar_cells, suggest_values
from tillstream.review.correction_draft import DraftEdit, parse_edit
from tillstream.review.correction_grid import propose_splits
from tillstream.review.correction_workspace import DraftSnapshot
from tillstream.review.rejected_rows import WHOLE_ROW

RECEIVED = N_("Your corrections are received. They are read in a few seconds.")
blueprint = Blueprint("corrections", __name__, template_folder="templates", url_prefix="/uploads/<batch_id>/fix")


def snapshot_of(batch_id: str) -> DraftSnapshot:
    """Rejected rows and draft of an upload. Raises `NotFound` out of scope, `Rejected` if it cannot be corrected."""
    return workspace().load(ports(), scoped.visible_batch(batch_id))


def page_query() -> correction_grid.GridQuery:
    """Filters and page of the address."""
    args = request.args
    column = args.get("column", type=int)
    return correction_grid.GridQuery(
        args.get("problem", ""),
        column,
        args.get("q", "")[:200],
        left=bool(args.get("left")),
        page=page_number(args),
    )


def draft_state(snapshot: DraftSnapshot) -> JsonObject:
    """State of the draft without its rows, for the script of the page."""
    draft, login = snapshot.draft, me().login
    counts = snapshot.counts(ports())
    others = [step for step in draft.steps if step.by != login and not step.undone]
    last = {step.by: step.at for step in others}
    return {
        "stamp": workspace().etag(ports(), snapshot.refusals.upload),
        "version": draft.version,
        "undo": draft.can_undo(login),
        "redo": draft.can_redo(login),
        "counts": counts,
        "away": snapshot.refusals.away,
        "kinds": correction_grid.rejection_reasons(snapshot, snapshot.problems_by_row(ports())),
        "others": [{"who": who, "at": at, "steps": sum(one.by == who for one in others)} for who, at in last.items()],
    }


def changed_rows(batch_id: str, data: JsonObject) -> JsonObject:
    """Response to a step: state of the draft, and the rows that the page shows."""
    snapshot = snapshot_of(batch_id)
    shown = [row for row in data.get("shown") or [] if type(row) is int][: 2 * correction_grid.ROWS_PER_PAGE]
    rows = correction_grid.grid_rows_by_number(ports(), snapshot, shown, bound=stores() is not None)
    return draft_state(snapshot) | {"rows": rows}


def request_body() -> JsonObject:
    """JSON object of the request. Raises `Rejected`."""
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise Rejected(_("The request is not JSON."))
    return data


def version_of(data: JsonObject) -> int:
    version = data.get("version")
    if type(version) is not int:
        raise Rejected(_("Send the version of the draft that you saw."))
    return version


@allow(Action.UPLOAD)
def show_corrections(batch_id: str) -> ResponseReturnValue:
    upload = scoped.visible_batch(batch_id)
    try:
        snapshot = snapshot_of(batch_id)
    except Rejected as error:
        again = batch_records.active_replay(ports(), upload)
        return render_template(
            "corrections/instead.html", upload=upload, error=error, again=again, early=upload.state in UNSETTLED
        )
    if not len(snapshot.refusals):
        return render_template("corrections/done.html", upload=upload)
    filters = {name: request.args.get(name, "") for name in ("problem", "column", "q", "left")}
    return render_template(
        "corrections/grid.html",
        upload=upload,
        snapshot=snapshot,
        state=draft_state(snapshot),
        filters=filters,
    )


@allow(Action.UPLOAD)
def grid_rows(batch_id: str) -> ResponseReturnValue:
    """A page of rows with the state of the draft, for the script of the page."""
    snapshot = snapshot_of(batch_id)
    page = correction_grid.grid_rows(ports(), snapshot, page_query(), bound=stores() is not None)
    return jsonify(draft_state(snapshot) | page)


@allow(Action.UPLOAD)
def stamp(batch_id: str) -> ResponseReturnValue:
    """Stamp that changes with every edit of the draft and whenever the rejected rows change."""
    return jsonify({"stamp": workspace().etag(ports(), scoped.visible_batch(batch_id))})


@allow(Action.UPLOAD)
def preview_corrections(batch_id: str) -> ResponseReturnValue:
    """The receipt that the upload would have if the rows that are ready were submitted now."""
    return jsonify(ask_decision(DecisionKind.PREVIEW_CORRECTION, batch=scoped.visible_batch(batch_id).batch_id))


@allow(Action.UPLOAD)
def next_left(batch_id: str) -> ResponseReturnValue:
    """Next page with a row that is not yet corrected."""
    return jsonify({"page": correction_grid.next_unresolved_page(ports(), snapshot_of(batch_id), page_query())})


@allow(Action.UPLOAD)
def cell_suggestions(batch_id: str) -> ResponseReturnValue:
    """Suggestions for a cell, and the number of similar cells."""
    snapshot = snapshot_of(batch_id)
    column = request.args.get("column", -1, type=int)
    places = snapshot.refusals.indexes_of(np.array([request.args.get("row", -1, type=int)], np.int64))
    if not len(places) or not WHOLE_ROW <= column < len(snapshot.refusals.names):
        raise NotFound(_("That row no longer needs correction."))
    row = int(places[0])
    proposals = (
        [] if column == WHOLE_ROW else suggest_values(ports(), snapshot, row, column, scope(), tillstream().queries)
    )
    split_options = [asdict(one) for one in propose_splits(ports(), snapshot, row)]
    return jsonify(
        {
            "suggestions": [asdict(one) for one in proposals],
            "splits": split_options,
            "alike": count_similar_cells(snapshot, row, column),
        }
    )


@allow(Action.UPLOAD)
def take_step(batch_id: str) -> ResponseReturnValue:
    """Save one step; 409 if another user changed the same rows since the version on the page."""
    data = request_body()
    scoped.changeable_batch(batch_id)
    snapshot = snapshot_of(batch_id)
    step = parse_edit(data.get("step"), len(snapshot.refusals.names))
    done = replace(step, by=me().login, at=ports().clock.now().isoformat(), seen=snapshot.refusals.last_correction_no)
    try:
        correction_draft.add_draft_step(ports(), batch_id, done, expected_version=version_of(data))
    except correction_draft.DraftConflict as clash:
        return _clashed(batch_id, clash)
    return jsonify(changed_rows(batch_id, data))


@allow(Action.UPLOAD)
def count_matches(batch_id: str) -> ResponseReturnValue:
    """Number of cells or rows that a step would change."""
    snapshot = snapshot_of(batch_id)
    return jsonify(
        {"count": snapshot.would_change(parse_edit(request_body().get("step"), len(snapshot.refusals.names)))}
    )


@allow(Action.UPLOAD)
def undo_step(batch_id: str) -> ResponseReturnValue:
    snapshot_of(scoped.changeable_batch(batch_id).batch_id)
    correction_draft.undo_draft_step(ports(), batch_id, me().login)
    return jsonify(changed_rows(batch_id, request_body()))


@allow(Action.UPLOAD)
def redo_step(batch_id: str) -> ResponseReturnValue:
    snapshot_of(scoped.changeable_batch(batch_id).batch_id)
    correction_draft.redo_draft_step(ports(), batch_id, me().login)
    return jsonify(changed_rows(batch_id, request_body()))


@allow(Action.UPLOAD)
def submit_corrections(batch_id: str) -> ResponseReturnValue:
    """Submit the rows that are ready; the receipt shows the progress."""
    data = request_body()
    upload = scoped.changeable_batch(batch_id)
    try:
        sent = correction_workspace.submit_draft(
            ports(), workspace(), upload, me().login, expected_version=version_of(data), stores=stores()
        )
    except correction_draft.DraftConflict as clash:
        return _clashed(batch_id, clash)
    flash(RECEIVED, "done")
    return jsonify({"batch_id": sent.batch_id, "url": url_for("uploads.receipt", batch_id=batch_id)}), 201


def _clashed(batch_id: str, clash: correction_draft.DraftConflict) -> tuple[Response, int]:
    """409 with the current draft, so that the page can show both sides."""
    others = [_step_json(step) for step in clash.others]
    answer = {"type": "about:blank", "title": _("Someone else changed this"), "status": 409, "detail": str(clash)}
    response = jsonify(answer | {"others": others, "version": correction_draft.get_draft(ports(), batch_id).version})
    response.mimetype = "application/problem+json"
    return response, 409


def _step_json(step: DraftEdit) -> dict[str, object]:
    return {"who": step.by, "at": step.at, "do": step.do, "cells": [list(cell) for cell in step.cells[:50]]}


blueprint.add_url_rule("", "show", show_corrections)
blueprint.add_url_rule("/rows", "rows", grid_rows)
blueprint.add_url_rule("/next", "next_left", next_left)
blueprint.add_url_rule("/stamp", "stamp", stamp)
blueprint.add_url_rule("/preview", "preview", preview_corrections)
blueprint.add_url_rule("/cell", "cell", cell_suggestions)
blueprint.add_url_rule("/steps", "take", take_step, methods=["POST"])
blueprint.add_url_rule("/count", "count", count_matches, methods=["POST"])
blueprint.add_url_rule("/undo", "undo", undo_step, methods=["POST"])
blueprint.add_url_rule("/redo", "redo", redo_step, methods=["POST"])
blueprint.add_url_rule("/send", "send", submit_corrections, methods=["POST"])
