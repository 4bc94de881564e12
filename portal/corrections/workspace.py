"""Correction workspace, kept in memory between requests, and its snapshots of uploads in the scope of the user."""

from typing import Any

from flask import request

from portal.context import me, ports, stores
from portal.corrections import texts
from portal.list_view import page_number
from portal.uploads import scoped
from portal.uploads.decisions import workspace
from tillstream.model.errors import Rejected
from tillstream.review import correction_grid
from tillstream.review.correction_workspace import DraftSnapshot


def snapshot_of(batch_id: str) -> DraftSnapshot:
    """Rejected rows and draft of an upload. Raises `NotFound` out of scope, `Rejected` if it cannot be corrected."""
    return workspace().load(ports(), scoped.own(batch_id))


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


def draft_state(snapshot: DraftSnapshot) -> dict[str, Any]:
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


def changed(batch_id: str, data: dict[str, Any]) -> dict[str, Any]:
    """Response to a step: state of the draft, and the rows that the page shows."""
    snapshot = snapshot_of(batch_id)
    shown = [row for row in data.get("shown") or [] if type(row) is int][: 2 * correction_grid.ROWS_PER_PAGE]
    rows = correction_grid.grid_rows_by_number(ports(), snapshot, shown, bound=stores() is not None)
    return draft_state(snapshot) | {"rows": rows}


def body() -> dict[str, Any]:
    """JSON object of the request. Raises `Rejected`."""
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise Rejected(texts.NO_JSON)
    return data


def version_of(data: dict[str, Any]) -> int:
    version = data.get("version")
    if type(version) is not int:
        raise Rejected(texts.NO_VERSION)
    return version
