"""Square: orders of locations with their lines, charges and returns, from the Orders API."""

from collections.abc import Mapping
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
    bearer_header,
    requests_per_second,
)
from tillstream.connectors.http.paging import CursorInBody
from tillstream.connectors.http.shop_orders import ZERO, OrderRow, order_source, order_text
from tillstream.connectors.source import ConnectionAccess, ConnectorKind, ConnectorSource, SourceSetting
from tillstream.model.errors import Rejected
from tillstream.model.money import minor_digits

MAX_LOCATIONS = 10
PAGE_SIZE = 500
SETTINGS = (
    SourceSetting(
        "locations", "Locations", "IDs separated by commas, at most 10", is_required=True, resets_cursor=True
    ),
    TOKEN,
    SourceSetting("url", "URL", default="https://connect.squareup.com", resets_cursor=True),
    SourceSetting("version", "Version of the API", default="2025-10-16"),
    LOOK_BACK,
    FILE_ROWS,
    REQUESTS_PER_SECOND,
)
_STATUS = {"COMPLETED": "completed", "OPEN": "pending", "DRAFT": "pending", "CANCELED": "cancelled"}


def rows(order: ApiRecord) -> list[dict[str, Any]]:
    """The rows of an order as it is now. Returns are orders of their own, which name the order that they return."""
    status = _STATUS.get(order_text(order.get("state")), order_text(order.get("state")))
    row = partial(
        OrderRow,
        sale_id=order_text(order["id"]),
        order=order_text(order.get("reference_id") or order.get("ticket_name")),
        sold_at=order_text(order.get("closed_at") or order.get("created_at")),
        changed_at=order_text(order.get("updated_at")),
        store=order_text(order.get("location_id")),
        channel=order_text((order.get("source") or {}).get("name")),
        customer_id=order_text(order.get("customer_id")),
        version=order_text(order.get("version")),
    )
    sold = partial(row, status=status)
    entries = [_row(line, partial(sold, kind="line")) for line in order.get("line_items") or ()]
    entries += [_row(charge, partial(sold, kind="charge")) for charge in order.get("service_charges") or ()]
    returned = partial(row, status="cancelled" if status == "cancelled" else "returned", kind="refund")
    for group in order.get("returns") or ():
        refund = partial(returned, returns_sale_id=order_text(group.get("source_order_id")))
        lines = (*(group.get("return_line_items") or ()), *(group.get("return_service_charges") or ()))
        entries += [_row(line, refund, sign=-1) for line in lines]
    return [entry.to_row() for entry in entries]


def _row(line: Mapping[str, Any], row: "partial[OrderRow]", sign: int = 1) -> OrderRow:
    gross, tax = _amount(line, "total_money"), _amount(line, "total_tax_money")
    name = " · ".join(filter(None, (order_text(line.get("name")), order_text(line.get("variation_name")))))
    return row(
        line=order_text(line.get("uid")),
        currency=order_text((line.get("total_money") or {}).get("currency")),
        quantity=sign * Decimal(order_text(line.get("quantity")) or 1),
        unit_price=_amount(line, "base_price_money") if "base_price_money" in line else None,
        discount=sign * _amount(line, "total_discount_money"),
        tax=sign * tax,
        net_amount=sign * (gross - tax),
        product_id=order_text(line.get("catalog_object_id")),
        product_name=name,
    )


def _amount(line: Mapping[str, Any], name: str) -> Decimal:
    """Money of Square is a whole number in the minor unit of its currency."""
    money = line.get(name)
    return Decimal(money["amount"]).scaleb(-minor_digits(money["currency"])) if money else ZERO


def open_source(settings: Mapping[str, str], access: ConnectionAccess) -> ConnectorSource:
    locations = [part.strip() for part in settings["locations"].split(",") if part.strip()]
    if not 1 <= len(locations) <= MAX_LOCATIONS:
        raise Rejected(f"Enter 1 to {MAX_LOCATIONS} locations; add another connector for more.")
    api = JsonApi(
        f"{settings['url'].rstrip('/')}/v2/orders/search",
        access,
        per_second=requests_per_second(settings),
        authorise=lambda: bearer_header(access.credential(settings["token"])),
    )

    def pages(since: str | None) -> RecordPages:
        query: dict[str, Any] = {"sort": {"sort_field": "UPDATED_AT", "sort_order": "ASC"}}
        if since is not None:
            query["filter"] = {"date_time_filter": {"updated_at": {"start_at": since}}}
        return api.pages(
            CursorInBody("cursor", "cursor", in_body=True),
            "$.orders",
            is_optional=True,
            body={"location_ids": locations, "limit": PAGE_SIZE, "query": query},
            headers={"Square-Version": settings["version"]},
        )

    return order_source(api.host, pages, rows, settings)


KIND = ConnectorKind(
    name="square",
    title="Square",
    about="Pulls the orders of Square locations that are new or changed, with their returns.",
    settings=SETTINGS,
    open=open_source,
)
