"""Changes of the numbers, by settlement and since the last visit of the user."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from portal import figures, formats
from portal.access import allow
from portal.change_summary import CHANGE_WORDS, difference, summarize_change
from portal.context import TemplateContext, me, ports, scope, tillstream
from portal.filter_fields import filter_field
from portal.list_view import list_query
from tillstream.analytics import changes
from tillstream.analytics.filters import Filters
from tillstream.model.people import Scope
from tillstream.model.permissions import Action
from tillstream.people import sessions
from tillstream.ports.warehouse import Row

FILTERS = ("region", "store")
MAX_FILES = 200
WEEK = timedelta(days=7)

blueprint = Blueprint("changes", __name__, template_folder="templates")


@allow(Action.SEE_NUMBERS)
def show_changes() -> ResponseReturnValue:
    """Changes since the last visit, on the first one of the last week, or since a day: in total, then by settlement."""
    warehouse, cache = ports().warehouse, tillstream().queries
    about = list_query(keep=("since",), filters=FILTERS)
    bounds = narrowed_filters(about.chosen)
    since = formats.day_in(request.args.get("since", ""))
    last_visit = sessions.record_visit(ports(), me().login, changes.last_settlement(warehouse, cache))
    week_ago = ports().clock.now().date() - WEEK
    if last_visit.at is None:
        since = since or week_ago
    params: dict[str, date | int] = {"since": since} if since else {"after": last_visit.settlement_no}
    # one extra row shows whether there is a next page
    limits = {"limit": about.size + 1, "offset": about.first}
    currency = figures.currency()
    rows = changes.visible_settlements(warehouse, bounds, cache=cache, currency=currency, **limits, **params)
    first = changes.last_settlement_before(warehouse, since) if since else last_visit.settlement_no
    too_many = changes.changed_lines(warehouse, first) > changes.MAX_CHANGED_LINES
    changed = None
    if rows and not too_many:
        changed = changes.net_changes(warehouse, bounds, first, cache=cache, currency=currency)
    for row in rows:
        row["change"] = difference(0, row["revenue_change"], currency)
    return render_template(
        "changes/show.html",
        rows=rows[: about.size],
        more=len(rows) > about.size,
        about=about,
        since=since,
        last_visit=last_visit,
        changed=summarize_change(changed) if changed else None,
        too_many=too_many and bool(rows),
        currency=currency,
        files=_files(rows[-1]["settlement_no"] - 1, rows[0]["settlement_no"]) if rows else {},
        week_ago=week_ago,
        bar=[filter_field(name, about.chosen) for name in FILTERS],
        chosen=about.chosen,
    )


@allow(Action.SEE_NUMBERS)
def show_settlement(number: int) -> ResponseReturnValue:
    """Changes of one settlement within the scope of the user."""
    chosen = list_query(filters=FILTERS).chosen
    details = _one(number, narrowed_filters(chosen))
    return render_template(
        "changes/settlement.html",
        chosen=chosen,
        number=number,
        settled_at=details["settled_at"],
        changed=summarize_change(details["changed"]),
        files=_files(number - 1, number).get(number, []),
        words=CHANGE_WORDS,
    )


@allow(Action.SEE_NUMBERS)
def show_changed_lines(number: int) -> ResponseReturnValue:
    """Lines that a settlement changed, in pages, largest difference first."""
    about = list_query(filters=("kind", *FILTERS))
    chosen = {name: about.chosen[name] for name in FILTERS}
    details = _one(number, narrowed_filters(chosen))
    kind = next(iter(about.chosen["kind"]), "all")
    if kind not in CHANGE_WORDS:
        kind = "all"
    window = {"after": number - 1, "through": number, "kind": kind, "limit": about.size, "offset": about.first}
    rows = figures.rows("changed-lines", figures.parse_filters(chosen), **window)
    return render_template(
        "changes/lines.html",
        chosen=chosen,
        number=number,
        settled_at=details["settled_at"],
        kind=kind,
        about=about,
        rows=rows,
        total=rows[0]["all_lines"] if rows else 0,
        words=CHANGE_WORDS,
        difference=difference,
    )


def narrowed_filters(chosen: Mapping[str, Sequence[str]]) -> Scope:
    """The scope of the user, limited to chosen regions and stores. Raises `UnknownValue`."""
    figures.parse_filters(chosen)
    bounds = scope()
    regions, stores = tuple(chosen["region"]), tuple(chosen["store"])
    if stores:
        stores = stores if bounds.stores is None else tuple(one for one in stores if one in bounds.stores)
        bounds = replace(bounds, stores=stores)
    if regions:
        regions = regions if bounds.regions is None else tuple(one for one in regions if one in bounds.regions)
        bounds = replace(bounds, regions=regions)
    return bounds


def _one(number: int, bounds: Scope) -> TemplateContext:
    """Change and time of a settlement; 404 if it changed nothing in the scope and has no file of the user."""
    warehouse, cache = ports().warehouse, tillstream().queries
    if number < 1:
        abort(404)
    changed = changes.net_changes(warehouse, bounds, number - 1, number, cache, currency=figures.currency())
    at = changes.settlement_time(warehouse, number)
    if at is None or not (changed.anything or _files(number - 1, number)):
        abort(404)
    return {"changed": changed, "settled_at": at}


def _files(after: int, through: int) -> dict[int, list[Row]]:
    """settlement → batches that it settled or undid; empty if the user may not see uploads."""
    if not scope().may(Action.SEE_UPLOADS):
        return {}
    window = {"after": max(after, 0), "through": through, "limit": MAX_FILES}
    batches = figures.rows("settlement-batches", Filters(), **window)
    return {number: list(rows) for number, rows in groupby(batches, key=lambda row: int(row["settlement_no"]))}


blueprint.add_url_rule("/changes", "show", show_changes)
blueprint.add_url_rule("/changes/<int:number>", "settlement", show_settlement)
blueprint.add_url_rule("/changes/<int:number>/lines", "lines", show_changed_lines)
