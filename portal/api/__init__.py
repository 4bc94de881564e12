"""HTTP API: the numbers of the pages for programs, within the scope of the caller."""

from typing import Any

from flask import Blueprint

from portal import urls
from portal.api import connectors, openapi, queries, request_rules, stock, store_sales, uploads
from portal.api import sync as sync_calls

blueprint = Blueprint("api", __name__, template_folder="templates")


def _route(path: str, endpoint: str, view: Any, *methods: str, **options: Any) -> None:
    """Add a call under `/api/v1/` and under its alias without a version."""
    for root in (urls.API_ROOT, urls.API_ALIAS):
        blueprint.add_url_rule(root + path, endpoint, view, methods=methods or None, **options)


blueprint.add_url_rule("/healthz", "healthz", request_rules.healthz)
_route("kpis", "kpis", queries.kpis)
for name in queries.LISTS:
    _route(name, name, queries.list_call(name))
for name, action in queries.RESTRICTED.items():
    _route(name, name, queries.list_call(name, action))
_route("data-refresh", "data_refresh", queries.refresh_data, "POST")
_route("uploads", "uploads", uploads.list_uploads, provide_automatic_options=False)
_route("uploads", "begin_sending", uploads.begin_upload_in_parts, "POST", "OPTIONS", provide_automatic_options=False)
_route("uploads/sending/<sending_id>", "sending", uploads.state_of_upload_in_parts)
_route("uploads/sending/<sending_id>", "send_piece", uploads.append_piece, "PATCH")
_route("uploads/sending/<sending_id>", "cancel_sending", uploads.cancel_upload_in_parts, "DELETE")
_route("uploads/<batch_id>", "upload", uploads.show_upload)
_route("uploads/<batch_id>/receipt", "receipt", uploads.show_receipt)
_route("sales", "sales", store_sales.send_sales, "POST")
_route("sales/outcomes", "outcomes", store_sales.list_outcomes)
_route("stock", "stock", stock.list_levels)
_route("stock/movements", "stock_movements", stock.list_movements)
_route("stock/movements", "record_movements", stock.record_movements, "POST")
_route("restock", "restock", stock.list_restock)
_route("connectors", "connectors", connectors.list_connectors)
_route("connectors/<connector>", "connector", connectors.show_connector)
_route("connectors/<connector>/runs", "connector_runs", connectors.list_runs)
for name in ("run", "pause", "resume"):
    _route(f"connectors/<connector>/{name}", f"{name}_connector", getattr(connectors, name), "POST")
_route("sync/<call>", "sync", sync_calls.answer_call, "POST")
_route("openapi.json", "openapi", openapi.openapi_json)
blueprint.add_url_rule(f"{urls.API_ROOT}queries", "queries", queries.list_queries)
blueprint.add_url_rule(f"{urls.API_ROOT}queries/<name>", "query", queries.run_query)
blueprint.add_url_rule(f"{urls.API_ROOT}measures/values", "measure_values", queries.values_of_measures)
for name, view in (("sale-lines", queries.list_sale_lines), ("changes", queries.list_settlements)):
    blueprint.add_url_rule(urls.API_ROOT + name, name, view)
blueprint.add_url_rule("/api/docs", "docs_page", openapi.show_docs_page)
blueprint.add_url_rule("/api/docs/reference", "reference", openapi.show_reference)
