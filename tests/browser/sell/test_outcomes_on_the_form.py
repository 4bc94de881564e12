"""Sales that the server accepted and then kept for review: the form lists them until they are resolved."""

import json

import pytest
from live_server import Served
from playwright.sync_api import Page, expect
from seller_steps import complete, scan, sign_in, status, wait_for_revenue

from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.ports.bus import Message

pytestmark = pytest.mark.browser
TILL_SALE = {
    "schema": "store-sale/1", "region": "IN", "store_id": "MUM01", "number": "77", "version": 2, "currency": "INR",
    "sold_at": "2026-06-04T10:00:00+05:30", "salesperson_id": "E116",
    "lines": [{"line": "1", "product_id": "P9", "quantity": "1", "unit_price": "7", "net_amount": "7"}],
}  # fmt: skip


def _without_line_numbers(page: Page) -> None:
    """The first request leaves out a field that the server misses only when it reads the sale."""

    def change(route, request):  # type: ignore[no-untyped-def]
        body = request.post_data_json
        for line in body["sales"][0]["lines"]:
            line.pop("line", None)
        route.continue_(post_data=json.dumps(body))

    page.route("**/sell/sales", change, times=1)


def test_a_sale_that_needs_review_is_listed_until_its_correction_counts(page: Page, served: Served) -> None:
    sign_in(page, served)
    _without_line_numbers(page)
    scan(page, "P1")
    complete(page)
    status(page, "All sales are sent · 1 sale needs review")
    row = page.locator("[data-part=history] tr[data-state=review]")
    expect(row.get_by_text("Needs review")).to_be_visible()
    expect(row.locator(".missing")).not_to_be_empty()
    page.reload()
    status(page, "All sales are sent · 1 sale needs review")
    page.get_by_role("button", name="Correct W-").click()
    expect(page.get_by_label("Receipt number", exact=True)).to_have_attribute("readonly", "")
    page.get_by_label("Quantity of Kettle").fill("2")
    complete(page, "Send correction")
    status(page, "All sales are sent")
    wait_for_revenue(served, "480.5", page)
    assert served.page_errors == []


@pytest.mark.long
def test_a_correction_that_collides_with_another_sale_needs_another_number(page: Page, served: Served) -> None:
    sign_in(page, served)
    scan(page, "P1")
    page.get_by_text("Receipt number, customer, tax, time").click()
    page.get_by_label("Receipt number", exact=True).fill("77")
    complete(page)
    wait_for_revenue(served, "380.5", page)
    names = {"region": "IN", "store_id": "MUM01"}
    served.app.ports.bus.publish(TOPIC_STORE_SALES, [Message(json.dumps(TILL_SALE).encode(), names)])
    wait_for_revenue(served, "287.5", page)
    page.get_by_role("button", name="Correct 77").click()
    page.get_by_label("Quantity of Kettle").fill("2")
    complete(page, "Send correction")
    status(page, "All sales are sent · 1 sale needs review")
    page.get_by_role("button", name="Correct 77").click()
    page.get_by_role("button", name="Send correction").click()
    expect(page.get_by_text("Another sale has the number 77.")).to_be_visible()
    page.get_by_label("Receipt number", exact=True).fill("78")
    complete(page, "Send correction")
    status(page, "All sales are sent")
    wait_for_revenue(served, "487.5", page)
