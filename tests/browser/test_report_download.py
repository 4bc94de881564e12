"""The executive report by one click."""

from datetime import timedelta
from pathlib import Path

import pypdfium2
import pytest
import shop_of_two_stores
from live_server import PASSWORD, Served
from playwright.sync_api import Page, expect

from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet

pytestmark = pytest.mark.browser


def test_a_report_is_downloaded_by_one_click(page: Page, served: Served, tmp_path: Path) -> None:
    today = served.app.ports.clock.now().date()
    sales = tmp_path / "UK.csv"
    sales.write_bytes(shop_of_two_stores.content(today - timedelta(days=90), today - timedelta(days=1)))
    COMMANDS["ingest"](served.app, quiet, files=[str(sales)], contract="UK")
    page.goto(f"{served.address}/sign-in")
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
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
