"""Goals are entered like in a spreadsheet, and the executive report is downloaded by one click."""

import re
from datetime import timedelta
from pathlib import Path

import pypdfium2
import pytest
import shop_of_two_stores
from live_server import PASSWORD, Served
from page_checks import settle
from playwright.sync_api import Locator, Page, expect

from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet

pytestmark = pytest.mark.browser
PASTE = """(cell, text) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  cell.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


def sign_in(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/sign-in")
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sales", exact=True)).to_be_visible()


def open_grid(page: Page, served: Served) -> None:
    sign_in(page, served)
    page.goto(f"{served.address}/goals/edit?level=region&measure=orders&year=2030")
    expect(page.get_by_role("button", name="Fill")).to_be_visible()  # the script has run


def cell(page: Page, region: str, month: str) -> Locator:
    return page.get_by_label(f"{region}, {month}", exact=True)


def test_a_block_of_a_spreadsheet_is_pasted_undone_and_saved(page: Page, served: Served) -> None:
    open_grid(page, served)
    start = cell(page, "UK", "Jan 2030")
    start.evaluate(PASTE, "100\t200\r\n300\t400\r\n")
    expect(cell(page, "USA", "Feb 2030")).to_have_value("400")
    expect(page.get_by_role("status").filter(has_text="4 cells pasted.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(start).to_have_value("")
    start.evaluate(PASTE, "100\t200\n300\t400\n500\t600\n700\t800")
    expect(page.get_by_role("status").filter(has_text=re.compile("2 values do not fit"))).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("6 goals are saved.")).to_be_visible()
    expect(cell(page, "Walmart", "Feb 2030")).to_have_value("600")
    page.goto(f"{served.address}/goals?month=2030-02&measure=orders")
    expect(page.get_by_role("row", name=re.compile("^USA"))).to_contain_text("400")
    assert served.page_errors == []


def test_a_wrong_cell_keeps_what_was_entered_and_arrows_move_between_rows(page: Page, served: Served) -> None:
    open_grid(page, served)
    cell(page, "UK", "Mar 2030").fill("12")
    page.keyboard.press("ArrowDown")
    expect(cell(page, "USA", "Mar 2030")).to_be_focused()
    page.keyboard.type("a few")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing is saved yet: 1 cell is wrong.")
    expect(cell(page, "UK", "Mar 2030")).to_have_value("12")
    expect(cell(page, "USA", "Mar 2030")).to_have_attribute("aria-invalid", "true")
    page.set_viewport_size({"width": 390, "height": 844})
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert [error for error in served.page_errors if "422" not in error] == []


def test_a_report_is_downloaded_by_one_click(page: Page, served: Served, tmp_path: Path) -> None:
    today = served.app.ports.clock.now().date()
    sales = tmp_path / "UK.csv"
    sales.write_bytes(shop_of_two_stores.content(today - timedelta(days=90), today - timedelta(days=1)))
    COMMANDS["ingest"](served.app, quiet, files=[str(sales)], contract="UK")
    sign_in(page, served)
    page.get_by_role("link", name="Reports", exact=True).click()
    expect(page.get_by_role("heading", name="Reports", exact=True)).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="PDF").first.click()
    target = tmp_path / "report.pdf"
    download.value.save_as(target)
    first = pypdfium2.PdfDocument(target)[0].get_textpage().get_text_bounded()
    month = (today.replace(day=1) - timedelta(days=1)).strftime("%B %Y")
    assert f"Sales in {month}" in first
    assert "Revenue" in first
    assert served.page_errors == []
