"""The first day with the product, in a real browser: sign in, upload, read the receipt, see the number."""

from pathlib import Path

import pytest
from live_server import Served, fill_in_sign_in, sign_in_at
from playwright.sync_api import BrowserContext, Page, expect

from tillstream.intake import resumable_upload
from tillstream.records import batch_records

pytestmark = pytest.mark.browser
HEADER = (
    "Invoice No,Line,Invoice Date,Store,Salesperson,Customer Code,Customer Name,Item Code,Item,Category,Channel,"
    "Status,Qty,Rate,Discount,Taxable Value,GST,Invoice Value,Original Invoice"
)
PAGES = ("/dashboard", "/uploads", "/pipeline", "/people", "/stores", "/password", "/help/problems")


def _file(folder: Path, name: str, *amounts: str) -> Path:
    rows = [
        f"{number},1,{number % 28 + 1:02}-0{number % 3 + 3}-2026 10:15,MUM01,S1,C{number},Asha Rao,P{number},Kettle,"
        f"Kitchen,store,Completed,1,{amount},0.00,{amount},18.00,118.00,"
        for number, amount in enumerate(amounts, 1)
    ]
    path = folder / name
    path.write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
    return path


def test_sign_in_upload_receipt_and_the_number(page: Page, served: Served, tmp_path: Path) -> None:
    page.goto(f"{served.address}/")
    fill_in_sign_in(page)
    expect(page.get_by_role("heading", name="Sales", exact=True)).to_be_visible()
    expect(page.get_by_text("No sales yet")).to_be_visible()
    page.get_by_role("link", name="Upload a sales file").click()
    june = _file(tmp_path, "IN-june.csv", "1000.50", "2000.25", "ten", *["1.00"] * 7)
    page.get_by_label("Drop sales files here").set_input_files(june)
    expect(page.get_by_label("Data source of IN-june.csv")).to_have_value("")

    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_text("9 of 10 rows ready to import; 1 row to fix")).to_be_visible()

    page.get_by_role("button", name="Import as IN").click()
    expect(page.get_by_role("heading", name="IN-june.csv")).to_be_visible()
    expect(page.get_by_text("9 of 10 rows imported; 1 row to fix")).to_be_visible()
    expect(page.get_by_text("Not a number", exact=False).first).to_be_visible()

    page.goto(f"{served.address}/dashboard?preset=all")
    expect(page.locator(".key-figure").first).to_contain_text("3,007.75")
    expect(page.locator("#tile-split-2").get_by_role("link", name="Kitchen")).to_be_visible()
    expect(page.locator("#tile-split-2")).to_contain_text("100.0%")
    assert served.page_errors == []


@pytest.mark.usefixtures("direct")
def test_several_files_are_uploaded_and_each_shows_its_result(page: Page, served: Served, tmp_path: Path) -> None:
    sign_in_at(page, served, "/uploads")
    files = [_file(tmp_path, "IN-may.csv", "10.00"), _file(tmp_path, "UK-may.csv", "10.00")]
    page.get_by_label("Drop sales files here").set_input_files(files)
    page.get_by_label("Data source of UK-may.csv").select_option("UK")
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.locator("#chosen").get_by_role("link", name="See", exact=False)).to_have_count(2)
    table = page.get_by_role("region", name="Uploads, newest first")
    expect(table.get_by_role("row", name="IN-may.csv")).to_contain_text("Imported")
    expect(table.get_by_role("row", name="UK-may.csv")).to_contain_text("Needs review")
    assert served.page_errors == []


@pytest.mark.usefixtures("direct")
def test_the_content_of_a_file_beats_its_name(page: Page, served: Served, tmp_path: Path) -> None:
    sign_in_at(page, served, "/uploads")
    page.get_by_label("Drop sales files here").set_input_files(_file(tmp_path, "UK.csv", "10.00"))
    expect(page.get_by_label("Data source of UK.csv")).to_have_value("")
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_text("UK.csv is a file of IN, whose files are imported without a preview.")).to_be_visible()
    expect(page.get_by_text("1 of 1 row imported")).to_be_visible()


def test_every_file_is_previewed_before_it_is_imported(page: Page, served: Served, tmp_path: Path) -> None:
    sign_in_at(page, served, "/uploads")
    expect(page.get_by_label("Data source", exact=True)).to_have_value("")
    files = [_file(tmp_path, "UK.csv", "10.00"), _file(tmp_path, "monday.csv", "10.00"), _file(tmp_path, "b.csv", "9")]
    page.get_by_label("Drop sales files here").set_input_files(files)
    page.get_by_label("Data source of b.csv").select_option("USA")
    page.get_by_label("Data source", exact=True).select_option("IN")
    for name, contract in (("UK.csv", "IN"), ("monday.csv", "IN"), ("b.csv", "USA")):
        expect(page.get_by_label(f"Data source of {name}")).to_have_value(contract)
    page.get_by_label("Data source of UK.csv").select_option("UK")
    page.get_by_label("Data source of monday.csv").select_option("")
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.locator("#chosen").get_by_role("link", name="Preview")).to_have_count(3)
    assert list(batch_records.find_batches(served.app.ports)) == []
    contracts_by_file = {one.file: one.contract for one in resumable_upload.open_uploads(served.app.ports, "admin")}
    assert contracts_by_file == {"UK.csv": "UK", "monday.csv": "", "b.csv": "USA"}
    assert served.page_errors == []


