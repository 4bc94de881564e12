"""Audit log pages for admins: who changed what, with the values before and after."""

import csv
import io
import json
from collections.abc import Iterator

from flask import Blueprint, Response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue

from portal import formats
from portal.access import allow
from portal.audit import labels, texts
from portal.context import ports
from tillstream.model.audit import AuditAction, AuditEntry
from tillstream.model.errors import Rejected
from tillstream.model.people import Action
from tillstream.model.text import guard_formulas, neutralize_bidi
from tillstream.people import accounts
from tillstream.records import audit_log

blueprint = Blueprint("audit", __name__, template_folder="templates")

PER_PAGE = 50
FILTERS = ("q", "who", "what", "subject", "since", "until")
COLUMNS = ("at", "who", "what", "subject", "before", "after", "address")


@blueprint.get("/audit")
@allow(Action.ADMINISTER)
def show() -> ResponseReturnValue:
    filters = {name: request.args.get(name, "").strip() for name in FILTERS}
    below = request.args.get("below", "")
    entries_page = audit_log.find_page(ports(), _parse_filters(filters), below=below, limit=PER_PAGE)
    return render_template(
        "audit/show.html",
        entries_page=entries_page,
        filters=filters,
        below=below,
        is_filtered=any(filters.values()),
        people=[user.login for user in accounts.all_users(ports())],
        actions=labels.by_kind(),
        action_label=labels.action_label,
        where=labels.where,
    )


@blueprint.get("/audit.csv")
@allow(Action.ADMINISTER)
def export() -> ResponseReturnValue:
    """All entries that match the filters of the page, as CSV."""
    filters = _parse_filters({name: request.args.get(name, "").strip() for name in FILTERS})
    lines = stream_with_context(_csv(audit_log.find_entries(ports(), filters)))
    response = Response(lines, mimetype="text/csv; charset=utf-8")
    response.headers.set("Content-Disposition", "attachment", filename="audit.csv")
    return response


@blueprint.get("/audit/<entry_id>")
@allow(Action.ADMINISTER)
def one(entry_id: str) -> ResponseReturnValue:
    """One entry, before and after side by side."""
    entry = audit_log.get_entry(ports(), entry_id)
    rows = labels.side_by_side(entry)
    return render_template(
        "audit/one.html", entry=entry, rows=rows, action_label=labels.action_label, where=labels.where(entry)
    )


def _parse_filters(values: dict[str, str]) -> audit_log.AuditFilter:
    """Parse the filters. Raises `Rejected` for an invalid day or an unknown action."""
    what = values["what"]
    if what and what not in set(AuditAction) | {one.kind for one in AuditAction}:
        raise Rejected(texts.no_action(what))
    return audit_log.AuditFilter(
        who=values["who"].casefold(),
        what=what,
        subject=values["subject"],
        since=formats.day_in(values["since"]),
        until=formats.day_in(values["until"]),
        text=values["q"],
    )


def _csv(entries: Iterator[AuditEntry]) -> Iterator[str]:
    """CSV chunks, guarded against formulas: users typed the cells."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for entry in entries:
        cells = [getattr(entry, name) for name in COLUMNS]
        texts = [json.dumps(cell, ensure_ascii=False) if isinstance(cell, dict) else str(cell) for cell in cells]
        writer.writerow(map(guard_formulas, map(neutralize_bidi, texts)))
        if buffer.tell() > 1 << 16:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()
