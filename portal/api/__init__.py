"""HTTP API: the numbers of the pages for programs, within the scope of the caller."""

from flask import Blueprint

from portal.api import docs_page, health, queries, resumable, store_sales, uploads

blueprint = Blueprint("api", __name__, template_folder="templates")

blueprint.add_url_rule("/healthz", "healthz", health.healthz)
blueprint.add_url_rule("/api/kpis", "kpis", queries.kpis)
for name in queries.LISTS:
    blueprint.add_url_rule(f"/api/{name}", name, queries.listed, defaults={"name": name})
blueprint.add_url_rule("/api/data-refresh", "data_refresh", queries.refresh, methods=["POST"])
blueprint.add_url_rule("/api/uploads", "uploads", uploads.several, provide_automatic_options=False)
blueprint.add_url_rule(
    "/api/uploads", "begin_sending", resumable.begin, methods=["POST", "OPTIONS"], provide_automatic_options=False
)
blueprint.add_url_rule("/api/uploads/sending/<sending_id>", "sending", resumable.one)
blueprint.add_url_rule("/api/uploads/sending/<sending_id>", "send_piece", resumable.append, methods=["PATCH"])
blueprint.add_url_rule("/api/uploads/sending/<sending_id>", "cancel_sending", resumable.cancel, methods=["DELETE"])
blueprint.add_url_rule("/api/uploads/<batch_id>", "upload", uploads.one)
blueprint.add_url_rule("/api/uploads/<batch_id>/receipt", "receipt", uploads.receipt)
blueprint.add_url_rule("/api/sales", "sales", store_sales.send, methods=["POST"])
blueprint.add_url_rule("/api/openapi.json", "openapi", docs_page.openapi)
blueprint.add_url_rule("/api/docs", "docs_page", docs_page.show)
