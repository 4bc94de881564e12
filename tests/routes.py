"""An address for every route of the portal, for the tests that visit all of them.

A new route whose path has an argument without an example fails those tests: add an example to ARGUMENTS, or let the
test pass its own value in `arguments`. A page that needs a query string has one in QUERIES.
"""

from collections.abc import Iterator
from urllib.parse import urlencode

from flask import Flask
from werkzeug.routing import Rule

ARGUMENTS: dict[str, str | int] = {
    "filename": "tillstream.css",
    "batch_id": "0" * 20,
    "login": "nobody",
    "token_id": "0" * 12,
    "close_id": "2026-06-01-" + "0" * 32 + "-" + "0" * 12,
    "key_id": "0" * 12,
    "number": 1,
    "sale_id": "MUM01/1",
    "region": "IN",
    "name": "IN",
    "on": "2026-06-01",
    "session_id": "0" * 32,
    "text": "A" * 43,
    "tile": "headline",
    "ranking": "by-store",
    "filter_name": "store",
    "figure": "revenue",
    "form": "html",
    "message_id": "0" * 32,
    "code": "not-a-number",
    "table": "sales-by-country",
    "line": "2",
    "webhook_id": "0" * 12,
    "alert_id": "0" * 20,
    "loss": "0" * 20,
    "rule_id": "large-sale",
    "channel_id": "0" * 12,
    "delivery_id": "0" * 32,
    "view_id": "0" * 12,
    "subscription_id": "0" * 12,
    "export_id": "0" * 32,
    "destination": "bi",
    "dashboard_id": "0" * 12,
    "tile_id": "0" * 8,
    "annotation_id": "2026-06-01-00000000",
    "sending_id": "0" * 32,
    "tab": "products",
    "report": "value",
    "live_file": "sales-by-region",
    "suffix": "csv",
    "segment": "champions",
    "check_name": "fact-sales-unique",
    "kind": "products",
    "order_number": "PO-999999",
    "entry_id": "0" * 16 + "-" + "0" * 8,
    "movement_form": "receive",
    "count_id": "0" * 32,
    "connector": "erp-sales",
    "connector_kind": "sql",
    "source": "IN",
    "call": "hello",
    "home": "berlin-1",
}
"""argument of a path → an example of its form; a test replaces it if the argument must name something."""

