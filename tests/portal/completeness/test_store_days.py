"""Store sales by day: one row for a store and day, however many micro-batches there are."""

import json
from typing import Any

from visitor import People

from tillstream.analytics.filters import Filters
from tillstream.analytics.queries import run_query
from tillstream.app import App
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.model.messages import store_sale_schema
from tillstream.model.people import UNRESTRICTED
from tillstream.model.permissions import Role
from tillstream.ports.bus import Message
from tillstream.server.worker import Worker

SALE = store_sale_schema()["examples"][0]
LINES = len(SALE["lines"])
WEEK = "/uploads/store-sales?from=2026-06-15&to=2026-06-21"


def send(app: App, *sales: dict[str, Any]) -> None:
    """One micro-batch for each sale."""
    for sale in sales:
        named = {"region": sale["region"], "store_id": sale["store_id"]}
        app.ports.bus.publish(TOPIC_STORE_SALES, [Message(json.dumps(sale).encode(), named)])
        Worker(app).run_until_idle()


def sale(number: str, store: str = "LON1", day: int = 20, **changes: Any) -> dict[str, Any]:
    return SALE | {"number": number, "store_id": store, "sold_at": f"2026-06-{day}T10:00:00+00:00"} | changes


def test_a_store_has_one_row_for_a_day_whatever_its_batches_contain(app: App) -> None:
    corrected = SALE["lines"][0] | {"quantity": "3"}
    send(app, sale("1"), sale("2"), sale("1"), sale("2", version=2, lines=[corrected, *SALE["lines"][1:]]))
    send(app, sale("3", status="lost"), sale("5", "MAN1"), sale("4", day=19))
    rows = run_query(app.ports.warehouse, "store-sales-by-day", UNRESTRICTED, Filters()).to_pylist()
    assert [(str(row["sale_date"]), row["store_id"], row["sales"], row["batches"]) for row in rows] == [
        ("2026-06-20", "LON1", 2, 4),
        ("2026-06-20", "MAN1", 1, 1),
        ("2026-06-19", "LON1", 1, 1),
    ]
    first = rows[0]
    assert first["rows_new"] == 2 * LINES
    assert first["rows_new"] + first["rows_corrected"] + first["rows_duplicate"] == 4 * LINES
    assert first["rows_corrected"] == 1


def test_quarantined_sales_count_apart(app: App) -> None:
    unknown_status = sale("2", extra_field="x")
    send(app, sale("1"), unknown_status)
    (row,) = run_query(app.ports.warehouse, "store-sales-by-day", UNRESTRICTED, Filters()).to_pylist()
    assert (row["sales"], row["rows_new"], row["batches"]) == (1, LINES, 1), (
        "an unreadable message has no store and day"
    )


def test_the_list_has_the_sales_of_the_period_that_the_reader_may_see(app: App, person: People) -> None:
    send(app, sale("1"), sale("5", "MAN1"), sale("2", "BRI1", day=1))
    admin, clerk = person(Role.ADMIN), person(Role.CLERK, "IN")
    text = admin.get(WEEK).text
    assert "/completeness/UK/2026-06-20?store=LON1" in text
    assert "MAN1" in text
    assert "BRI1" not in text
    assert "LON1" not in clerk.get(WEEK).text
    assert "No store sales in this period" in admin.get("/uploads/store-sales?from=2025-01-01&to=2025-01-02").text
    assert admin.get("/uploads/store-sales?from=today").status_code == 422
    assert admin.get("/completeness/UK/2026-06-20?store=LON1").status_code == 200
