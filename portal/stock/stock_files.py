"""Files of stock: import of movements with a preview, templates and rows with problems."""

import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Any

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import me, ports, scope, tillstream
from portal.stock import file_texts, reports, stores
from portal.urls import go_to
from portal.user_stores import user_stores
from tillstream.catalogue.file_export import csv_file, xlsx_file
from tillstream.model import people
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.permissions import Action
from tillstream.operations.reconcile import refresh_daily_totals
from tillstream.pipeline import tabular
from tillstream.stock import movement_import, stored_levels
from tillstream.stock.movement_columns import IMPORTED_KINDS, MOVEMENT_COLUMNS, MovementDefaults
from tillstream.stock.movement_import import MovementPlan, MovementReader
from tillstream.stock.movements import DayPart, MovementKind

SHOWN = 100
"""Problems that the preview shows."""

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

blueprint = Blueprint("stock_files", __name__, template_folder="templates", url_prefix="/stock")


@dataclass(frozen=True)
class ImportChoices:
    """What the user chose for rows without a type, a day, a time of day, and a store (region and store)."""

    kind: MovementKind
    day: date
    day_part: DayPart
    store: str = ""

    @property
    def fields(self) -> dict[str, str]:
        """The fields of a form that sends the choices again."""
        return {
            "type": self.kind.value,
            "day": self.day.isoformat(),
            "day_part": self.day_part.value,
            "store": self.store,
        }


def import_choices() -> ImportChoices:
    """The choices of the request; others than permitted ones are the defaults."""
    kind, part = request.values.get("type", ""), request.values.get("day_part", "")
    try:
        day = date.fromisoformat(request.values.get("day", ""))
    except ValueError:
        day = ports().clock.now().date()
    return ImportChoices(
        MovementKind(kind) if kind in set(IMPORTED_KINDS) else MovementKind.COUNT,
        day,
        DayPart(part) if part in set(DayPart) else DayPart.AFTER_CLOSING,
        request.values.get("store", ""),
    )


def may_import(region: str, store: str) -> bool:
    """Whether the stock of a store is the user's to change."""
    return people.may_change(scope(), people.extent_of(region, store))


def plan_import(content: bytes, chosen: ImportChoices) -> MovementPlan:
    """Plan an import. Raises `Rejected` if the file cannot be read, and what the warehouse raises."""
    latest = ports().clock.now().date() + timedelta(days=1)
    if chosen.day > latest:
        raise Rejected(file_texts.future(chosen.day))
    region, _, store = chosen.store.partition("/")
    reader = MovementReader(
        movement_import.read_stock_codes(ports().warehouse, may_import),
        MovementDefaults(chosen.day, chosen.kind, region, store),
        movement_import.zone_of_store(ports(), tillstream().contracts),
        latest,
        ports().limits,
    )
    return movement_import.plan_movements(reader.read(content), chosen.day_part)


@allow(Action.MANAGE_STOCK)
def show_import() -> ResponseReturnValue:
    """The form, and what a file looks like."""
    return _page(import_choices())


@allow(Action.MANAGE_STOCK)
def preview_import() -> ResponseReturnValue:
    """Keep the file and show what it would record."""
    chosen, file = import_choices(), request.files.get("file")
    if file is None or not file.filename:
        return _page(chosen, error=file_texts.NO_FILE), 422
    content = file.read()
    refresh_daily_totals(ports())  # they have the products and stores of sales
    try:
        plan = plan_import(content, chosen)
    except Rejected as error:
        return _page(chosen, error=str(error)), 422
    preview_id = secrets.token_hex(16)
    tabular.write_preview(ports(), me().login, preview_id, content)
    return _page(chosen, plan, file.filename, preview_id), 422 if plan.refused else 200


@allow(Action.MANAGE_STOCK)
def record_import() -> ResponseReturnValue:
    """Record the movements of a preview; with problems, only the good rows, if the user chose that."""
    chosen, preview_id = import_choices(), request.form.get("preview", "")
    name = request.form.get("name", "")[:200]
    try:
        content = tabular.read_preview(ports(), me().login, preview_id)
    except NotFound:
        return _page(chosen, error=file_texts.GONE), 422
    plan = plan_import(content, chosen)
    if plan.refused and str(plan.refused) != request.form.get("without"):
        return _page(chosen, plan, name, preview_id, file_texts.CHANGED), 409
    new = movement_import.record_imported(ports(), plan.movements, by=me().login)
    stored_levels.follow_movement(ports())
    tillstream().queries.clear()
    if not plan.refused:
        tabular.delete_preview(ports(), me().login, preview_id)
    return go_to("stock.movements", file_texts.recorded(name, plan.good, plan.refused, new), "done" if new else "ask")


def _page(
    chosen: ImportChoices, plan: MovementPlan | None = None, name: str = "", preview_id: str = "", error: str = ""
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
        kinds=[(kind.value, file_texts.KINDS[kind]) for kind in IMPORTED_KINDS],
        day_parts=file_texts.DAY_PARTS,
        stores=[
            (f"{one.region}/{one.store_id}", file_texts.store(one.name, one.store_id, one.region))
            for one in user_stores()
        ],
        columns=[(one.name, file_texts.COLUMNS[one.name]) for one in MOVEMENT_COLUMNS],
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
                    "label": file_texts.KINDS[kind],
                    "stores": len({(one.region, one.store_id) for one in movements}),
                    "first": days[0],
                    "last": days[-1],
                    "lines": len(lines),
                    "units": sum(line.quantity for line in lines),
                }
            )
    return rows


@allow(Action.MANAGE_STOCK)
def import_template() -> Response:
    """An empty file with the columns of an import."""
    form = request.args.get("format", "csv")
    if form not in TYPES:
        abort(404)
    headers = [one.name for one in MOVEMENT_COLUMNS]
    return _file(csv_file(headers, []) if form == "csv" else xlsx_file(headers, [], "stock"), "stock", form)


@allow(Action.MANAGE_STOCK)
def refused_rows() -> Response:
    """The rows of a preview that have problems, with what to do. Raises `NotFound`."""
    content = tabular.read_preview(ports(), me().login, request.args.get("preview", ""))
    rows = plan_import(content, import_choices()).refused_rows()
    return _file("".join(rows).encode(), "stock-rows-to-correct", "csv")


def _file(content: bytes, name: str, form: str) -> Response:
    response = Response(content, mimetype=TYPES[form].partition(";")[0])
    response.headers["Content-Type"] = TYPES[form]
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.{form}")
    return response


blueprint.get("/import", endpoint="form")(show_import)
blueprint.post("/import", endpoint="preview")(preview_import)
blueprint.post("/import/record", endpoint="record")(record_import)
blueprint.get("/import/template", endpoint="template")(import_template)
blueprint.get("/import/refused.csv", endpoint="refused")(refused_rows)
blueprint.get("/reports/<report>", endpoint="report")(reports.show_report)


@blueprint.context_processor
def template_context() -> dict[str, Any]:
    """Names in the templates of these pages."""
    return {"stock_tabs": stores.tab_links()}
