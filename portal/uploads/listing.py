"""The uploads area's list: what came, what became of it, and the place to bring more."""

from collections.abc import Callable
from itertools import islice
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import me, ports, scope, tillstream
from portal.uploads import labels, scoped
from tillstream.domain.batch import State, Upload
from tillstream.domain.people import Action
from tillstream.workflows.intake import resumable_upload
from tillstream.workflows.onboarding import proposals

PER_PAGE = 25
LOOKED_AT = 5_000
"""Sorting by anything but time looks at this many of the newest."""

SORTS: dict[str, Callable[[Upload], Any]] = {
    "received": lambda one: one.received_seq,
    "file": lambda one: one.file.casefold(),
    "contract": lambda one: one.contract.casefold(),
    "size": lambda one: one.size,
}
GROUPS: dict[str, tuple[str, frozenset[State]]] = {
    "needs": ("Need a decision", frozenset({State.HELD, State.FAILED})),
    "way": ("Under way", frozenset({State.RECEIVED, State.STAGING, State.STAGED})),
    "counted": ("Counted", frozenset({State.SETTLED, State.ANNOUNCED})),
    "out": ("Do not count", frozenset({State.REJECTED, State.CANCELLED, State.UNDONE, State.REPLAYED})),
}


@allow(Action.SEE_UPLOADS)
def show() -> ResponseReturnValue:
    asked = {name: request.args.get(name, "") for name in ("q", "state", "sort", "kind")}
    page = max(1, request.args.get("page", 1, type=int))
    found = _matching(asked)
    first = (page - 1) * PER_PAGE
    if asked["sort"]:
        down = asked["sort"].startswith("-")
        key = SORTS.get(asked["sort"].lstrip("-"), SORTS["received"])
        chosen = sorted(islice(found, LOOKED_AT), key=key, reverse=down)[first : first + PER_PAGE + 1]
    else:
        chosen = list(islice(found, first, first + PER_PAGE + 1))
    rows = chosen[:PER_PAGE]
    return render_template(
        "uploads/listing.html",
        uploads=rows,
        more=len(chosen) > PER_PAGE,
        page=page,
        asked=asked,
        asked_anything=any(asked.values()),
        groups=GROUPS,
        state_of=labels.state_of,
        contracts=scoped.contracts(),
        most=tillstream().settings.upload_limit_mb << 20,
        proposed=len(proposals.waiting(ports())) if scope().may(Action.ADMINISTER) else 0,
        sendings=resumable_upload.on_their_way(ports(), me().login) if scope().may(Action.UPLOAD) else [],
        under_way=any(one.state in labels.UNDER_WAY for one in rows),
    )


def _matching(asked: dict[str, str]) -> Any:
    states = GROUPS[asked["state"]][1] if asked["state"] in GROUPS else None
    words_asked = asked["q"].casefold().split()
    kinds = ("messages",) if asked["kind"] == "messages" else scoped.FILES
    for upload in scoped.newest(kinds):
        name = f"{upload.file} {upload.contract}".casefold()
        if (states is None or upload.state in states) and all(word in name for word in words_asked):
            yield upload
