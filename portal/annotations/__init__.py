"""Annotations: what happened on a day, shown on charts."""

from bisect import bisect_right
from collections.abc import Collection
from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import formats
from portal.access import allow
from portal.annotations import texts
from portal.context import me, ports, scope, tillstream
from tillstream.dashboards import annotations
from tillstream.domain.errors import Rejected
from tillstream.domain.people import Action

blueprint = Blueprint("annotations", __name__, template_folder="templates")


@blueprint.get("/annotations")
@allow(Action.SEE_NUMBERS)
def show() -> ResponseReturnValue:
    """All annotations, latest day first, and a form for a new one."""
    limit = scope().regions
    regions = sorted(tillstream().contracts.regions() if limit is None else limit)
    chosen = request.args.get("region", "")
    everything = annotations.between(ports(), scope())[::-1]
    return render_template(
        "annotations/show.html",
        annotations=[one for one in everything if not chosen or one.region in {"", chosen}],
        chosen=chosen,
        choices=[(region, region) for region in regions],
        every=texts.EVERY_REGION if limit is None else None,
        day=request.args.get("day", ""),
    )


@blueprint.post("/annotations")
@allow(Action.ANNOTATE)
def add() -> ResponseReturnValue:
    text = request.form.get("day", "")
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise Rejected(formats.not_a_date(text)) from error
    annotations.add(ports(), scope(), day, request.form.get("text", ""), request.form.get("region", ""), by=me().login)
    flash(texts.ADDED)
    return redirect(url_for("annotations.show"), 303)


@blueprint.post("/annotations/<annotation_id>/delete")
@allow(Action.ANNOTATE)
def delete(annotation_id: str) -> ResponseReturnValue:
    annotations.remove(ports(), scope(), annotation_id, by=me().login)
    flash(texts.DELETED)
    return redirect(url_for("annotations.show"), 303)


def on_chart(starts: list[date], last: date, regions: Collection[str] | None) -> list[dict[str, object]]:
    """Annotations of a chart whose points begin on `starts` and end on `last`: label of the point, text, and day.

    regions: those of the chart; None for all.
    """
    first_days = [start.isoformat() for start in starts]
    return [
        {"at": first_days[bisect_right(first_days, one.day) - 1], "text": one.text, "day": one.day}
        for one in (annotations.between(ports(), scope(), starts[0], last) if starts else ())
        if regions is None or not one.region or one.region in regions
    ]
