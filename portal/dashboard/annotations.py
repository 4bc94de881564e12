"""Annotations: what happened on a day, shown on charts."""

from bisect import bisect_right
from collections.abc import Collection
from datetime import date

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from portal import formats
from portal.access import allow
from portal.context import me, ports, scope, tillstream
from portal.managed import ManagedPages
from portal.translation import N_, _
from portal.urls import go_to
from portal.user_stores import user_stores
from tillstream.explore import annotations
from tillstream.model.errors import Rejected
from tillstream.model.permissions import Action

ADDED = N_("Annotation added.")
DELETED = N_("Annotation deleted.")

blueprint = Blueprint("annotations", __name__, template_folder="templates")


@blueprint.get("/annotations", endpoint="show")
@allow(Action.SEE_NUMBERS)
def show_annotations() -> ResponseReturnValue:
    """All annotations, latest day first, and a form for a new one: people with assigned stores choose one of them."""
    limit = scope().regions
    regions = sorted(tillstream().contracts.regions_in_use() if limit is None else limit)
    chosen = request.args.get("region", "")
    everything = annotations.annotations_between(ports(), scope())[::-1]
    return render_template(
        "annotations/show.html",
        annotations=[one for one in everything if not chosen or one.region in {"", chosen}],
        changeable={one.id for one in everything if annotations.is_annotation_changeable(scope(), one, me().login)},
        chosen=chosen,
        choices=[(region, region) for region in regions],
        stores=_own_stores() if scope().may(Action.ANNOTATE) else [],
        every=_("All regions") if limit is None else None,
        day=request.args.get("day", ""),
    )


@blueprint.post("/annotations", endpoint="add")
@allow(Action.ANNOTATE)
def add_annotation() -> ResponseReturnValue:
    text = request.form.get("day", "")
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise Rejected(formats.not_a_date(text)) from error
    region, store = request.form.get("region", ""), ""
    if request.form.get("store"):
        region, _, store = request.form["store"].partition("/")
    annotations.add_annotation(ports(), scope(), day, request.form.get("text", ""), region, store, by=me().login)
    return go_to("annotations.show", ADDED)


ManagedPages(blueprint, "/annotations/<annotation_id>", page="", listing="show", access=Action.ANNOTATE).button(
    "delete", lambda ports, key, by: annotations.remove_annotation(ports, scope(), key, by=by), DELETED
)


def _own_stores() -> list[tuple[str, str]]:
    """Region and store, and the name, of each store of a user who is bound to stores."""
    if scope().stores is None:
        return []
    return [(f"{one.region}/{one.store_id}", one.name or one.store_id) for one in user_stores()]


def annotations_on_chart(
    starts: list[date], last: date, regions: Collection[str] | None, stores: Collection[str] | None
) -> list[dict[str, object]]:
    """Annotations of a chart whose points begin on `starts` and end on `last`: label of the point, text, and day.

    regions, stores: those of the chart; None for all.
    """
    first_days = [start.isoformat() for start in starts]
    return [
        {
            "at": first_days[bisect_right(first_days, one.day) - 1],
            "text": f"{one.store}: {one.text}" if one.store else one.text,
            "day": one.day,
        }
        for one in (annotations.annotations_between(ports(), scope(), starts[0], last) if starts else ())
        if (regions is None or not one.region or one.region in regions)
        and (stores is None or not one.store or one.store in stores)
    ]
