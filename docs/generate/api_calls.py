"""The portal of a small company, and a call of each API operation that it answers."""

import json
import sqlite3
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Flask

from portal import create_app
from tillstream.adapters.local.clock import ManualClock
from tillstream.alerts import rules
from tillstream.alerts.condition import AlertSources
from tillstream.alerts.evaluation import evaluate_rules
from tillstream.app import App, build
from tillstream.app.source_access import source_access
from tillstream.connectors import records as connectors
from tillstream.connectors.due_runs import run_connector
from tillstream.connectors.state import ConnectorDraft
from tillstream.goals import stored_goals
from tillstream.goals.targets import Goal, GoalMeasure, GoalTarget
from tillstream.intake import inbox
from tillstream.model.dates import Month
from tillstream.model.messages import store_sale_schema
from tillstream.model.permissions import Role
from tillstream.people import accounts, store_credentials
from tillstream.ports import Ports
from tillstream.server.worker import Worker
from tillstream.settings import Settings
from tillstream.stock import movement_messages, order_arrivals, purchase_orders, stored_levels
from tillstream.stock import restock_queue as restock
from tillstream.stock.order_arrivals import OrderReceipt
from tillstream.stock.purchase_orders import OrderLine, PurchaseOrder
from tillstream.stock.stored_movements import record_movements

NOW = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
FILE = """\
Invoice No,Line,Invoice Date,Store,Salesperson,Customer Code,Customer Name,Item Code,Item,Category,Channel,Status,Qty,Rate,Discount,Taxable Value,GST,Invoice Value,Original Invoice
1001,1,28-05-2026 10:15,MUM01,S1,C1,Asha Rao,P1,Kettle,Kitchen,store,Completed,2,900.00,0.00,1800.00,324.00,2124.00,
1002,1,03-06-2026 11:40,MUM01,S2,C2,Ravi Iyer,P2,Desk lamp,Home,store,Completed,1,1250.00,0.00,1250.00,225.00,1475.00,
1002,2,03-06-2026 11:40,MUM01,S2,C2,Ravi Iyer,P1,Kettle,Kitchen,store,Completed,1,900.00,50.00,850.00,153.00,1003.00,
1003,1,04-06-2026 18:05,DEL01,S7,C3,Meera Das,P3,Tea set,Kitchen,online,Completed,1,2100.00,0.00,2100.00,378.00,2478.00,
"""  # noqa: E501
MOVEMENTS = {
    "movements": [
        {
            "movement_id": "count-2026-06-30",
            "kind": "count",
            "region": "IN",
            "store_id": "MUM01",
            "stock_date": "2026-06-30",
            "lines": [{"product_id": "P1", "quantity": "12"}, {"product_id": "P2", "quantity": "4"}],
        }
    ]
}
PIECE = b"Invoice No,Line\n"


@contextmanager
def company() -> Iterator[tuple[App, Flask, str]]:
    """A portal with one file of four lines, and its batch."""
    with tempfile.TemporaryDirectory() as home:
        app = build(Settings(home=Path(home), samples=False, threads=1), ManualClock(NOW))
        try:
            accounts.add_account(app.ports, "ada", "Ada", Role.ADMIN)
            batch = _prepared(app)
            yield app, create_app(app), batch
        finally:
            app.close()


def _prepared(app: App) -> str:
    upload = inbox.receive_file(app.ports, app.contracts.pin("IN"), "june.csv", BytesIO(FILE.encode()), "ada")
    Worker(app).run_until_idle()
    record_movements(app.ports, movement_messages.parse_movements(json.dumps(MOVEMENTS).encode(), NOW.date()), by="ada")
    restock.run_restock(app.ports)
    stored_levels.refresh_levels(app.ports)
    goal = Goal(GoalTarget("IN"), GoalMeasure.REVENUE, Decimal(60_000), "INR")
    stored_goals.save_goals(app.ports, {Month.from_day(NOW.date()).plus(-1): {goal.key: goal}}, by="ada", source="grid")
    stored = rules.get_rule(app.ports, "large-sale")
    amounts = {"amount": Decimal(20), "days": Decimal(31)}
    rules.save_rule(
        app.ports, replace(stored.rule, is_enabled=True, parameters=amounts), by="ada", version=stored.version
    )
    evaluate_rules(AlertSources(app.ports, app.contracts, app.settings.reporting_currency))
    _order(app.ports)
    _connector(app)
    return upload.batch_id


def _order(ports: Ports) -> None:
    """An order of 12 kettles, of which 5 have arrived."""
    line = OrderLine("P1", "Kettle", Decimal(12), Decimal("540.00"))
    purchase_orders.create_order(ports, PurchaseOrder("example", "ACME", "IN", "MUM01", "INR", (line,)), by="ada")
    purchase_orders.send_order(ports, "example", by="ada", expected_on=date(2026, 7, 8))
    order_arrivals.receive_goods(
        ports, OrderReceipt("receipt", "example", {"P1": Decimal(5)}, NOW.date(), NOW), by="ada"
    )


