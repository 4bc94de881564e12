"""Files of stock: import of movements, and reports with their tables."""

from typing import Any

from flask import Blueprint

from portal.stock import tabs
from portal.stock_files import downloads, imports, reports

blueprint = Blueprint("stock_files", __name__, template_folder="templates", url_prefix="/stock")

blueprint.get("/import", endpoint="form")(imports.show)
blueprint.post("/import", endpoint="preview")(imports.preview)
blueprint.post("/import/record", endpoint="record")(imports.record)
blueprint.get("/import/template", endpoint="template")(downloads.template)
blueprint.get("/import/refused.csv", endpoint="refused")(downloads.refused)
blueprint.get("/reports/<report>", endpoint="report")(reports.show)


@blueprint.context_processor
def template_context() -> dict[str, Any]:
    """Names in the templates of these pages."""
    return {"stock_tabs": tabs.links()}
