"""Searchable lists of filter values: narrowed by each other, by keyboard, on the phone, and without scripts."""

from io import BytesIO

import pytest
from live_server import Served, shared_portal, sign_in_at
from page_checks import settle
from playwright.sync_api import Browser, Page, expect
from waiting import wait_for_batch

from tillstream.intake import inbox
from tillstream.model.batch import STATES_IN_LEDGER

pytestmark = pytest.mark.browser
HEADER = (
    "Invoice No,Line,Invoice Date,Store,Salesperson,Customer Code,Customer Name,Item Code,Item,Category,Channel,"
    "Status,Qty,Rate,Discount,Taxable Value,GST,Invoice Value,Original Invoice"
)
STORES = {"MUM01": ("P1", "Kettle"), "DEL01": ("P2", "Knife"), "DEL02": ("P2", "Knife")}


def _sell(served: Served) -> None:
    rows = [
        f"{store}-1,1,0{at}-03-2026 10:15,{store},S1,C1,Asha Rao,{code},{name},Kitchen,store,Completed,"
        "1,100.00,0.00,100.00,18.00,118.00,"
        for at, (store, (code, name)) in enumerate(STORES.items(), 1)
    ]
    content = BytesIO("\n".join([HEADER, *rows, ""]).encode())
    ports = served.app.ports
    batch = inbox.receive_file(ports, served.app.contracts.pin("IN"), "march.csv", content, by="admin")
    wait_for_batch(ports, batch.batch_id, *STATES_IN_LEDGER)


served = shared_portal(_sell)
"""One home with these sales for all tests of the file, which only look."""


def _open(page: Page, served: Served, address: str) -> None:
    sign_in_at(page, served, address)


@pytest.mark.parametrize(("address", "width"), [("/sale-lines", 1440), ("/dashboard?preset=all", 390)])
def test_a_chosen_product_leaves_only_its_stores_by_keyboard(
    page: Page, served: Served, address: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    _open(page, served, address)
    settle(page)
    if width == 390:
        page.locator(".filter-sheet > summary").click()
    page.locator(".further > summary").click()
    page.locator("[data-filter=product] summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("knife")
    expect(page.locator("input[name=product]")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    expect(page.locator("[data-filter=product] summary")).to_be_focused()
    expect(page.locator("[data-filter=product] [data-chosen]")).to_have_text("Knife")
    page.locator("[data-filter=store] summary").click()
    expect(page.locator("input[name=store]")).to_have_count(2)
    page.locator("input[name=store][value=DEL02]").check()
    page.keyboard.press("Escape")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**product=P2**")
    assert "store=DEL02" in page.url
    assert served.page_errors == []


def test_the_sides_of_a_comparison_are_found_by_typing(page: Page, served: Served) -> None:
    _open(page, served, "/compare?by=store")
    page.locator("[data-name=store] summary").click()
    page.keyboard.type("del02")
    expect(page.locator("[data-name=store] label:visible")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    page.get_by_role("button", name="Compare").click()
    page.wait_for_url("**store=DEL02**")
    expect(page.locator("[data-name=store] [data-chosen]")).to_have_text("DEL02")
    assert served.page_errors == []


def test_without_scripts_the_lists_are_plain(chromium: Browser, served: Served) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    _open(page, served, "/compare?by=store")
    page.locator("select[name=store]").select_option("DEL02")
    page.get_by_role("button", name="Compare").click()
    page.wait_for_url("**store=DEL02**")
    page.goto(f"{served.address}/sale-lines")
    page.locator("[data-filter=store] summary").click()
    page.locator("input[name=store][value=DEL01]").check()
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**store=DEL01**")
    context.close()
