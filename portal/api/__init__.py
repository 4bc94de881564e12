"""HTTP API: the numbers of the pages for programs, within the scope of the caller."""

from typing import Any

from flask import Blueprint

from portal.api import docs_page, health, ledger_lists, named_queries, paths, queries, resumable, stock, uploads
from portal.api.sources import connectors
from portal.api.sync import calls as sync_calls
from portal.api.tills import outcomes
from portal.api.tills import sales as store_sales

blueprint = Blueprint("api", __name__, template_folder="templates")


def _route(path: str, endpoint: str, view: Any, *methods: str, **options: Any) -> None:
    """Add a call under `/api/v1/` and under its alias without a version."""
    for root in (paths.ROOT, paths.ALIAS):
        blueprint.add_url_rule(root + path, endpoint, view, methods=methods or None, **options)


blueprint.add_url_rule("/healthz", "healthz", health.healthz)
_route("kpis", "kpis", queries.kpis)
for name in queries.LISTS:
    _route(name, name, queries.listed(name))
for name, action in queries.RESTRICTED.items():
    _route(name, name, queries.listed(name, action))
_route("data-refresh", "data_refresh", queries.refresh, "POST")
_route("uploads", "uploads", uploads.several, provide_automatic_options=False)
_route("uploads", "begin_sending", resumable.begin, "POST", "OPTIONS", provide_automatic_options=False)
_route("uploads/sending/<sending_id>", "sending", resumable.one)
_route("uploads/sending/<sending_id>", "send_piece", resumable.append, "PATCH")
_route("uploads/sending/<sending_id>", "cancel_sending", resumable.cancel, "DELETE")
_route("uploads/<batch_id>", "upload", uploads.one)
_route("uploads/<batch_id>/receipt", "receipt", uploads.receipt)
_route("sales", "sales", store_sales.send, "POST")
_route("sales/outcomes", "outcomes", outcomes.outcomes)
_route("stock", "stock", stock.stock)
_route("stock/movements", "stock_movements", stock.movements)
_route("stock/movements", "record_movements", stock.record, "POST")
_route("restock", "restock", stock.restock)
_route("connectors", "connectors", connectors.several)
_route("connectors/<connector>", "connector", connectors.one)
_route("connectors/<connector>/runs", "connector_runs", connectors.runs_of)
for name in ("run", "pause", "resume"):
    _route(f"connectors/<connector>/{name}", f"{name}_connector", getattr(connectors, name), "POST")
_route("sync/<call>", "sync", sync_calls.sync, "POST")
_route("openapi.json", "openapi", docs_page.openapi)
blueprint.add_url_rule(f"{paths.ROOT}queries", "queries", named_queries.index)
blueprint.add_url_rule(f"{paths.ROOT}queries/<name>", "query", named_queries.query)
blueprint.add_url_rule(f"{paths.ROOT}measures/values", "measure_values", named_queries.values)
for name, view in (("sale-lines", ledger_lists.sale_lines), ("changes", ledger_lists.changes)):
    blueprint.add_url_rule(paths.ROOT + name, name, view)
blueprint.add_url_rule("/api/docs", "docs_page", docs_page.show)
blueprint.add_url_rule("/api/docs/reference", "reference", docs_page.reference)
