"""Shopify's and Square's APIs as they document them: paging, tokens, rate limits, filters, sorting."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.rows.http_server import Answer, Request

TOKEN = "shpat_0123456789abcdef"


@dataclass
class Shopify:
    """orders: by ID. busy: of each so many requests one is refused with 429, as the leaky bucket does."""

    page_size: int = 3
    busy_every: int = 0
    orders: dict[int, dict[str, Any]] = field(default_factory=dict)
    requests: int = 0

    def put(self, number: int, updated_at: str, **fields: Any) -> None:
        self.orders[number] = {
            "id": number,
            "name": f"#{number}",
            "created_at": "2026-11-01T09:00:00-05:00",
            "processed_at": "2026-11-01T09:00:00-05:00",
            "updated_at": updated_at,
            "cancelled_at": None,
            "financial_status": "paid",
            "currency": "USD",
            "taxes_included": False,
            "test": False,
            "source_name": "web",
            "location_id": None,
            "customer": {"id": 77},
            "shipping_address": {"country_code": "CA"},
            "line_items": [line(number * 10, "19.95", 2)],
            "shipping_lines": [],
            "refunds": [],
            **fields,
        }

    def __call__(self, request: Request) -> Answer:
        self.requests += 1
        if request.headers.get("x-shopify-access-token") != TOKEN:
            return Answer({"errors": "[API] Invalid API key or access token"}, status=401)
        if self.busy_every and self.requests % self.busy_every == 0:
            return Answer({"errors": "Exceeded 2 calls per second"}, status=429, headers={"Retry-After": "2.0"})
        if request.path != "/admin/api/2025-10/orders.json":
            return Answer({"errors": "Not Found"}, status=404)
        if "page_info" in request.query:
            if set(request.query) - {"page_info", "limit", "fields"}:
                return Answer({"errors": {"page_info": "Invalid value."}}, status=400)
            since, _, start = request.query["page_info"].partition("|")
        else:
            assert (request.query["status"], request.query["order"]) == ("any", "updated_at asc")
            since, start = request.query.get("updated_at_min", ""), "0"
        return self._page(request, since, int(start))

    def _page(self, request: Request, since: str, start: int) -> Answer:
        def moment(order: dict[str, Any]) -> datetime:
            return datetime.fromisoformat(order["updated_at"])

        orders = [
            order for order in self.orders.values() if not since or moment(order) >= datetime.fromisoformat(since)
        ]
        orders.sort(key=moment)
        headers = {}
        if start + self.page_size < len(orders):
            mark = f"{since}|{start + self.page_size}".replace("+", "%2B")
            url = f"http://{request.headers['host']}{request.path}?limit={request.query['limit']}&page_info={mark}"
            headers["Link"] = f'<{url}>; rel="next"'
        return Answer({"orders": orders[start : start + self.page_size]}, headers=headers)


def line(number: int, price: str, quantity: int, tax: str = "", discount: str = "") -> dict[str, Any]:
    return {
        "id": number,
        "product_id": 5,
        "variant_id": 6,
        "sku": "CLOCK-1",
        "name": "Clock - red",
        "price": price,
        "quantity": quantity,
        "tax_lines": [{"price": tax}] if tax else [],
        "discount_allocations": [{"amount": discount}] if discount else [],
    }


@dataclass
class Square:
    orders: list[dict[str, Any]] = field(default_factory=list)
    page_size: int = 3

    def put(self, order: str, updated_at: str, **fields: Any) -> None:
        self.orders = [entry for entry in self.orders if entry["id"] != order]
        common = {"id": order, "location_id": "L1", "state": "COMPLETED", "version": 1, "created_at": updated_at}
        self.orders.append({**common, "updated_at": updated_at, "source": {"name": "Till"}, **fields})

    def __call__(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Answer({"errors": [{"category": "AUTHENTICATION_ERROR", "code": "UNAUTHORIZED"}]}, status=401)
        assert (request.path, request.headers["square-version"]) == ("/v2/orders/search", "2025-10-16")
        body = request.json()
        query = body["query"]
        assert query["sort"] == {"sort_field": "UPDATED_AT", "sort_order": "ASC"}
        since = query.get("filter", {}).get("date_time_filter", {}).get("updated_at", {}).get("start_at", "")
        orders = [o for o in self.orders if o["location_id"] in body["location_ids"] and o["updated_at"] >= since]
        orders.sort(key=lambda entry: entry["updated_at"])
        start = int(body.get("cursor") or 0)
        answer: dict[str, Any] = {}
        if orders[start:]:
            answer["orders"] = orders[start : start + self.page_size]
        if start + self.page_size < len(orders):
            answer["cursor"] = str(start + self.page_size)
        return Answer(answer)


def money(amount: int, currency: str = "USD") -> dict[str, Any]:
    return {"amount": amount, "currency": currency}


def square_line(uid: str, total: int, tax: int = 0, currency: str = "USD", **fields: Any) -> dict[str, Any]:
    return {
        "uid": uid,
        "name": "Clock",
        "variation_name": "red",
        "catalog_object_id": "CLOCK-1",
        "quantity": "2",
        "base_price_money": money(total // 2, currency),
        "total_discount_money": money(0, currency),
        "total_tax_money": money(tax, currency),
        "total_money": money(total, currency),
        **fields,
    }
