"""Shopify: orders with their lines, shipping and refunds, from the REST Admin API."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from tillstream.connectors.http.json_api import (
    FILE_ROWS,
    LOOK_BACK,
    REQUESTS_PER_SECOND,
    TOKEN,
    ApiRecord,
    JsonApi,
    RecordPages,
    requests_per_second,
)
from tillstream.connectors.http.paging import LinkHeader
from tillstream.connectors.http.shop_orders import OrderRow, order_source, order_text, order_total
from tillstream.connectors.source import ConnectionAccess, ConnectorKind, ConnectorSource, SourceSetting

PAGE_SIZE = "250"
SETTINGS = (
    SourceSetting("url", "Shop", "For example https://example.myshopify.com", is_required=True, resets_cursor=True),
    TOKEN,
    SourceSetting("version", "Version of the API", default="2025-10"),
    LOOK_BACK,
    FILE_ROWS,
    REQUESTS_PER_SECOND,
)
_STATUS = {"pending": "pending", "authorized": "pending", "voided": "cancelled", "expired": "cancelled"}
"""Financial status of an order that is not completed."""


def rows(order: ApiRecord) -> list[dict[str, Any]]:
    """The rows of an order as it is now: what was sold, and what was refunded since."""
    status = (
        "cancelled"
        if order.get("cancelled_at")
        else _STATUS.get(order_text(order.get("financial_status")), "completed")
    )
    row = partial(
        OrderRow,
        changed_at=order_text(order.get("updated_at")),
        currency=order_text(order.get("currency")),
        order=order_text(order.get("name")),
        store=order_text(order.get("location_id")),
        channel=order_text(order.get("source_name")),
        customer_id=order_text((order.get("customer") or {}).get("id")),
        country=order_text((order.get("shipping_address") or order.get("billing_address") or {}).get("country_code")),
        is_test=bool(order.get("test")),
    )
    sale = partial(
        row, sale_id=order_text(order["id"]), sold_at=order_text(order.get("processed_at") or order.get("created_at"))
    )
    sold = [*_lines(order, partial(sale, status=status)), *_shipping(order, partial(sale, status=status))]
    returned = "cancelled" if status == "cancelled" else "returned"
    return [entry.to_row() for entry in (*sold, *_refunds(order, partial(row, status=returned)))]


def _lines(order: ApiRecord, row: "partial[OrderRow]") -> Iterator[OrderRow]:
    for line in order.get("line_items") or ():
        quantity, price = Decimal(line["quantity"]), Decimal(str(line["price"]))
        discount, tax = (
            order_total(line.get("discount_allocations"), "amount"),
            order_total(line.get("tax_lines"), "price"),
        )
        yield row(
            kind="line",
            line=order_text(line["id"]),
            quantity=quantity,
            unit_price=price,
            discount=discount,
            tax=tax,
            net_amount=quantity * price - discount - _included(order, tax),
            **_product(line),
        )


def _shipping(order: ApiRecord, row: "partial[OrderRow]") -> Iterator[OrderRow]:
    for line in order.get("shipping_lines") or ():
        price, tax = Decimal(str(line["price"])), order_total(line.get("tax_lines"), "price")
        discount = order_total(line.get("discount_allocations"), "amount")
        yield row(
            kind="shipping",
            line=f"shipping-{line['id']}",
            quantity=Decimal(1),
            unit_price=price,
            discount=discount,
            tax=tax,
            net_amount=price - discount - _included(order, tax),
            product_name=order_text(line.get("title")),
        )


def _refunds(order: ApiRecord, row: "partial[OrderRow]") -> Iterator[OrderRow]:
    lines = {line["id"]: line for line in order.get("line_items") or ()}
    for refund in order.get("refunds") or ():
        entry = partial(
            row,
            sale_id=f"{order['id']}-R{refund['id']}",
            returns_sale_id=order_text(order["id"]),
            sold_at=order_text(refund.get("processed_at") or refund.get("created_at")),
        )
        for line in refund.get("refund_line_items") or ():
            tax = Decimal(str(line.get("total_tax") or 0))
            yield entry(
                kind="refund",
                line=order_text(line["id"]),
                quantity=-Decimal(line["quantity"]),
                tax=-tax,
                net_amount=-(Decimal(str(line["subtotal"])) - _included(order, tax)),
                **_product(line.get("line_item") or lines.get(line["line_item_id"], {})),
            )
        for adjustment in refund.get("order_adjustments") or ():
            tax = Decimal(str(adjustment.get("tax_amount") or 0))
            yield entry(
                kind="adjustment",
                line=f"adjustment-{adjustment['id']}",
                quantity=Decimal(-1),
                tax=tax,
                net_amount=Decimal(str(adjustment["amount"])),
                product_name=order_text(adjustment.get("reason")),
            )


def _included(order: ApiRecord, tax: Decimal) -> Decimal:
    """The tax that the prices of an order include."""
    return tax if order.get("taxes_included") else Decimal()


def _product(line: Mapping[str, Any]) -> dict[str, str]:
    product = order_text(line.get("sku")) or order_text(line.get("product_id"))
    return {
        "product_id": product,
        "variant_id": order_text(line.get("variant_id")),
        "product_name": order_text(line.get("name")),
    }


def open_source(settings: Mapping[str, str], access: ConnectionAccess) -> ConnectorSource:
    url = f"{settings['url'].rstrip('/')}/admin/api/{settings['version']}/orders.json"
    api = JsonApi(
        url,
        access,
        per_second=requests_per_second(settings),
        authorise=lambda: {"X-Shopify-Access-Token": access.credential(settings["token"])},
    )

    def pages(since: str | None) -> RecordPages:
        parameters = {"status": "any", "limit": PAGE_SIZE, "order": "updated_at asc"}
        if since is not None:
            parameters["updated_at_min"] = since
        return api.pages(LinkHeader(), "$.orders", params=parameters)

    return order_source(api.host, pages, rows, settings)


KIND = ConnectorKind(
    name="shopify",
    title="Shopify",
    about="Pulls the orders of a Shopify shop that are new or changed, with their refunds.",
    settings=SETTINGS,
    open=open_source,
)
