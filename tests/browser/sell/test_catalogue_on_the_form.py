"""The sale form with a catalogue: dated prices, and promotions of the day of the sale."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from live_server import Served
from playwright.sync_api import Page, expect
from seller_steps import complete, scan, sign_in, wait_for_revenue

from tillstream.catalogue import entry_saving
from tillstream.model.product_catalogue import DatedAmount, Entry, EntryKind, Product, Promotion

pytestmark = pytest.mark.browser
TODAY = datetime.now(UTC).date()
BARCODE = "4006381333931"


@pytest.fixture(autouse=True)
def sold(served: Served) -> None:
    """The kettle costs 110, and 120 from five days ago on; since then 10 % less for the category."""
    start = TODAY - timedelta(days=5)
    prices = (DatedAmount("*", "INR", Decimal(110)), DatedAmount("IN", "INR", Decimal(120), start))
    _save(served, EntryKind.PRODUCT, Product("P1", "Tea kettle", "Kitchen", barcodes=(BARCODE,), prices=prices))
    _save(served, EntryKind.PROMOTION, _promotion("Kitchen days", "0.1", start))


def _promotion(name: str, rate: str, start: date) -> Promotion:
    return Promotion(name, name, category="Kitchen", region="IN", rate=Decimal(rate), valid_from=start)


def _save(served: Served, kind: EntryKind, entry: Entry) -> None:
    regions = served.app.contracts.regions()
    entry_saving.save_entry(served.app.ports, kind, entry, if_version=0, by="ana", regions=regions)


def test_price_and_promotion_are_those_of_the_day_of_the_sale(page: Page, served: Served) -> None:
    sign_in(page, served)
    scan(page, BARCODE)
    scan(page, "P1")
    expect(page.get_by_label("Quantity of Tea kettle")).to_have_value("2")
    expect(page.get_by_text("Promotion: Kitchen days")).to_be_visible()
    expect(page.get_by_label("Discount of Tea kettle")).to_have_value("10%")
    sums = page.locator("[data-part=sums]")
    expect(sums).to_contain_text("216.00 INR")
    page.get_by_text("Receipt number, customer, tax, time").click()
    time = page.get_by_label("Time of the sale")
    time.fill(f"{TODAY - timedelta(days=9)}T10:00:00")
    time.blur()
    expect(page.get_by_text("1 line follows the day of the sale")).to_be_visible()
    expect(page.get_by_text("Promotion: Kitchen days")).to_be_hidden()
    expect(sums).to_contain_text("220.00 INR")
    complete(page)
    wait_for_revenue(served, "500.5", page)
    assert served.page_errors == []


def test_a_price_that_was_changed_by_hand_stays_when_the_time_changes(page: Page, served: Served) -> None:
    sign_in(page, served)
    scan(page, "P1")
    page.get_by_label("Price of Tea kettle").fill("99")
    page.get_by_label("Discount of Tea kettle").fill("9")
    expect(page.get_by_text("Promotion: Kitchen days")).to_be_hidden()
    page.get_by_text("Receipt number, customer, tax, time").click()
    time = page.get_by_label("Time of the sale")
    time.fill(f"{TODAY - timedelta(days=9)}T10:00:00")
    time.blur()
    expect(page.locator("[data-part=sums]")).to_contain_text("90.00 INR")
    complete(page)
    wait_for_revenue(served, "370.5", page)


def test_an_unknown_barcode_is_reported_and_the_next_scan_replaces_it(page: Page, served: Served) -> None:
    unknown = "4000000000000"
    sign_in(page, served)
    for _ in range(2):
        scan(page, unknown)
        expect(page.get_by_text(f"No product has “{unknown}”.")).to_be_visible()
    scan(page, BARCODE)
    expect(page.get_by_label("Quantity of Tea kettle")).to_have_value("1")
    expect(page.get_by_label(f"Quantity of {unknown}")).to_have_count(0)
    scan(page, unknown)
    page.keyboard.press("Enter")
    page.get_by_label(f"Price of {unknown}").fill("50")
    complete(page)
    wait_for_revenue(served, "438.5", page)  # 108 for the kettle, 50 for the code
    assert served.page_errors == []


def test_a_product_that_only_files_contain_is_marked(page: Page, served: Served) -> None:
    sign_in(page, served)
    page.keyboard.type("toas")
    expect(page.get_by_text("usual price, not in the catalogue")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    complete(page)
    wait_for_revenue(served, "352.95", page)  # the promotion is one of the category