def _connector(app: App) -> None:
    """A connector that has read the SQLite database of a web shop, which has no orders yet."""
    app.settings.sources_folder.mkdir()
    database = app.settings.sources_folder / "web-shop.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE orders (number TEXT, changed_at TEXT)")
    settings = {"url": f"sqlite:///{database}", "query": "orders", "cursor_column": "changed_at"}
    draft = ConnectorDraft("web-shop", "sql", settings, "IN", every_minutes=15)
    connectors.add_connector(app.ports, app.contracts, source_access(app), draft, "ada")
    run_connector(app.ports, app.contracts, source_access(app), "web-shop", "ada")


def store_token(app: App) -> str:
    """A new token of the store of the example sale."""
    sale = store_sale_schema()["examples"][0]
    return store_credentials.issue_store_token(app.ports, sale["region"], sale["store_id"], "front", "ada")[1]


def call_of(endpoint: str, batch: str, place: str) -> tuple[str, str, Any, dict[str, str]]:
    """Method, path, body and headers of a call that succeeds, for a batch and the place of an unfinished upload."""
    tus = {"Tus-Resumable": "1.0.0"}
    names = b",".join(
        name + b" " + b64encode(value) for name, value in ((b"filename", b"july.csv"), (b"contract", b"IN"))
    )
    special: dict[str, tuple[str, str, Any, dict[str, str]]] = {
        "api.kpis": ("GET", "/api/v1/kpis?from=2026-06-01&to=2026-06-30", None, {}),
        "api.sales-over-time": ("GET", "/api/v1/sales-over-time?period=monthly", None, {}),
        "api.top-customers": ("GET", "/api/v1/top-customers?limit=2", None, {}),
        "api.sale-lines": ("GET", "/api/v1/sale-lines?limit=1&from=2026-06-01", None, {}),
        "api.measure_values": ("GET", "/api/v1/measures/values?measures=revenue,orders&by=month", None, {}),
        "api.query": ("GET", "/api/v1/queries/rfm-segments", None, {}),
        "measures.definitions": ("GET", "/api/v1/measures", None, {}),
        "forecast.accuracy_data": ("GET", "/api/v1/forecasts/accuracy", None, {}),
        "goals.data": ("GET", "/api/v1/goals?month=2026-06&level=region", None, {}),
        "alerts.data": ("GET", "/api/v1/alerts?state=all", None, {}),
        "orders.data": ("GET", "/api/v1/orders?state=all&limit=1", None, {}),
        "orders.one": ("GET", "/api/v1/orders/PO-000001", None, {}),
        "quality.data": ("GET", "/api/v1/quality", None, {}),
        "measures.explanation_data": ("GET", "/api/v1/why/revenue", None, {}),
        "api.stock": ("GET", "/api/v1/stock?limit=2&status=in-stock", None, {}),
        "api.restock": ("GET", "/api/v1/restock?state=all&limit=1", None, {}),
        "api.stock_movements": ("GET", "/api/v1/stock/movements?region=IN&store=MUM01&limit=1", None, {}),
        "api.record_movements": ("POST", "/api/v1/stock/movements", MOVEMENTS, {}),
        "api.connectors": ("GET", "/api/v1/connectors", None, {}),
        "api.connector": ("GET", "/api/v1/connectors/web-shop", None, {}),
        "api.connector_runs": ("GET", "/api/v1/connectors/web-shop/runs?limit=1", None, {}),
        "api.run_connector": ("POST", "/api/v1/connectors/web-shop/run", None, {}),
        "api.pause_connector": ("POST", "/api/v1/connectors/web-shop/pause", None, {}),
        "api.resume_connector": ("POST", "/api/v1/connectors/web-shop/resume", None, {}),
        "api.data_refresh": ("POST", "/api/v1/data-refresh", None, {}),
        "api.uploads": ("GET", "/api/v1/uploads?limit=1&state=announced", None, {}),
        "api.upload": ("GET", f"/api/v1/uploads/{batch}", None, {}),
        "api.receipt": ("GET", f"/api/v1/uploads/{batch}/receipt", None, {}),
        "api.begin_sending": ("POST", "/api/v1/uploads", None,
                              tus | {"Upload-Length": "1000000", "Upload-Metadata": names.decode()}),
        "api.sending": ("GET", place, None, tus),
        "api.send_piece": ("PATCH", place, PIECE,
                           tus | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}),
        "api.cancel_sending": ("DELETE", place, None, tus),
        "api.sales": ("POST", "/api/v1/sales", store_sale_schema()["examples"][0], {}),
        "api.outcomes": ("GET", "/api/v1/sales/outcomes?limit=2", None, {}),
        "api.healthz": ("GET", "/healthz", None, {}),
        "health.ready": ("GET", "/healthz/ready", None, {}),
    }  # fmt: skip
    return special.get(endpoint, ("GET", f"/api/v1/{endpoint.removeprefix('api.')}", None, {}))
