"""Corrections grid: pages of rows, and suggestions for a cell."""

from dataclasses import asdict

import numpy as np
from flask import jsonify, render_template, request
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import ports, scope, stores, tillstream
from portal.corrections import texts
from portal.corrections.workspace import draft_state, page_query, snapshot_of
from portal.uploads import scoped
from portal.uploads.decisions import ask, workspace
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.people import Action
from tillstream.operations.delegated_decisions import DecisionKind
from tillstream.receipts.receipt import UNSETTLED
from tillstream.records import batch_records
from tillstream.review import correction_grid
from tillstream.review.cell_suggestions import count_similar_cells, suggest_values
from tillstream.review.correction_grid import propose_splits
from tillstream.review.rejected_rows import WHOLE_ROW


@allow(Action.UPLOAD)
def show(batch_id: str) -> ResponseReturnValue:
    upload = scoped.own(batch_id)
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
def rows(batch_id: str) -> ResponseReturnValue:
    """A page of rows with the state of the draft, for the script of the page."""
    snapshot = snapshot_of(batch_id)
    page = correction_grid.grid_rows(ports(), snapshot, page_query(), bound=stores() is not None)
    return jsonify(draft_state(snapshot) | page)


@allow(Action.UPLOAD)
def stamp(batch_id: str) -> ResponseReturnValue:
    """Stamp that changes with every edit of the draft and whenever the rejected rows change."""
    return jsonify({"stamp": workspace().etag(ports(), scoped.own(batch_id))})


@allow(Action.UPLOAD)
def preview(batch_id: str) -> ResponseReturnValue:
    """The receipt that the upload would have if the rows that are ready were submitted now."""
    return jsonify(ask(DecisionKind.PREVIEW_CORRECTION, batch=scoped.own(batch_id).batch_id))


@allow(Action.UPLOAD)
def next_left(batch_id: str) -> ResponseReturnValue:
    """Next page with a row that is not yet corrected."""
    return jsonify({"page": correction_grid.next_unresolved_page(ports(), snapshot_of(batch_id), page_query())})


@allow(Action.UPLOAD)
def cell(batch_id: str) -> ResponseReturnValue:
    """Suggestions for a cell, and the number of similar cells."""
    snapshot = snapshot_of(batch_id)
    column = request.args.get("column", -1, type=int)
    places = snapshot.refusals.indexes_of(np.array([request.args.get("row", -1, type=int)], np.int64))
    if not len(places) or not WHOLE_ROW <= column < len(snapshot.refusals.names):
        raise NotFound(texts.ROW_IS_CORRECTED)
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
