"""Files of stock: import of movements with a preview, templates and rows with problems."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Any

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from portal import table_imports
from portal.access import allow
from portal.context import me, ports, tillstream
from portal.stock import reports, stores
from portal.table_imports import SHOWN, Preview
from portal.translation import N_, _
from portal.urls import go_to
from tillstream.catalogue.file_export import EXPORT_FORMATS
from tillstream.model.errors import Rejected
from tillstream.model.permissions import Action
from tillstream.operations.reconcile import refresh_daily_totals
from tillstream.pipeline import tabular
from tillstream.stock import movement_import, stored_levels
from tillstream.stock.movement_columns import IMPORTED_KINDS, MOVEMENT_COLUMNS, MovementDefaults
from tillstream.stock.movement_import import MovementPlan, MovementReader
from tillstream.stock.movements import REASONS, DayPart, MovementKind

KINDS = N_(
    {
        MovementKind.COUNT: "Counts",
        MovementKind.RECEIPT: "Goods received",
        MovementKind.TRANSFER_OUT: "Sent to another store",
        MovementKind.TRANSFER_IN: "Received from another store",
        MovementKind.TRANSFER_LOSS: "Lost between stores",
        MovementKind.ADJUSTMENT: "Adjustments",
        MovementKind.WRITE_OFF: "Write-offs",
        MovementKind.SUPPLIER_RETURN: "Returned to suppliers",
        MovementKind.UNSELLABLE_RETURN: "Returned by customers, unsellable",
    }
)
DAY_PARTS = N_({DayPart.AFTER_CLOSING.value: "After closing", DayPart.BEFORE_OPENING.value: "Before opening"})
COLUMNS = N_(
    {
        "region": "Region; not needed if the store's code is in one region only",
        "store": "Code or name of the store",
        "product": "Code, barcode or exact name of the product",
        "quantity": "Units; for counts those that are there, also 0",
        "date": "Business day, such as 2026-11-30, with or without a time",
        "time": "Time of day in the store, such as 14:30",
        "type": "Type of movement: count, receipt, write-off and others",
        "reason": f"For write-offs and adjustments: {', '.join(REASONS)}",
        "reference": "Order, or the ID of a transfer",
        "other_store": "For transfers: where the goods come from or go to",
    }
)

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


def plan_import(content: bytes, chosen: ImportChoices) -> MovementPlan:
    """Plan an import. Raises `Rejected` if the file cannot be read, and what the warehouse raises."""
    latest = ports().clock.now().date() + timedelta(days=1)
    if chosen.day > latest:
        raise Rejected(_("{day} is in the future. Choose another day.", day=chosen.day))
    region, _slash, store = chosen.store.partition("/")
    reader = MovementReader(
        movement_import.read_stock_codes(ports().warehouse, stores.may_change),
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
    chosen = import_choices()

    def plan(content: bytes) -> MovementPlan:
        refresh_daily_totals(ports())  # they have the products and stores of sales
        return plan_import(content, chosen)

    preview = table_imports.preview_upload(plan, _("Choose a file first."))
    return _page(chosen, preview), 422 if preview.error or (preview.plan and preview.plan.refused) else 200


@allow(Action.MANAGE_STOCK)
def record_import() -> ResponseReturnValue:
    """Record the movements of a preview; with problems, only the good rows, if the user chose that."""
    chosen = import_choices()
    changed = _("The stores or products have changed since. Check the problems, and record again.")
    preview = table_imports.kept_preview(lambda content: plan_import(content, chosen), changed)
    plan = preview.plan
    if plan is None:
        return _page(chosen, preview), 422
    if plan.refused and str(plan.refused) != request.form.get("without"):
        return _page(chosen, preview), 409
    new = movement_import.record_imported(ports(), plan.movements, by=me().login)
    stored_levels.follow_movement(ports())
    tillstream().queries.clear()
    if not plan.refused:
        preview.delete()
    words = recorded(preview.name, plan.good, plan.refused, new)
    return go_to("stock.movements", words, "done" if new else "ask")


def _page(chosen: ImportChoices, preview: Preview[MovementPlan] | None = None) -> str:
    preview = preview or Preview()
    plan = preview.plan
    return render_template(
        "stock_files/import.html",
        chosen=chosen,
        preview=preview,
        plan=plan,
        by_kind=_by_kind(plan) if plan else [],
        recorded=movement_import.count_recorded(ports(), plan.movements) if plan else 0,
        problems=list(islice(plan.problems(), SHOWN)) if plan else [],
        kinds=[(kind.value, KINDS[kind]) for kind in IMPORTED_KINDS],
        day_parts=DAY_PARTS,
        stores=stores.store_choices(),
        columns=[(one.name, COLUMNS[one.name]) for one in MOVEMENT_COLUMNS],
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
                    "label": KINDS[kind],
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
    if form not in EXPORT_FORMATS:
        abort(404)
    return table_imports.table_file(MOVEMENT_COLUMNS, [], "stock", form)


@allow(Action.MANAGE_STOCK)
def refused_rows() -> Response:
    """The rows of a preview that have problems, with what to do. Raises `NotFound`."""
    content = tabular.read_preview(ports(), me().login, request.args.get("preview", ""))
    rows = plan_import(content, import_choices()).refused_rows()
    return table_imports.table_response("".join(rows).encode(), "stock-rows-to-correct")


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


def recorded(file: str, rows: int, refused: int, new: int) -> str:
    """What an import did. new: movements that were not recorded before."""
    left = _(" {refused:,} rows with problems were left out.", refused=refused) if refused else ""
    if not new:
        return _("{file} was recorded before: nothing changed.{left}", file=file, left=left)
    return _("{rows:,} rows of {file} are recorded.{left}", rows=rows, file=file, left=left)
