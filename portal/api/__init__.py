"""The API area: the same numbers as the pages, for programs; scoped to whoever asks."""

from flask import Blueprint

from portal.api import health, manual, packed, reads, resumable, store_sales, uploads

blueprint = Blueprint("api", __name__, template_folder="templates")
blueprint.after_request(packed.pack)

blueprint.add_url_rule("/healthz", "healthz", health.healthz)
blueprint.add_url_rule("/api/kpis", "kpis", reads.kpis)
for name in reads.LISTS:
    blueprint.add_url_rule(f"/api/{name}", name, reads.listed, defaults={"name": name})
blueprint.add_url_rule("/api/data-refresh", "data_refresh", reads.refresh, methods=["POST"])
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
blueprint.add_url_rule("/api/openapi.json", "openapi", manual.openapi)
blueprint.add_url_rule("/api/docs", "manual", manual.show)
