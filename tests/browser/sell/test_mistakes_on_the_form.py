"""Mistakes on the sale form: each field shows its reason, and a receipt is made only for a sale that is accepted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from live_server import PASSWORD, Served
from playwright.sync_api import Page, expect
from seller_steps import complete, scan, sign_in, wait_for_revenue

from tillstream.catalogue import entry_saving
from tillstream.model.permissions import Role
from tillstream.model.product_catalogue import Entry, EntryKind, Product, Salesperson, Store
from tillstream.people import accounts

pytestmark = pytest.mark.browser
PLACE: dict[str, Any] = {"currency": "INR", "country": "IN", "time_zone": "Asia/Kolkata"}


def _save(served: Served, kind: EntryKind, entry: Entry) -> None:
    regions = served.app.contracts.regions()
    entry_saving.save_entry(served.app.ports, kind, entry, if_version=0, by="ana", regions=regions)


MISTAKES = (
    ("Quantity", "0", "Enter a quantity above 0."),
    ("Quantity", "two", "Enter a number, such as 2 or 1.5."),
    ("Quantity", "9999999999", "Enter a quantity below 10,000,000."),
    ("Price", "-5", "Enter a price of 0 or more."),
    ("Price", "1,234", "“1,234” can be read in two ways."),
    ("Price", "9" * 21, "Enter a price, such as 12.50."),
    ("Discount", "120%", "Enter at most the amount of the line, or 100%."),
    ("Discount", "-1", "Enter a discount of 0 or more."),
    ("Discount", "much", "Enter an amount, such as 5, or a rate, such as 10%."),
)


def test_a_wrong_cell_has_its_reason_below_it(page: Page, served: Served) -> None:
    sign_in(page, served)
    scan(page, "P1")
    for field, typed, reason in MISTAKES:
        wrong = page.get_by_label(f"{field} of Kettle")
        right = wrong.input_value()
        wrong.fill(typed)
        page.get_by_role("button", name="Complete sale").click()
        expect(wrong).to_be_focused()
        expect(wrong).to_have_attribute("aria-invalid", "true")
        expect(page.locator(f"#{wrong.get_attribute('aria-describedby')}")).to_contain_text(reason)
        wrong.fill(right)
        expect(wrong).to_have_attribute("aria-invalid", "false")
    expect(page.locator("[data-part=receipt]")).to_be_hidden()
    complete(page)


def test_a_decimal_comma_is_read_where_it_is_clear(page: Page, served: Served) -> None:
    sign_in(page, served)
    scan(page, "P1")
    page.get_by_label("Quantity of Kettle").fill("1,5")
    complete(page)
    wait_for_revenue(served, "430.5", page)


def test_a_time_that_the_server_refuses_is_refused_before_the_receipt(page: Page, served: Served) -> None:
    sign_in(page, served)
    scan(page, "P1")
    page.get_by_text("Receipt number, customer, tax, time").click()
    time = page.get_by_label("Time of the sale")
    for days, reason in ((2, "is in the future"), (-400, "is more than a year old")):
        time.fill(f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT%H:%M:%S}")
        page.get_by_role("button", name="Complete sale").click()
        expect(page.locator("#sell-time-mistake")).to_contain_text(reason)
        expect(time).to_be_focused()
    expect(page.locator("[data-part=receipt]")).to_be_hidden()


@pytest.mark.parametrize("includes_tax", [True, False])
def test_the_lines_of_a_receipt_add_up(page: Page, served: Served, *, includes_tax: bool) -> None:
    sign_in(page, served)
    scan(page, "2*P1")
    page.get_by_label("Price of Kettle").fill("2.555")
    page.get_by_label("Discount of Kettle").fill("10%")
    if includes_tax:
        page.get_by_text("Receipt number, customer, tax, time").click()
        page.get_by_label("Tax, %").fill("18")
        page.get_by_label("Prices include tax").check()
    complete(page)
    rows = [row.split("\t") for row in page.locator("[data-part=paper] tbody").inner_text().split("\n") if row.strip()]
    assert rows == [["Kettle", "2", "2.555", "5.11"], ["Discount 10%", "-0.51"]]
    expect(page.locator("[data-part=paper] .sums")).to_contain_text("4.60 INR")


def test_own_stores_come_first_and_have_their_codes(page: Page, served: Served) -> None:
    for store in ("BLR01", "MUM01"):
        _save(served, EntryKind.STORE, Store("IN", store, "Central", **PLACE))
    _save(served, EntryKind.SALESPERSON, Salesperson("IN", "E117", "Ana", stores=("MUM01",)))
    own: dict[str, Any] = {"regions": ("IN",), "salesperson": "E117"}
    accounts.add_account(served.app.ports, "ana", "Ana", Role.SALESPERSON, password=PASSWORD, **own)
    sign_in(page, served, "ana")
    store = page.get_by_label("Store", exact=True)
    assert store.locator("option").all_inner_texts() == ["Central (MUM01)", "Central (BLR01)"]
    expect(store.locator("option:checked")).to_have_text("Central (MUM01)")
    store.select_option(label="Central (BLR01)")
    page.reload()
    expect(store.locator("option:checked")).to_have_text("Central (BLR01)")


def test_a_scanned_product_that_is_retired_is_reported_as_retired(page: Page, served: Served) -> None:
    _save(served, EntryKind.PRODUCT, Product("P1", "Tea kettle", "Kitchen", active=False))
    sign_in(page, served)
    scan(page, "P1")
    expect(page.get_by_text("“P1” is Tea kettle, which is retired.")).to_be_visible()


def test_a_product_that_is_typed_but_not_added_stops_the_sale(page: Page, served: Served) -> None:
    sign_in(page, served)
    scan(page, "P1")
    field = page.get_by_label("Product, code, or barcode")
    field.fill("Toaster")
    page.get_by_role("button", name="Complete sale").click()
    expect(page.get_by_text("“Toaster” is not in the sale yet.")).to_be_visible()
    expect(field).to_be_focused()
    expect(page.locator("[data-part=receipt]")).to_be_hidden()
    page.keyboard.press("Enter")
    complete(page)
    wait_for_revenue(served, "461", page)


def test_clear_empties_the_product_field_too(page: Page, served: Served) -> None:
    sign_in(page, served)
    scan(page, "nothing at all")
    expect(page.get_by_text("No product has “nothing at all”.")).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_label("Product, code, or barcode")).to_have_value("")
    expect(page.locator("#sell-options")).to_be_hidden()
