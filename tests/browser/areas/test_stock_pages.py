"""Stock in a browser: a count with a scanner, goods received and sent to another store, an undone file, an alert."""

import re
from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from live_server import Served, sign_in_at
from page_checks import narrow_page_problems, page_problems
from playwright.sync_api import Page, expect
from waiting import wait_for

from tillstream.alerts.condition import AlertSources
from tillstream.alerts.evaluation import evaluate_rules
from tillstream.catalogue import entry_saving, warehouse_mirror
from tillstream.intake import inbox
from tillstream.model.product_catalogue import DatedAmount, EntryKind, Product, Store

pytestmark = pytest.mark.browser
PAUSE = 0.5
"""Seconds between two looks at a page for what the worker does."""
BARCODE = "4006381333931"
HEADER = (
    "Invoice No,Line,Invoice Date,Store,Salesperson,Customer Code,Customer Name,Item Code,Item,Category,Channel,"
    "Status,Qty,Rate,Discount,Taxable Value,GST,Invoice Value,Original Invoice\n"
)

KETTLE = Product(
    "KET",
    "Kettle",
    "Kitchen",
    barcodes=(BARCODE,),
    costs=(DatedAmount("*", "INR", Decimal(60)),),
    minimum_stock=Decimal(5),
)


@pytest.fixture
def shop(page: Page, served: Served) -> Iterator[Page]:
    """The page of an administrator whose catalogue has two stores, a kettle with a barcode, and two sorts of pots."""
    for kind, entry in (
        (EntryKind.PRODUCT, KETTLE),
        (EntryKind.PRODUCT, Product("POT-S", "Pot, small", "Kitchen")),
        (EntryKind.PRODUCT, Product("POT-L", "Pot, large", "Kitchen")),
        (EntryKind.STORE, Store("IN", "MUM01", "Mumbai")),
        (EntryKind.STORE, Store("IN", "DEL01", "Delhi")),
    ):
        entry_saving.save_entry(
            served.app.ports, kind, entry, if_version=0, by="setup", regions=served.app.contracts.regions()
        )
    warehouse_mirror.sync_mirror(served.app.ports)
    sign_in_at(page, served, "/stock")
    yield page
    assert [one for one in served.page_errors if "status of 422" not in one] == []


def checked(page: Page, step: str) -> list[str]:
    return page_problems(page, step) + narrow_page_problems(page, step)


def choose_store(page: Page) -> None:
    page.get_by_label("Store", exact=True).select_option(label="Mumbai (MUM01, IN)")
    page.get_by_role("button", name="Continue").click()


def scan(page: Page, *codes: str) -> None:
    """As a scanner types: a code and Enter, and the next one at once."""
    field = page.get_by_label("Scan or search a product")
    expect(field).to_be_focused()
    for code in codes:
        page.keyboard.type(code)
        page.keyboard.press("Enter")


def count(page: Page, *codes: str, part: str = "Only what is scanned") -> None:
    page.get_by_role("link", name="Counts", exact=True).click()
    page.get_by_role("link", name="Start a count").click()
    choose_store(page)
    page.get_by_label(part).check()
    page.get_by_role("button", name="Start the count").click()
    scan(page, *codes)


def on_hand(page: Page, served: Served, product: str, store: str = "MUM01") -> str:
    """What the list of levels has in the column of stock on hand."""
    page.goto(f"{served.address}/stock?q={product}&store={store}")
    return page.get_by_role("region", name="Stock levels").locator("tbody td[data-label='On hand']").inner_text()


def wait_for_stock(page: Page, served: Served, units: str) -> None:
    """Until the worker has computed the stock of the kettle."""
    wait_for(lambda: on_hand(page, served, "KET") == units, f"a stock of {units}", pause=PAUSE)


def confirmed(page: Page) -> None:
    page.get_by_role("link", name="Review and confirm").click()
    page.get_by_role("button", name="Confirm the count").click()
    expect(page.get_by_text("The count is recorded.")).to_be_visible()


def test_a_store_is_counted_with_a_scanner_interrupted_and_confirmed(shop: Page, served: Served) -> None:
    wrong = checked(shop, "no stock")
    count(shop, BARCODE, BARCODE, "3*KET", "4711")
    expect(shop.get_by_text("There is no product “4711”")).to_be_visible()
    units = shop.get_by_label("Counted units of Kettle")
    expect(units).to_have_value("5")
    scan(shop, "pot")
    shop.get_by_role("button", name="Pot, large (POT-L)").click()
    expect(shop.get_by_label("Counted units of Pot, large")).to_have_value("1")
    wrong += checked(shop, "count")
    shop.reload()
    units.fill("6")
    shop.get_by_role("button", name="Set the units of Kettle").click()
    expect(units).to_have_value("6")
    shop.get_by_role("link", name="Review and confirm").click()
    expect(shop.get_by_text("2 products counted")).to_be_visible()
    wrong += checked(shop, "review")
    shop.get_by_role("button", name="Confirm the count").click()
    expect(shop.get_by_text("The count is recorded.")).to_be_visible()
    wrong += checked(shop, "confirmed")
    assert on_hand(shop, served, "KET") == "6"
    assert wrong + checked(shop, "levels") == []


