"""The audit area: who changed what, and how it was before; for admins."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import date

from flask import Blueprint, Response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.audit import words
from portal.context import ports
from tillstream.audit import What, reading
from tillstream.domain.audit import Entry
from tillstream.domain.errors import Rejected
from tillstream.domain.people import Action
from tillstream.people import accounts

blueprint = Blueprint("audit", __name__, template_folder="templates")

PER_PAGE = 50
FILTERS = ("q", "who", "what", "subject", "since", "until")
COLUMNS = ("at", "who", "what", "subject", "before", "after", "address")


@blueprint.get("/audit")
@allow(Action.ADMINISTER)
def show() -> ResponseReturnValue:
    asked = {name: request.args.get(name, "").strip() for name in FILTERS}
    below = request.args.get("below", "")
    found = reading.page(ports(), _asked(asked), below=below, limit=PER_PAGE)
    return render_template(
        "audit/show.html",
        found=found,
        asked=asked,
        below=below,
        asked_anything=any(asked.values()),
        people=[user.login for user in accounts.find(ports())],
        actions=words.by_kind(),
        said=words.said,
        where=words.where,
    )


@blueprint.get("/audit.csv")
@allow(Action.ADMINISTER)
def export() -> ResponseReturnValue:
    """All that the page's filters let through."""
    asked = _asked({name: request.args.get(name, "").strip() for name in FILTERS})
    lines = stream_with_context(_csv(reading.newest(ports(), asked)))
    response = Response(lines, mimetype="text/csv; charset=utf-8")
    response.headers.set("Content-Disposition", "attachment", filename="audit.csv")
    return response


@blueprint.get("/audit/<entry_id>")
@allow(Action.ADMINISTER)
def one(entry_id: str) -> ResponseReturnValue:
    """Before and after, side by side."""
    entry = reading.get(ports(), entry_id)
    rows = words.side_by_side(entry)
    return render_template("audit/one.html", entry=entry, rows=rows, said=words.said, where=words.where(entry))


def _asked(given: dict[str, str]) -> reading.Asked:
    """Raises `Rejected` for what is no day and no action."""
    what = given["what"]
    if what and what not in set(What) | {one.kind for one in What}:
        raise Rejected(f"Nothing in the log is called {what}.")
    return reading.Asked(
        who=given["who"].casefold(),
        what=what,
        subject=given["subject"],
        since=_day(given["since"]),
        until=_day(given["until"]),
        text=given["q"],
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Rejected(f"{text} is not a day; write it like 2026-07-01.") from error


def _csv(entries: Iterator[Entry]) -> Iterator[str]:
    """Cells that a spreadsheet would take for a formula begin with an apostrophe: they hold what people typed."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for entry in entries:
        cells = [getattr(entry, name) for name in COLUMNS]
        texts = [json.dumps(cell, ensure_ascii=False) if isinstance(cell, dict) else str(cell) for cell in cells]
        writer.writerow([f"'{text}" if text[:1] in "=+-@\t\r" and text else text for text in texts])
        if buffer.tell() > 1 << 16:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()
