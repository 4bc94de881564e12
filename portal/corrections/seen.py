"""The corrections area's look at an upload: the person's own, with its draft; the same in memory for every request."""

from typing import Any

from flask import current_app, request

from portal.context import me, ports
from portal.uploads import scoped
from tillstream.domain.errors import Rejected
from tillstream.workflows.corrections.drafts import grid_page
from tillstream.workflows.corrections.drafts.workspace import Desk, Seen

EXTENSION = "corrections"


def desk() -> Desk:
    found: Desk = current_app.extensions[EXTENSION]
    return found


def look(batch_id: str) -> Seen:
    """Raises `NotFound` for another region's upload, `Rejected` where nothing can be repaired."""
    return desk().look(ports(), scoped.own(batch_id))


def wanted() -> grid_page.Wanted:
    """What the address asks for."""
    args = request.args
    column = args.get("column", type=int)
    return grid_page.Wanted(
        args.get("problem", ""),
        column,
        args.get("q", "")[:200],
        left=bool(args.get("left")),
        page=args.get("page", 1, type=int),
    )


def told(seen: Seen) -> dict[str, Any]:
    """What a script must know of the draft besides its rows."""
    draft, login = seen.draft, me().login
    counts = seen.counts(ports())
    others = [step for step in draft.steps if step.by != login and not step.undone]
    last = {step.by: step.at for step in others}
    return {
        "stamp": desk().stamp(ports(), seen.refusals.upload),
        "version": draft.version,
        "undo": draft.can_undo(login),
        "redo": draft.can_redo(login),
        "counts": counts,
        "away": seen.refusals.away,
        "kinds": grid_page.kinds(seen, seen.found(ports())),
        "others": [{"who": who, "at": at, "steps": sum(one.by == who for one in others)} for who, at in last.items()],
    }


def changed(batch_id: str, data: dict[str, Any]) -> dict[str, Any]:
    """What a step is answered with: the draft, and the rows that the page shows."""
    seen = look(batch_id)
    shown = [row for row in data.get("shown") or [] if type(row) is int][: 2 * grid_page.PER_PAGE]
    return told(seen) | {"rows": grid_page.rows_named(ports(), seen, shown)}


def body() -> dict[str, Any]:
    """Raises `Rejected`."""
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise Rejected("The request is not JSON.")
    return data


def version_of(data: dict[str, Any]) -> int:
    version = data.get("version")
    if type(version) is not int:
        raise Rejected("Say which version of the draft you saw.")
    return version
