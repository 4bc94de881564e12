"""The catalogue in a browser: a file with mistakes is corrected and imported, and a new code becomes a product, and a
price is corrected."""

from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from live_server import Served, sign_in_at
from page_checks import narrow_page_problems, page_problems
from playwright.sync_api import Locator, Page, expect
from waiting import wait_for

from tillstream.catalogue import entry_saving, stored_entries
from tillstream.intake import inbox
from tillstream.model.product_catalogue import DatedAmount, EntryKind, Product

pytestmark = pytest.mark.browser
PAUSE = 0.5
"""Seconds between two looks at a page for what the worker does."""
MISTAKES = "code,name,pack_size,colour\nKET,Kettle,1,red\nPAN,,2,\nPOT,Pot,many,\n"
CORRECTED = "code,name,pack_size,colour\nKET,Kettle,1,red\nPAN,Pan,2,\nPOT,Pot,3,\n"
SALES = (
    "Invoice No,Line,Invoice Date,Store,Salesperson,Customer Code,Customer Name,Item Code,Item,Category,Channel,"
    "Status,Qty,Rate,Discount,Taxable Value,GST,Invoice Value,Original Invoice\n"
    "1,1,03-06-2026 10:15,MUM01,S1,C1,Asha Rao,P1,Toaster,Kitchen,store,Completed,1,100.00,0.00,100.00,18.00,118.00,\n"
    "2,1,04-06-2026 10:15,MUM01,S1,C1,A Rao,P2,Saucer,Kitchen,store,Completed,1,900.00,0.00,900.00,162.00,1062.00,\n"
)


def checked(page: Page, step: str) -> list[str]:
    return page_problems(page, step) + narrow_page_problems(page, step)


def open_until_shown(page: Page, address: str, shown: Locator) -> None:
    """Until the worker has done what the page shows then."""

    def is_shown() -> bool:
        page.goto(address)
        return shown.count() > 0

    wait_for(is_shown, f"{shown} on {address}", pause=PAUSE)


def preview(page: Page, folder: Path, content: str) -> None:
    file = folder / "products.csv"
    file.write_text(content)
    page.locator("#file").set_input_files(file)
    with page.expect_navigation():
        page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="products.csv")).to_be_visible()


def test_a_file_with_mistakes_is_previewed_corrected_and_imported(page: Page, served: Served, tmp_path: Path) -> None:
    sign_in_at(page, served, "/catalogue/products/import")
    preview(page, tmp_path, MISTAKES)
    problems = page.get_by_role("region", name="Problems").get_by_role("row")
    expect(problems).to_have_count(3)
    expect(problems.nth(1)).to_contain_text("3")
    expect(problems.nth(1)).to_contain_text("Name is empty.")
    expect(problems.nth(2)).to_contain_text("Pack size is “many”, which is not a number.")
    expect(page.get_by_role("button", name="Import the file")).to_have_count(0)
    wrong = checked(page, "mistakes")
    preview(page, tmp_path, CORRECTED)
    expect(page.get_by_text("Columns that are not read: colour")).to_be_visible()
    wrong += checked(page, "preview")
    page.get_by_role("button", name="Import the file").click()
    expect(page.get_by_text("The file is imported: 3 added, 0 changed.")).to_be_visible()
    expect(page.get_by_role("row")).to_have_count(4)
    assert wrong + checked(page, "list") == []


def test_new_codes_are_accepted_and_merged(page: Page, served: Served) -> None:
    ports = served.app.ports
    file = BytesIO(SALES.encode())
    inbox.receive_file(ports, served.app.contracts.pin("IN"), "june.csv", file, "admin")
    sign_in_at(page, served, "/catalogue/products/new")
    page.get_by_label("Code", exact=True).fill("PAN")
    page.get_by_label("Name", exact=True).fill("Pan")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("PAN is saved.")).to_be_visible()
    merge = page.get_by_role("button", name="Merge into… P2")
    open_until_shown(page, f"{served.address}/catalogue/new-codes", merge)
    wrong = checked(page, "new codes")
    merge.click()
    expect(page.get_by_role("heading", name="Merge into a product")).to_be_visible()
    wrong += checked(page, "merge")
    page.get_by_role("button", name="Choose PAN").click()
    expect(page.get_by_text("P2 now names the product PAN, in past sales too.")).to_be_visible()
    page.get_by_role("checkbox", name="Toaster").check()
    page.get_by_role("button", name="Accept selected").click()
    expect(page.get_by_text("P1 is accepted: the catalogue has it now.")).to_be_visible()
    expect(page.get_by_role("heading", name="No new codes")).to_be_visible()
    page.goto(f"{served.address}/catalogue/new-codes?state=decided")
    wrong += checked(page, "decided")
    assert wrong == []
    merged = stored_entries.find_product(ports, "IN", "P2")
    assert merged
    assert merged.code == "PAN"


def test_a_price_with_a_mistake_is_corrected_in_the_open_form_and_replaces_that_of_the_day(
    page: Page, served: Served
) -> None:
    entry = Product("KET", "Kettle", prices=(DatedAmount("IN", "INR", Decimal(999), date(2026, 6, 1)),))
    regions = [served.app.contracts.pin("IN").region]
    entry_saving.save_entry(served.app.ports, EntryKind.PRODUCT, entry, if_version=0, by="ana", regions=regions)
    sign_in_at(page, served, "/catalogue/products/entry?code=KET")
    page.get_by_text("Add a price").click()
    form = page.locator("details[open] form")
    form.get_by_label("Region").select_option("IN")
    form.get_by_label("First day").fill("2026-06-01")
    form.get_by_label("Amount").fill("1,050")
    form.get_by_label("Currency").fill("INR")
    form.get_by_role("button", name="Add price").click()
    expect(form.get_by_text("Amount is “1,050”, which is not a number")).to_be_visible()
    expect(form.get_by_label("First day")).to_have_value("2026-06-01")
    wrong = checked(page, "mistake")
    form.get_by_label("Amount").fill("1050")
    form.get_by_role("button", name="Add price").click()
    expect(page.get_by_text("The new price replaces 999.00 INR, which has the same first day.")).to_be_visible()
    expect(page.get_by_role("region", name="Prices").get_by_role("row").nth(1)).to_contain_text("Replaced")
    expect(page.get_by_role("region", name="History")).to_contain_text("IN: 1,050.00 INR from 1 Jun 2026")
    page.goto(f"{served.address}/catalogue/regions?q=IN")
    expect(page.get_by_role("link", name="IN", exact=True)).to_have_attribute("href", "/data-sources#IN")
    assert wrong + checked(page, "regions") == []
