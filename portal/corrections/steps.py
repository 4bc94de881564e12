"""Edit steps of a draft: save, count, undo, redo and submit."""

from dataclasses import replace

from flask import Response, flash, jsonify, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import me, ports, stores
from portal.corrections import texts
from portal.corrections.workspace import body, changed, snapshot_of, version_of
from portal.uploads import scoped
from portal.uploads.decisions import workspace
from tillstream.model.people import Action
from tillstream.review import correction_draft, correction_workspace
from tillstream.review.correction_draft import DraftEdit, parse_edit


@allow(Action.UPLOAD)
def take(batch_id: str) -> ResponseReturnValue:
    """Save one step; 409 if another user changed the same rows since the version on the page."""
    data = body()
    scoped.changeable(batch_id)
    snapshot = snapshot_of(batch_id)
    step = parse_edit(data.get("step"), len(snapshot.refusals.names))
    done = replace(step, by=me().login, at=ports().clock.now().isoformat(), seen=snapshot.refusals.last_correction_no)
    try:
        correction_draft.add_draft_step(ports(), batch_id, done, expected_version=version_of(data))
    except correction_draft.DraftConflict as clash:
        return _clashed(batch_id, clash)
    return jsonify(changed(batch_id, data))


@allow(Action.UPLOAD)
def count(batch_id: str) -> ResponseReturnValue:
    """Number of cells or rows that a step would change."""
    snapshot = snapshot_of(batch_id)
    return jsonify({"count": snapshot.would_change(parse_edit(body().get("step"), len(snapshot.refusals.names)))})


@allow(Action.UPLOAD)
def undo(batch_id: str) -> ResponseReturnValue:
    snapshot_of(scoped.changeable(batch_id).batch_id)
    correction_draft.undo_draft_step(ports(), batch_id, me().login)
    return jsonify(changed(batch_id, body()))


@allow(Action.UPLOAD)
def redo(batch_id: str) -> ResponseReturnValue:
    snapshot_of(scoped.changeable(batch_id).batch_id)
    correction_draft.redo_draft_step(ports(), batch_id, me().login)
    return jsonify(changed(batch_id, body()))


@allow(Action.UPLOAD)
def send(batch_id: str) -> ResponseReturnValue:
    """Submit the rows that are ready; the receipt shows the progress."""
    data = body()
    upload = scoped.changeable(batch_id)
    try:
        sent = correction_workspace.submit_draft(
            ports(), workspace(), upload, me().login, expected_version=version_of(data), stores=stores()
        )
    except correction_draft.DraftConflict as clash:
        return _clashed(batch_id, clash)
    flash(texts.RECEIVED, "done")
    return jsonify({"batch_id": sent.batch_id, "url": url_for("uploads.receipt", batch_id=batch_id)}), 201


def _clashed(batch_id: str, clash: correction_draft.DraftConflict) -> tuple[Response, int]:
    """409 with the current draft, so that the page can show both sides."""
    others = [_step_json(step) for step in clash.others]
    answer = {"type": "about:blank", "title": texts.CHANGED_BY_OTHERS, "status": 409, "detail": str(clash)}
    response = jsonify(answer | {"others": others, "version": correction_draft.get_draft(ports(), batch_id).version})
    response.mimetype = "application/problem+json"
    return response, 409


def _step_json(step: DraftEdit) -> dict[str, object]:
    return {"who": step.by, "at": step.at, "do": step.do, "cells": [list(cell) for cell in step.cells[:50]]}