QUERIES: dict[str, list[dict[str, str]]] = {
    "sign_in.form": [{}, {"next": "/uploads"}],
    "dashboard.show": [{}, {"from": "2026-06-01", "to": "2026-06-30"}, {"preset": "last-month"}, {"whole": "1"}],
    "sale_lines.show": [{}, {"q": "kettle", "sort": "-net_amount"}, {"column": "discount", "page": "2"}],
    "sale_lines.export": [{}, {"format": "jsonl"}, {"format": "parquet", "q": "kettle"}],
    "measures.explanation": [{}, {"from": "2026-06-01", "to": "2026-06-30"}, {"uploads": "all", "page": "2"}],
    "measures.listing": [{}, {"q": "revenue", "sort": "-owner"}, {"owner": "Finance", "page": "2"}],
    "customers.show": [{}, {"cohorts": "quarterly"}, {"preset": "last-month"}],
    "customers.segment": [{}, {"q": "a", "sort": "-recency_score"}],
    "products.show": [{}, {"q": "kettle", "class": "A", "sort": "-units"}],
    "uploads.listing": [{}, {"q": "june"}, {"state": "counted"}, {"sort": "file"}, {"kind": "messages"}],
    "search.show": [{}, {"q": "MUM01/1"}, {"q": "kettle"}, {"q": "C1"}],
    "sale_history.show": [{}, {"region": "IN"}],
    "changes.show": [{}, {"since": "2020-01-01"}],
    "quality.pass_rates": [{}, {"weeks": "4", "sort": "rate"}, {"q": "date", "sort": "-change"}],
    "completeness.show": [{}, {"view": "week", "day": "2026-06-03", "open": "IN"}],
    "admin.people": [{}, {"q": "a"}, {"role": "clerk", "state": "active"}, {"sort": "-seen"}],
    "catalogue.listing": [{}, {"q": "kettle", "sort": "-name", "state": "all"}],
    "catalogue.entry": [{"code": "KET"}],
    "catalogue.new_codes": [
        {},
        {"q": "kettle", "sort": "-first", "region": "IN"},
        {"state": "decided"},
        {"kind": "store"},
    ],
    "catalogue.merge_codes": [{"codes": "IN:P1"}, {"codes": "IN:P1", "q": "kettle"}],
    "catalogue.prices_off_list": [{}, {"share": "0.5", "page": "2"}],
    "subscriptions.new": [{"address": "/explore?by=category"}],
    "stock_files.report": [{}, {"by": "category"}],
    "catalogue.export": [{}, {"format": "xlsx"}],
    "orders.listing": [{}, {"state": "all", "q": "kettle", "sort": "-expected_on"}, {"state": "late", "page": "2"}],
    "orders.new": [{}, {"supplier": "ACME", "place": "IN/MUM01"}],
    "stock.show": [{}, {"q": "kettle", "status": "attention", "sort": "-cover"}, {"store": "MUM01", "page": "2"}],
    "stock.history": [{"region": "IN", "store": "MUM01", "product": "KET"}],
    "stock.form": [{}, {"store": "IN/MUM01"}],
    "stock.products": [{"store": "IN/MUM01", "q": "ket"}],
    "stock.movement": [{"id": "sample-receipt"}],
    "stock.movements": [{}, {"store": "IN/MUM01", "page": "2"}],
    "stock.transfers": [{}, {"state": "all"}],
    "stock.transfer": [{"id": "sample-transfer"}],
    "stock.new_count": [{}, {"store": "IN/MUM01"}],
    "stock.review_count": [{}, {"zero": "all", "show": "different"}],
    "stock.returns": [{}, {"q": "kettle"}],
    "connectors.listing": [{}, {"q": "erp", "sort": "-state"}],
    "connectors.show": [{}, {"page": "2"}],
    "audit.show": [{}, {"what": "user"}, {"what": "upload.received", "q": "june"}, {"since": "2026-06-01"}],
    "corrections.show": [{}, {"left": "1"}, {"q": "ten", "page": "2"}],
    "corrections.rows": [{}, {"left": "1"}, {"column": "2"}, {"problem": "not-a-number", "q": "ten"}],
    "corrections.cell": [{}, {"row": "1", "column": "1"}],
    "alerts.listing": [{}, {"state": "ended", "kind": "large-sale"}, {"state": "", "q": "sale"}],
    "alerts.new_rule": [{"kind": "unusual-day"}],
    "explore.tile_of": [{}, {"show": "number"}, {"show": "table", "by": "month", "preset": "all"}],
    "explore.export_shown": [{}, {"by": "region", "across": "month", "preset": "all", "format": "xlsx"}],
    "own_dashboards.pin_form": [{}, {"address": "/explore?measure=units", "title": "Units"}],
    "live_files.show": [{}, {"name": "sales-by-store", "preset": "last-month"}],
    "api.sales-over-time": [{}, {"period": "quarterly"}],
}
"""endpoint → its query strings as dictionaries; an endpoint without an entry has only `{}`."""

ENDLESS: frozenset[str] = frozenset()
"""Streams that never end: a test reads only their first bytes."""


def routes_of(flask: Flask, method: str = "GET") -> Iterator[Rule]:
    """Every route with the method, sorted by address."""
    for rule in sorted(flask.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint)):
        if method in (rule.methods or ()):
            yield rule


def address(rule: Rule, **arguments: str) -> str:
    """The path with an example in the place of each argument; `arguments` overrides ARGUMENTS."""
    values = ARGUMENTS | arguments
    missing = sorted(rule.arguments - set(values) - set(rule.defaults or ()))
    if missing:
        raise LookupError(
            f"{rule.rule} has no example for {', '.join(missing)}: name one in ARGUMENTS of tests/routes.py."
        )
    _, path = rule.build({name: values[name] for name in rule.arguments if name in values} | dict(rule.defaults or {}))
    return path


def addresses(rule: Rule, **arguments: str) -> list[str]:
    """The path with each query string of the route."""
    path = address(rule, **arguments)
    return [f"{path}?{urlencode(query)}" if query else path for query in QUERIES.get(rule.endpoint, [{}])]
