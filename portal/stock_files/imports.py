"""Import of stock movements from a file, with a preview."""

import secrets
from itertools import islice

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import me, ports, tillstream
from portal.places.places import places
from portal.stock_files import planning, texts
from portal.stock_files.planning import Choices
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.people import Action
from tillstream.operations.reconcile import refresh_daily_totals
from tillstream.pipeline import tabular
from tillstream.stock import movement_import, stored_levels
from tillstream.stock.movement_columns import IMPORTED_KINDS, MOVEMENT_COLUMNS
from tillstream.stock.movement_import import MovementPlan

SHOWN = 100
"""Problems that the preview shows."""


@allow(Action.MANAGE_STOCK)
def show() -> ResponseReturnValue:
    """The form, and what a file looks like."""
    return _page(planning.choices())


@allow(Action.MANAGE_STOCK)
def preview() -> ResponseReturnValue:
    """Keep the file and show what it would record."""
    chosen, file = planning.choices(), request.files.get("file")
    if file is None or not file.filename:
        return _page(chosen, error=texts.NO_FILE), 422
    content = file.read()
    refresh_daily_totals(ports())  # they have the products and stores of sales
    try:
        plan = planning.plan(content, chosen)
    except Rejected as error:
        return _page(chosen, error=str(error)), 422
    preview_id = secrets.token_hex(16)
    tabular.write_preview(ports(), me().login, preview_id, content)
    return _page(chosen, plan, file.filename, preview_id), 422 if plan.refused else 200


@allow(Action.MANAGE_STOCK)
def record() -> ResponseReturnValue:
    """Record the movements of a preview; with problems, only the good rows, if the user chose that."""
    chosen, preview_id = planning.choices(), request.form.get("preview", "")
    name = request.form.get("name", "")[:200]
    try:
        content = tabular.read_preview(ports(), me().login, preview_id)
    except NotFound:
        return _page(chosen, error=texts.GONE), 422
    plan = planning.plan(content, chosen)
    if plan.refused and str(plan.refused) != request.form.get("without"):
        return _page(chosen, plan, name, preview_id, texts.CHANGED), 409
    new = movement_import.record_imported(ports(), plan.movements, by=me().login)
    stored_levels.follow_movement(ports())
    tillstream().queries.clear()
    if not plan.refused:
        tabular.delete_preview(ports(), me().login, preview_id)
    flash(texts.recorded(name, plan.good, plan.refused, new), "done" if new else "ask")
    return redirect(url_for("stock.movements"), 303)


def _page(
    chosen: Choices, plan: MovementPlan | None = None, name: str = "", preview_id: str = "", error: str = ""
) -> str:
    return render_template(
        "stock_files/import.html",
        chosen=chosen,
        plan=plan,
        by_kind=_by_kind(plan) if plan else [],
        recorded=movement_import.count_recorded(ports(), plan.movements) if plan else 0,
        problems=list(islice(plan.problems(), SHOWN)) if plan else [],
        file_name=name,
        preview_id=preview_id,
        error=error,
        kinds=[(kind.value, texts.KINDS[kind]) for kind in IMPORTED_KINDS],
        day_parts=texts.DAY_PARTS,
        stores=[(f"{one.region}/{one.store_id}", texts.store(one.name, one.store_id, one.region)) for one in places()],
        columns=[(one.name, texts.COLUMNS[one.name]) for one in MOVEMENT_COLUMNS],
    )


def _by_kind(plan: MovementPlan) -> list[dict[str, object]]:
    """What would be recorded of each kind: stores, days, lines and units."""
    rows = []
    for kind in IMPORTED_KINDS:
        movements = [one for one in plan.movements if one.kind is kind]
        days = sorted(one.stock_date for one in movements)
        if movements:
            lines = [line for one in movements for line in one.lines]
            rows.append(
                {
                    "label": texts.KINDS[kind],
                    "stores": len({(one.region, one.store_id) for one in movements}),
                    "first": days[0],
                    "last": days[-1],
                    "lines": len(lines),
                    "units": sum(line.quantity for line in lines),
                }
            )
    return rows
