"""The API area: the same numbers as the pages, for programs; scoped to whoever asks."""

from flask import Blueprint

from portal.api import health, reads, store_sales, uploads

blueprint = Blueprint("api", __name__)

blueprint.add_url_rule("/healthz", "healthz", health.healthz)
blueprint.add_url_rule("/api/kpis", "kpis", reads.kpis)
for name in reads.LISTS:
    blueprint.add_url_rule(f"/api/{name}", name, reads.listed, defaults={"name": name})
blueprint.add_url_rule("/api/data-refresh", "data_refresh", reads.refresh, methods=["POST"])
blueprint.add_url_rule("/api/uploads", "uploads", uploads.several)
blueprint.add_url_rule("/api/uploads/<batch_id>", "upload", uploads.one)
blueprint.add_url_rule("/api/uploads/<batch_id>/receipt", "receipt", uploads.receipt)
blueprint.add_url_rule("/api/sales", "sales", store_sales.send, methods=["POST"])
