"""Sale history: every version of a sale, its sources and its outcome."""

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import figures
from portal.access import allow
from portal.change_summary import CHANGE_WORDS
from portal.context import ports, scope
from portal.translation import N_
from portal.user_stores import is_row_of_user
from tillstream.analytics.filters import Filters
from tillstream.model.ids import event_ids
from tillstream.model.permissions import Action
from tillstream.pipeline.publishing.sale_events import RECORD_COLLECTION as ANNOUNCED
from tillstream.records import audit_log, batch_records

ACTIONS = N_(
    {
        "upload.received": "uploaded",
        "upload.fixed": "corrected",
        "upload.replayed": "reprocessed",
        "upload.confirmed": "imported after review",
        "upload.given-a-contract": "assigned another data source",
        "upload.rejected": "discarded",
        "upload.undone": "undone",
        "upload.cancelled": "cancelled",
    }
)
"""Action on a file of the sale → its word."""

blueprint = Blueprint("sale_history", __name__, template_folder="templates")

HIDDEN = frozenset({"line_key", "content", "is_current", "settlement_no", "settled_at", "region", "sale_id"})
"""Technical columns of a version, not shown."""


@blueprint.get("/sales/<path:sale_id>", endpoint="show")
@allow(Action.SEE_NUMBERS)
def show_sale(sale_id: str) -> ResponseReturnValue:
    region = request.args.get("region", "")
    if not region:
        matches = figures.ask("find-sales", Filters(), text=sale_id, limit=2).to_pylist()
        regions = {row["region"] for row in matches if row["sale_id"] == sale_id}
        if len(regions) != 1:
            return redirect(url_for("search.show", q=sale_id), 302)
        region = regions.pop()
    params = {"region": region, "sale_id": sale_id}
    versions = figures.ask("sale-versions", Filters(), **params).to_pylist()
    sees_uploads = scope().may(Action.SEE_UPLOADS)
    refusals = [row for row in _ask("sale-refusals", params) if is_row_of_user(row)] if sees_uploads else []
    if not versions and not refusals:
        abort(404)  # missing or out of scope: the response does not reveal which
    sightings = _ask("sale-sightings", params) if sees_uploads else []
    changes = figures.ask("sale-changes", Filters(), **params).to_pylist()
    return render_template(
        "sale_history/show.html",
        region=region,
        sale_id=sale_id,
        lines=_lines(versions, sightings),
        current=[row for row in versions if row["is_current"]],
        refusals=refusals,
        changes=[row | _event(row, region, sale_id) for row in changes],
        people=_people({row["batch_id"] for row in (*sightings, *refusals)}),
        words=CHANGE_WORDS,
    )


def _ask(name: str, params: dict[str, str]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = figures.ask(name, Filters(), **params).to_pylist()
    return rows


def _lines(versions: list[dict[str, Any]], sightings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lines of the sale with their versions, oldest first: values, differences and sightings."""
    by_line: dict[str, list[dict[str, Any]]] = {}
    for version in versions:
        before = by_line.setdefault(version["line_key"], [])
        values = {name: value for name, value in version.items() if name not in HIDDEN and value not in (None, "{}")}
        earlier = before[-1]["values_shown"] if before else {}
        differs = [
            name for name in dict.fromkeys((*values, *earlier)) if before and values.get(name) != earlier.get(name)
        ]
        before.append(
            {
                "version": version,
                "values_shown": values,
                "earlier": earlier,
                "differs": differs,
                "sightings": [
                    row
                    for row in sightings
                    if row["line_key"] == version["line_key"] and row["content"] == version["content"]
                ],
            }
        )
    return [{"line_key": line, "versions": several} for line, several in by_line.items()]


def _event(change: dict[str, Any], region: str, sale_id: str) -> dict[str, Any]:
    """Event that published a change to subscribers; repeats have the same id."""
    (identity,) = event_ids(change["settlement_no"], ["\x1f".join((region, sale_id, change["line_key"]))])
    announcement = ports().documents.get(ANNOUNCED, str(change["settlement_no"]))
    return {
        "event_id": identity,
        "event_type": "sale.removed" if change["announced_as"] == "removed" else "sale.changed",
        "announced_at": announcement.data["at"] if announcement else None,
        "had_subscribers": bool(announcement and announcement.data["events"]),
    }


def _people(batches: set[str]) -> list[dict[str, Any]]:
    """User actions on the batches that contain this sale, oldest first."""
    actions = []
    for batch in sorted(batches):
        file = batch_records.get_batch(ports(), batch).file
        for entry in audit_log.find_by_subject(ports(), "upload", batch):
            what = ACTIONS.get(entry.what, entry.what)
            actions.append({"at": entry.at, "who": entry.who, "what": what, "file": file, "batch_id": batch})
    return sorted(actions, key=lambda one: one["at"])
