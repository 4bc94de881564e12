"""Files of an import to download: a template, and the rows with problems."""

from flask import Response, abort, request

from portal.access import allow
from portal.context import me, ports
from portal.stock_files import planning
from tillstream.catalogue.file_export import csv_file, xlsx_file
from tillstream.model.people import Action
from tillstream.pipeline import tabular
from tillstream.stock.movement_columns import MOVEMENT_COLUMNS

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@allow(Action.MANAGE_STOCK)
def template() -> Response:
    """An empty file with the columns of an import."""
    form = request.args.get("format", "csv")
    if form not in TYPES:
        abort(404)
    headers = [one.name for one in MOVEMENT_COLUMNS]
    return _file(csv_file(headers, []) if form == "csv" else xlsx_file(headers, [], "stock"), "stock", form)


@allow(Action.MANAGE_STOCK)
def refused() -> Response:
    """The rows of a preview that have problems, with what to do. Raises `NotFound`."""
    content = tabular.read_preview(ports(), me().login, request.args.get("preview", ""))
    rows = planning.plan(content, planning.choices()).refused_rows()
    return _file("".join(rows).encode(), "stock-rows-to-correct", "csv")


def _file(content: bytes, name: str, form: str) -> Response:
    response = Response(content, mimetype=TYPES[form].partition(";")[0])
    response.headers["Content-Type"] = TYPES[form]
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.{form}")
    return response