@pytest.mark.usefixtures("direct")
def test_a_recognised_file_is_imported_directly_with_a_message(page: Page, served: Served, tmp_path: Path) -> None:
    sign_in_at(page, served, "/uploads")
    expect(page.get_by_text("IN, UK import without a preview")).to_be_visible()
    page.get_by_label("Drop sales files here").set_input_files(_file(tmp_path, "monday.csv", "10.00"))
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_text("monday.csv is a file of IN, whose files are imported without a preview.")).to_be_visible()
    expect(page.get_by_text("1 of 1 row imported")).to_be_visible()
    page.goto(f"{served.address}/uploads")
    page.get_by_label("Drop sales files here").set_input_files(_file(tmp_path, "tuesday.csv", "11.00"))
    page.get_by_role("button", name="Preview first").click()
    expect(page.get_by_role("heading", name="Preview of tuesday.csv")).to_be_visible()
    assert served.page_errors == []


@pytest.mark.usefixtures("direct")
def test_escape_closes_a_menu_and_returns_the_focus_to_its_button(page: Page, served: Served, tmp_path: Path) -> None:
    sign_in_at(page, served, "/uploads")
    page.get_by_label("Drop sales files here").set_input_files(_file(tmp_path, "IN.csv", "10.00"))
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_text("1 of 1 row imported")).to_be_visible()
    page.goto(f"{served.address}/dashboard?region=IN")
    menu = page.locator("details.choice").first
    button = menu.locator("summary")
    button.focus()
    page.keyboard.press("Enter")
    menu.locator("input").first.focus()
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(button).to_be_focused()
    assert served.page_errors == []


@pytest.mark.usefixtures("direct")
def test_refused_rows_come_back_corrected(page: Page, served: Served, tmp_path: Path) -> None:
    sign_in_at(page, served, "/uploads")
    page.get_by_label("Drop sales files here").set_input_files(_file(tmp_path, "IN-june.csv", *["10.00"] * 9, "ten"))
    page.get_by_role("button", name="Upload", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the row to fix").click()
    corrected = tmp_path / "corrected.csv"
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    corrected.write_text(text.replace(",ten,", ",10.00,"), encoding="utf-8")
    page.get_by_label("Corrected file").set_input_files(corrected)
    page.get_by_role("button", name="Submit fixes").click()
    expect(page.get_by_text("Your fixes are received")).to_be_visible()
    expect(page.get_by_text("10 of 10 rows imported")).to_be_visible()
    assert served.page_errors == []


@pytest.mark.usefixtures("direct")
def test_an_undo_is_shown_before_it_is_done(page: Page, served: Served, tmp_path: Path) -> None:
    sign_in_at(page, served, "/uploads")
    page.get_by_label("Drop sales files here").set_input_files(_file(tmp_path, "IN-june.csv", "10.00", "20.00"))
    page.get_by_role("button", name="Upload", exact=True).click()
    page.get_by_role("link", name="Undo…").click()
    expect(page.get_by_text("2 lines would be removed")).to_be_visible()
    page.get_by_role("button", name="Undo the upload").click()
    expect(page.get_by_text("2 lines removed.", exact=True)).to_be_visible()
    page.goto(f"{served.address}/dashboard")
    expect(page.get_by_text("No sales yet")).to_be_visible()
    assert served.page_errors == []


@pytest.mark.usefixtures("direct")
@pytest.mark.parametrize("scheme", ["dark", pytest.param("light", marks=pytest.mark.long)])
def test_no_page_is_wider_than_a_phone_or_complains(
    page: Page, context: BrowserContext, served: Served, tmp_path: Path, scheme: str
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    sign_in_at(page, served, "/uploads")
    long = _file(tmp_path, f"IN-{'a-very-long-name-' * 6}.csv", *["999999.25"] * 5, "ten")
    page.get_by_label("Drop sales files here").set_input_files(long)
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_text("5 of 6 rows imported")).to_be_visible()
    receipt = page.url
    page.set_viewport_size({"width": 375, "height": 812})
    for address in (*(served.address + path for path in PAGES), receipt, f"{receipt}/refused", f"{receipt}/undo"):
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.wait_for_load_state("load")
        too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert too_wide <= 0, f"{address} is {too_wide} pixels wider than a phone"
    assert served.page_errors == []