def test_goods_are_received_and_sent_to_another_store(shop: Page, served: Served) -> None:
    count(shop, "4*KET")
    expect(shop.get_by_label("Counted units of Kettle")).to_have_value("4")
    confirmed(shop)
    shop.get_by_role("link", name="Stock", exact=True).first.click()
    shop.get_by_role("link", name="Receive goods").click()
    choose_store(shop)
    scan(shop, BARCODE, "11*KET", "POT-S")
    expect(shop.get_by_label("Quantity of line 1")).to_have_value("12")
    expect(shop.get_by_label("Product of line 2")).to_have_value("POT-S")
    shop.get_by_label("Quantity of line 2").fill("many")
    shop.get_by_role("button", name="Record the receipt").click()
    expect(shop.get_by_text("Line 2: “many” is not a number.")).to_be_visible()
    wrong = checked(shop, "mistake")
    shop.get_by_label("Quantity of line 2").fill("3")
    shop.get_by_role("button", name="Record the receipt").click()
    expect(shop.get_by_text("Recorded: Received, 2 products, 15 units.")).to_be_visible()
    wrong += checked(shop, "movement")
    assert on_hand(shop, served, "KET") == "16"
    shop.get_by_text("More", exact=True).click()
    shop.get_by_role("link", name="Send to another store").click()
    choose_store(shop)
    shop.get_by_label("To", exact=True).select_option(label="Delhi (DEL01, IN)")
    scan(shop, "5*KET")
    expect(shop.get_by_label("Quantity of line 1")).to_have_value("5")
    shop.get_by_role("button", name="Send", exact=True).click()
    expect(shop.get_by_text("Recorded: Sent to another store")).to_be_visible()
    shop.goto(f"{served.address}/stock/transfers")
    wrong += checked(shop, "transfers")
    shop.get_by_role("region", name="Transfers").get_by_role("link").first.click()
    shop.get_by_label("Units of Kettle that arrived now").fill("4")
    shop.get_by_label("is lost, and the transfer is closed").check()
    wrong += checked(shop, "arrival")
    shop.get_by_role("button", name="Confirm arrival").click()
    expect(shop.get_by_text("What arrived is in stock.")).to_be_visible()
    expect(shop.get_by_text("Nothing is in transit any more.")).to_be_visible()
    assert on_hand(shop, served, "KET") == "11"
    shop.get_by_role("link", name="Kettle").click()
    expect(shop.get_by_role("heading", name="Kettle KET in Mumbai")).to_be_visible()
    assert wrong + checked(shop, "history") == []


@pytest.mark.long
def test_the_undo_of_a_file_puts_the_stock_back(shop: Page, served: Served) -> None:
    count(shop, "10*KET")
    expect(shop.get_by_label("Counted units of Kettle")).to_have_value("10")
    confirmed(shop)
    late = served.app.ports.clock.now().astimezone(ZoneInfo("Asia/Kolkata")).strftime("%d-%m-%Y 23:59")
    row = f"1,1,{late},MUM01,S1,C1,Asha Rao,KET,Kettle,Kitchen,store,Completed,12,9.00,0.00,108.00,0.00,108.00,\n"
    contract = served.app.contracts.pin("IN")
    batch = inbox.receive_file(served.app.ports, contract, "june.csv", BytesIO((HEADER + row).encode()), "admin")
    shop.goto(f"{served.address}/uploads/{batch.batch_id}")
    expect(shop.get_by_role("link", name="Undo…")).to_be_visible()
    wait_for_stock(shop, served, "−2")
    shop.get_by_role("link", name="Kettle").click()
    expect(shop.get_by_text("More was sold than there was. Which of these is it?")).to_be_visible()
    wrong = checked(shop, "negative")
    shop.goto(f"{served.address}/uploads/{batch.batch_id}/undo")
    shop.get_by_role("button", name="Undo the upload").click()
    expect(shop.get_by_text("Undone").first).to_be_visible()
    wait_for_stock(shop, served, "10")
    assert wrong == []


@pytest.mark.long
def test_a_low_stock_alert_appears_and_ends_after_a_receipt(shop: Page, served: Served) -> None:
    def evaluated() -> None:
        assert not evaluate_rules(AlertSources(served.app.ports, served.app.contracts, "INR")).failed
        shop.reload()

    shop.goto(f"{served.address}/alerts/rules/stock-low")
    shop.get_by_label("Ends after").fill("0")
    shop.get_by_role("button", name="Save").click()
    shop.get_by_role("button", name="Enable Low stock").click()
    expect(shop.get_by_role("button", name="Disable Low stock")).to_be_visible()
    shop.goto(f"{served.address}/stock")
    count(shop, "2*KET")
    expect(shop.get_by_label("Counted units of Kettle")).to_have_value("2")
    confirmed(shop)
    wait_for_stock(shop, served, "2")
    evaluated()
    shop.locator("details.bell summary").click()
    shop.get_by_role("link", name=re.compile("^Kettle is low in .*Mumbai")).click()
    expect(shop.get_by_role("heading", level=1)).to_have_text(re.compile("^Kettle is low in .*Mumbai"))
    wrong = checked(shop, "low stock")
    shop.goto(f"{served.address}/stock")
    shop.get_by_role("link", name="Receive goods").click()
    choose_store(shop)
    scan(shop, "9*KET")
    expect(shop.get_by_label("Quantity of line 1")).to_have_value("9")
    shop.get_by_role("button", name="Record the receipt").click()
    expect(shop.get_by_text("Recorded: Received, 1 product, 9 units.")).to_be_visible()
    wait_for_stock(shop, served, "11")
    evaluated()
    expect(shop.locator("details.bell .waits")).to_have_count(0)
    assert wrong == []
