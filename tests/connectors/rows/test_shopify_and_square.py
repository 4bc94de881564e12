"""Orders of Shopify and Square become rows whose amounts are those of the orders."""

from decimal import Decimal
from typing import Any

import pytest
from connectors.open_access import OpenAccess
from connectors.rows.http_server import Server, serving
from connectors.rows.pulled import Connector, open_source, values
from connectors.rows.shop_apis import TOKEN, Shopify, Square, line, money, square_line

from tillstream.model.errors import Rejected

REFERENCE = "secret:tillstream-source-shop"


def access(token: str = TOKEN) -> OpenAccess:
    return OpenAccess({REFERENCE: token})


def shopify(server: Server, **settings: str) -> Connector:
    return Connector("shopify", access(), url=server.url, token=REFERENCE, per_second="100", **settings)


def square(server: Server, **settings: str) -> Connector:
    common = {"url": server.url, "token": REFERENCE, "per_second": "100", "locations": "L1, L2"}
    return Connector("square", access(), **{**common, **settings})


def total(rows: list[dict[str, str]], column: str = "gross_amount") -> Decimal:
    return sum((Decimal(row[column]) for row in rows), Decimal())


def test_orders_of_all_pages_come_once_with_a_busy_api() -> None:
    shop = Shopify(busy_every=3)
    for number in range(1, 12):
        shop.put(number, f"2026-11-01T10:{number:02}:00-05:00")
    with serving(shop) as server:
        orders = shopify(server)
        assert values(orders.rows(), "sale_id") == [str(number) for number in range(1, 12)]
        assert orders.run() == []
        shop.put(3, "2026-11-01T16:30:00+00:00", financial_status="voided")
        assert [(row["sale_id"], row["status"]) for row in orders.rows()] == [("3", "cancelled")]
        assert orders.run() == []


def test_an_order_with_tax_discount_shipping_and_refunds_adds_up() -> None:
    refund = {
        "id": 900,
        "created_at": "2026-11-03T09:00:00-05:00",
        "refund_line_items": [{"id": 901, "line_item_id": 11, "quantity": 1, "subtotal": "8.00", "total_tax": "0.80"}],
        "order_adjustments": [{"id": 902, "amount": "-4.00", "tax_amount": "-0.40", "reason": "Shipping refund"}],
    }
    order: dict[str, Any] = {
        "line_items": [line(11, "10.00", 3, tax="2.40", discount="6.00"), line(12, "5.00", 1)],
        "shipping_lines": [{"id": 13, "title": "Post", "price": "4.00", "tax_lines": [{"price": "0.40"}]}],
        "refunds": [refund],
    }
    shop = Shopify()
    shop.put(1, "2026-11-03T09:00:00-05:00", **order)
    with serving(shop) as server:
        rows = shopify(server).rows()
    assert [(row["kind"], row["quantity"], row["net_amount"], row["tax"]) for row in rows] == [
        ("line", "3", "24.00", "2.40"),
        ("line", "1", "5.00", "0"),
        ("shipping", "1", "4.00", "0.40"),
        ("refund", "-1", "-8.00", "-0.80"),
        ("adjustment", "-1", "-4.00", "-0.40"),
    ]
    assert total(rows[:3]) == Decimal("35.80")
    assert total(rows[3:]) == Decimal("-13.20")
    assert {(row["sale_id"], row["status"], row["returns_sale_id"]) for row in rows} == {
        ("1", "completed", ""),
        ("1-R900", "returned", "1"),
    }
    assert rows[0]["sold_at"] == "2026-11-01T09:00:00-05:00"
    assert (rows[3]["product_id"], rows[3]["product_name"]) == ("CLOCK-1", "Clock - red")


def test_prices_that_include_tax_and_cancelled_orders() -> None:
    refund = {
        "id": 9,
        "created_at": "2026-11-03",
        "refund_line_items": [{"id": 8, "line_item_id": 11, "quantity": 1, "subtotal": "11.90", "total_tax": "1.90"}],
    }
    shop = Shopify()
    common = {"taxes_included": True, "line_items": [line(11, "11.90", 1, tax="1.90")], "refunds": [refund]}
    shop.put(1, "2026-11-03T09:00:00Z", **common)
    shop.put(2, "2026-11-03T09:00:00Z", **common, cancelled_at="2026-11-03T09:00:00Z")
    with serving(shop) as server:
        rows = shopify(server).rows()
    assert values(rows, "net_amount") == ["10.00", "-10.00"] * 2
    assert values(rows, "status") == ["completed", "returned", "cancelled", "cancelled"]


def test_orders_of_square_with_charges_and_returns() -> None:
    shop = Square()
    charge = {"uid": "c", "name": "Service", "total_money": money(150), "total_tax_money": money(0)}
    for number in range(5):
        shop.put(f"O{number}", f"2026-11-01T10:0{number}:00.123Z", line_items=[square_line("l", 2199, 199)])
    shop.put(
        "R1",
        "2026-11-02T10:00:00Z",
        returns=[{"source_order_id": "O1", "return_line_items": [square_line("r", 2199, 199)]}],
    )
    shop.put("S1", "2026-11-02T11:00:00Z", state="OPEN", service_charges=[charge])
    shop.put("X1", "2026-11-02T11:00:00Z", location_id="L9", line_items=[square_line("l", 100)])
    with serving(shop) as server:
        orders = square(server)
        rows = orders.rows()
        assert values(rows, "sale_id") == ["O0", "O1", "O2", "O3", "O4", "R1", "S1"]
        assert orders.run() == []
        shop.put("S1", "2026-11-02T12:00:00Z", version=2, service_charges=[charge])
        [changed] = orders.rows()
    assert (changed["sale_id"], changed["status"], changed["version"]) == ("S1", "completed", "2")
    first, returned, open_order = rows[0], rows[5], rows[6]
    assert (first["net_amount"], first["tax"], first["gross_amount"]) == ("20.00", "1.99", "21.99")
    assert first["product_name"] == "Clock · red"
    assert (returned["quantity"], returned["net_amount"], returned["status"]) == ("-2", "-20.00", "returned")
    assert returned["returns_sale_id"] == "O1"
    assert (open_order["kind"], open_order["net_amount"], open_order["status"]) == ("charge", "1.50", "pending")


@pytest.mark.parametrize(("currency", "amount"), [("USD", "12.34"), ("JPY", "1234"), ("KWD", "1.234")])
def test_minor_units_of_currencies(currency: str, amount: str) -> None:
    shop = Square()
    shop.put("O1", "2026-11-01T10:00:00Z", line_items=[square_line("l", 1234, currency=currency)])
    with serving(shop) as server:
        assert values(square(server).rows(), "net_amount") == [amount]


def test_wrong_tokens_and_settings() -> None:
    with serving(Shopify()) as server:
        wrong = open_source("shopify", access("shpat_wrong"), url=server.url, token=REFERENCE)
        with pytest.raises(Rejected, match="refuses the credential") as error:
            wrong.test()
        assert "shpat_wrong" not in str(error.value)
        assert "0 records" in open_source("shopify", access(), url=server.url, token=REFERENCE).test()
    with serving(Square()) as server:
        assert square(server).run() == []
        with pytest.raises(Rejected, match="1 to 10 locations"):
            square(server, locations=",".join("ABCDEFGHIJK")).run()
