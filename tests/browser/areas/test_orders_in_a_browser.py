"""Purchase orders in a browser: ordered with a scanner, sent, and received in parts."""

import pytest
from live_server import Served, sign_in_at
from order_steps import KETTLE, add_catalogue
from page_checks import narrow_page_problems, page_problems
from playwright.sync_api import Page, expect

from tillstream.stock import purchase_orders
from tillstream.stock.purchase_orders import OrderState

pytestmark = pytest.mark.browser
BARCODE = "8900000000017"


def checked(page: Page, step: str) -> list[str]:
    return page_problems(page, step) + narrow_page_problems(page, step)


def scan(page: Page, code: str) -> None:
    """Type a code and Enter, as a scanner does; the page comes back with the field in focus."""
    with page.expect_navigation():
        page.get_by_label("Scan or search a product").fill(code)
        page.keyboard.press("Enter")
    expect(page.get_by_label("Scan or search a product")).to_be_focused()


def press(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def test_an_order_is_sent_and_received_in_two_parts(page: Page, served: Served) -> None:
    add_catalogue(served.app.ports)
    sign_in_at(page, served, "/orders")
    expect(page.get_by_role("heading", name="No open orders")).to_be_visible()
    problems = checked(page, "the empty list")
    page.get_by_role("link", name="New order").click()
    page.get_by_label("Supplier").select_option("ACME")
    page.get_by_label("Deliver to").select_option("IN/MUM01")
    page.get_by_role("button", name="Continue").click()
    units = page.get_by_label("Units of Kettle")
    expect(units).to_have_value("")
    for expected in ("6", "12"):
        scan(page, BARCODE)
        expect(units).to_have_value(expected)
    page.get_by_label("Units of Desk lamp").fill("2")
    problems += checked(page, "the form")
    press(page, "Save draft")
    expect(page.get_by_role("heading", name="PO-000001")).to_contain_text("Draft")
    problems += checked(page, "the draft")
    press(page, "Mark as sent")
    expect(page.get_by_role("heading", name="PO-000001")).to_contain_text("Sent")

    page.get_by_role("link", name="Receive goods").click()
    received = page.get_by_label("Received units of Kettle")
    expect(received).to_have_value("12")
    page.get_by_role("link", name="start with no units").click()
    for expected in ("1", "2"):
        scan(page, BARCODE)
        expect(received).to_have_value(expected)
    problems += checked(page, "the receipt")
    press(page, "Record receipt")
    expect(page.get_by_role("heading", name="PO-000001")).to_contain_text("Partly received")
    assert purchase_orders.units_on_order(served.app.ports)["IN", "MUM01", KETTLE] == 10

    page.get_by_role("link", name="Receive goods").click()
    expect(received).to_have_value("10")
    press(page, "Record receipt")
    expect(page.get_by_role("heading", name="PO-000001")).to_contain_text("Received")
    assert purchase_orders.order_with_number(served.app.ports, "PO-000001").state is OrderState.CLOSED
    problems += checked(page, "the received order")
    expect(page.get_by_role("region", name="Receipts").get_by_role("button")).to_have_count(2)
    page.goto(f"{served.address}/orders?state=received")
    expect(page.get_by_role("link", name="PO-000001")).to_be_visible()
    problems += checked(page, "the list")
    assert problems == []
