"""The corrections area's grid: a page of rows, and what one cell may have meant."""

from dataclasses import asdict

import numpy as np
from flask import jsonify, render_template, request
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import ports, scope, tillstream
from portal.corrections.seen import desk, look, told, wanted
from portal.uploads import scoped
from tillstream.batches import lineage
from tillstream.domain.errors import NotFound, Rejected
from tillstream.domain.people import Action
from tillstream.receipts.quarantine import BEFORE_THE_LEDGER
from tillstream.workflows.corrections.drafts import grid_page, submit
from tillstream.workflows.corrections.drafts.rejected_rows import NOWHERE
from tillstream.workflows.corrections.drafts.split_row import splits
from tillstream.workflows.corrections.drafts.suggestions import alike, suggestions


@allow(Action.UPLOAD)
def show(batch_id: str) -> ResponseReturnValue:
    upload = scoped.own(batch_id)
    try:
        seen = look(batch_id)
    except Rejected as error:
        again = lineage.waiting(ports(), upload)
        return render_template(
            "corrections/instead.html", upload=upload, error=error, again=again, early=upload.state in BEFORE_THE_LEDGER
        )
    if not len(seen.refusals):
        return render_template("corrections/done.html", upload=upload)
    asked = {name: request.args.get(name, "") for name in ("problem", "column", "q", "left")}
    return render_template(
        "corrections/grid.html",
        upload=upload,
        seen=seen,
        state=told(seen),
        asked=asked,
    )


@allow(Action.UPLOAD)
def rows(batch_id: str) -> ResponseReturnValue:
    """A page of rows with the state of the draft, for the page's script."""
    seen = look(batch_id)
    return jsonify(told(seen) | grid_page.rows_of(ports(), seen, wanted()))


@allow(Action.UPLOAD)
def stamp(batch_id: str) -> ResponseReturnValue:
    """Another one as soon as somebody typed something, or rows came back."""
    return jsonify({"stamp": desk().stamp(ports(), scoped.own(batch_id))})


@allow(Action.UPLOAD)
def preview(batch_id: str) -> ResponseReturnValue:
    """What the receipt would say if what is ready was given back now, the ledger asked too."""
    app = tillstream()
    return jsonify(submit.preview(app.ports, app.book, desk(), scoped.own(batch_id)))


@allow(Action.UPLOAD)
def next_left(batch_id: str) -> ResponseReturnValue:
    """The next page with a row that still needs somebody."""
    return jsonify({"page": grid_page.next_left(ports(), look(batch_id), wanted())})


@allow(Action.UPLOAD)
def cell(batch_id: str) -> ResponseReturnValue:
    """Suggestions for a cell, and how many cells are like it."""
    seen = look(batch_id)
    column = request.args.get("column", -1, type=int)
    places = seen.refusals.places(np.array([request.args.get("row", -1, type=int)], np.int64))
    if not len(places) or not NOWHERE <= column < len(seen.refusals.names):
        raise NotFound("That row does not wait any more.")
    row = int(places[0])
    found = [] if column == NOWHERE else suggestions(ports(), seen, row, column, scope(), tillstream().queries)
    ways = [asdict(one) for one in splits(ports(), seen, row)]
    return jsonify({"suggestions": [asdict(one) for one in found], "splits": ways, "alike": alike(seen, row, column)})
