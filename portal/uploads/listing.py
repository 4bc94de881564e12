"""Lists of uploads with their states and progress, the upload form, and store sales by day."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any

from flask import jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import figures, formats, list_view, value_names
from portal.access import allow
from portal.context import TemplateContext, me, ports, scope, tillstream
from portal.translation import N_
from portal.uploads import labels, scoped
from tillstream.analytics.filters import Filters
from tillstream.analytics.queries import MAX_DAYS_AHEAD
from tillstream.contracts import source_settings
from tillstream.intake import resumable_upload, upload_completion
from tillstream.model.batch import (
    FILE_KINDS,
    STATES_IN_LEDGER,
    TERMINAL_STATES,
    Batch,
    BatchKind,
    BatchState,
    receipt_time,
)
from tillstream.model.errors import NotFound, Unavailable
from tillstream.model.file_names import FILE_EXTENSIONS
from tillstream.model.permissions import Action
from tillstream.receipts import receipt as receipts
from tillstream.review import contract_proposals

COLUMNS = [
    {"key": "store", "label": N_("Store")},
    {"key": "day", "label": N_("Day")},
    {"key": "sales", "label": N_("Sales"), "num": True, "hint": N_("Sales of the day that count")},
    {"key": "new", "label": N_("New"), "num": True, "hint": N_("Lines that were not imported before")},
    {"key": "corrected", "label": N_("Corrected"), "num": True, "hint": N_("Lines with new values, which count now")},
    {"key": "duplicate", "label": N_("Duplicates"), "num": True, "hint": N_("Lines that were already imported")},
    {
        "key": "quarantined",
        "label": N_("To fix"),
        "num": True,
        "hint": N_("Rows that do not count until they are accepted"),
    },
    {"key": "received", "label": N_("Last received")},
]
NO_STORE = N_("No store")

STORE_DAYS = timedelta(days=14)
MAX_BATCHES = 100
WAITS = frozenset({BatchState.HELD, BatchState.FAILED})

PER_PAGE = 25
SORTED_UPLOADS = 5_000
"""Number of newest uploads that are sorted by anything but time."""

SORTS: dict[str, Callable[[Batch], Any]] = {
    "received": lambda one: one.received_seq,
    "file": lambda one: one.file.casefold(),
    "contract": lambda one: one.contract.casefold(),
    "size": lambda one: one.size,
}
TO_FIX = "fix"
GROUPS: dict[str, tuple[str, frozenset[BatchState]]] = {
    "needs": (labels.GROUP_TEXTS["needs"], frozenset({BatchState.HELD, BatchState.FAILED})),
    "way": (labels.GROUP_TEXTS["way"], frozenset({BatchState.RECEIVED, BatchState.STAGING, BatchState.STAGED})),
    "counted": (labels.GROUP_TEXTS["counted"], frozenset({BatchState.SETTLED, BatchState.ANNOUNCED})),
    TO_FIX: (labels.GROUP_TEXTS[TO_FIX], STATES_IN_LEDGER),
    "out": (
        labels.GROUP_TEXTS["out"],
        frozenset({BatchState.REJECTED, BatchState.CANCELLED, BatchState.UNDONE, BatchState.REPLAYED}),
    ),
}


@allow(Action.SEE_UPLOADS)
def show_store_days() -> ResponseReturnValue:
    """The rows of store sales in the scope of the user, latest day first."""
    today = ports().clock.now().date()
    requested = formats.day_in(request.args.get("from", ""))
    last = formats.day_in(request.args.get("to", "")) or max(requested or today, today) + MAX_DAYS_AHEAD
    first = requested or last - STORE_DAYS
    query = list_view.list_query(keep=("from", "to"))
    rows = figures.rows(
        "store-sales-by-day", Filters(), first=first, last=last, limit=query.size + 1, offset=query.first
    )
    return render_template(
        "uploads/store_days.html",
        page=list_view.ListPage(query, rows[: query.size], more=len(rows) > query.size),
        columns=COLUMNS,
        store_name=lambda row: value_names.value_name("store", row["store_id"] or "", row["region"]) or NO_STORE,
        received=lambda row: receipt_time(row["last_received_seq"]),
        first=first,
        last=last,
    )


@allow(Action.SEE_UPLOADS)
def show_progress() -> ResponseReturnValue:
    """Status of each `batch`, at most a hundred; those outside the scope of the user are left out."""
    statuses = []
    for batch in request.args.getlist("batch")[:MAX_BATCHES]:
        try:
            statuses.append(_status(scoped.visible_batch(batch)))
        except NotFound:
            continue
    return jsonify({"uploads": statuses})


def _status(upload: Batch) -> TemplateContext:
    status = {
        "batch_id": upload.batch_id,
        "state": upload.state.value,
        "tone": labels.state_of(upload).tone,
        "done": upload.state in TERMINAL_STATES | WAITS,
        "url": url_for("uploads.receipt", batch_id=upload.batch_id),
        "result": "",
        "needs": False,
    }
    if upload.state in TERMINAL_STATES | WAITS | STATES_IN_LEDGER:
        receipt = receipts.batch_receipt(ports(), upload.batch_id)
        status["result"] = labels.result(upload, receipt)
        status["needs"] = upload.state in WAITS or bool(receipt["rows"]["quarantined"])
        status["tone"] = "ask" if status["needs"] and status["tone"] == "good" else status["tone"]
    return status


@allow(Action.SEE_UPLOADS)
def show_uploads() -> ResponseReturnValue:
    filters = {name: request.args.get(name, "") for name in ("q", "state", "sort", "kind")}
    page = list_view.page_number(request.args)
    to_fix = _rows_to_fix()
    matches = _matching(filters, to_fix or {})
    first = (page - 1) * PER_PAGE
    if filters["sort"]:
        down = filters["sort"].startswith("-")
        key = SORTS.get(filters["sort"].lstrip("-"), SORTS["received"])
        chosen = sorted(islice(matches, SORTED_UPLOADS), key=key, reverse=down)[first : first + PER_PAGE + 1]
    else:
        chosen = list(islice(matches, first, first + PER_PAGE + 1))
    rows, contracts = chosen[:PER_PAGE], scoped.visible_contracts()
    return render_template(
        "uploads/listing.html",
        uploads=rows,
        more=len(chosen) > PER_PAGE,
        page=page,
        filters=filters,
        is_filtered=any(filters.values()),
        groups=GROUPS,
        state_of=labels.state_of,
        to_fix_of=partial(_to_fix, to_fix),
        in_ledger=STATES_IN_LEDGER,
        contracts=contracts,
        direct=source_settings.sources_without_preview(ports(), [one.name for one in contracts]),
        endings=sorted(f".{one}" for one in FILE_EXTENSIONS),
        most=tillstream().settings.upload_limit_mb << 20,
        proposed=len(contract_proposals.pending_proposals(ports())) if scope().may(Action.ADMINISTER) else 0,
        expires_at=partial(upload_completion.upload_expires_at, ports()),
        sendings=resumable_upload.open_uploads(ports(), me().login) if scope().may(Action.UPLOAD) else [],
        under_way=any(one.state in labels.UNDER_WAY for one in rows),
    )


def _rows_to_fix() -> dict[str, int] | None:
    """Upload → its rows that still need a correction; None if the warehouse does not respond."""
    try:
        return {row["batch_id"]: row["refused_rows"] for row in figures.rows("rows-to-fix", Filters())}
    except Unavailable:
        return None


def _to_fix(rows_to_fix: dict[str, int] | None, upload: Batch) -> int | None:
    """Rows to fix of an upload: of an imported one those that are left, of another one those that staging rejected."""
    if upload.state in STATES_IN_LEDGER:
        return None if rows_to_fix is None else rows_to_fix.get(upload.batch_id, 0)
    return upload.staged.rows_refused if upload.staged else None


def _matching(filters: dict[str, str], rows_to_fix: dict[str, int]) -> Any:
    states = GROUPS[filters["state"]][1] if filters["state"] in GROUPS else None
    search_words = filters["q"].casefold().split()
    kinds = (BatchKind.STORE_SALES,) if filters["kind"] == BatchKind.STORE_SALES else FILE_KINDS
    for upload in scoped.newest_batches(kinds):
        name = f"{upload.file} {upload.contract}".casefold()
        in_group = states is None or upload.state in states
        if filters["state"] == TO_FIX:
            in_group = upload.batch_id in rows_to_fix
        if in_group and all(word in name for word in search_words):
            yield upload
