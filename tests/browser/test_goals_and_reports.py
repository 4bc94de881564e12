"""Goals are entered like in a spreadsheet, reports downloaded by one click, and outside series imported by upload."""

import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pypdfium2
import pytest
import shop_of_two_stores
from live_server import Served, sign_in_at, sign_in_without_form
from page_checks import WIDE, narrow_page_problems, page_problems, settle
from playwright.sync_api import Locator, Page, expect

from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.forecasting import outside_series
from tillstream.forecasting.forecast_run import run_forecast
from tillstream.forecasting.models import ensemble
from tillstream.forecasting.outside_series import OutsideValue
from tillstream.goals import stored_goals
from tillstream.goals.targets import Goal, GoalMeasure, GoalTarget
from tillstream.model.dates import Month
from tillstream.reports import subscriptions

pytestmark = pytest.mark.browser
PASTE = """(cell, text) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  cell.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


class InThisProcess:
    """Fits models without a process of their own."""

    fit = staticmethod(ensemble.fit_history)
    fit_and_explain = staticmethod(ensemble.fit_and_explain)


def sell(served: Served, folder: Path, days: int) -> date:
    """Ingest the sales of two stores until yesterday; return today."""
    today = served.app.ports.clock.now().date()
    sales = folder / "UK.csv"
    sales.write_bytes(shop_of_two_stores.content(today - timedelta(days=days), today - timedelta(days=1)))
    COMMANDS["ingest"](served.app, quiet, files=[str(sales)], contract="UK")
    return today


def open_grid(page: Page, served: Served) -> None:
    sign_in_at(page, served, "/goals/edit?level=region&measure=orders&year=2030")
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
    today = sell(served, tmp_path, 90)
    sign_in_at(page, served, "/")
    page.get_by_role("link", name="Explore", exact=True).click()
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


def test_a_series_is_imported_after_its_rows_are_corrected_and_a_removal_is_taken_back(
    page: Page, served: Served, tmp_path: Path
) -> None:
    file = tmp_path / "Store visits.csv"
    file.write_text("date,value\n2026-11-01,1200\n2026-11-02,many\n")
    sign_in_at(page, served, "/forecast")
    page.get_by_role("link", name="Outside series").click()
    expect(page.get_by_role("heading", name="No series yet")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Example file").click()
    assert download.value.suggested_filename == "series-template.csv"
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing is imported: 1 row has a problem.")
    expect(page.get_by_role("row", name=re.compile("^3"))).to_contain_text("“many”, which is not a number")
    file.write_text("date,value\n2026-11-01,1200\n2026-11-02,1350\n")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("store_visits is imported: 2 values")).to_be_visible()
    settle(page)  # its chart is drawn
    page.get_by_text("Remove the series").click()
    page.get_by_role("button", name="Remove store_visits").click()
    page.get_by_role("button", name="Restore store_visits").click()
    expect(page.get_by_role("heading", name="Outside series: store_visits")).to_be_visible()
    assert [error for error in served.page_errors if "422" not in error] == []


PAGES = (
    "/forecast", "/forecast?region=UK&store=LDS1&target=units&by=week", "/forecast/accuracy", "/forecast/series",
    "/forecast?region=UK&store=LDS1&category=Toys&product=TO-1", "/forecast/series/footfall",
    "/forecast?category=Toys&price=-5",
    "/goals", "/goals?region=UK&store=LDS1", "/goals?region=UK&measure=orders", "/goals/edit?level=store",
    "/goals/import", "/goals/history", "/reports",
)  # fmt: skip
"""Pages of plans, which are nearly empty in the walk over every page: its shop has neither forecasts nor goals."""


@pytest.mark.long
def test_pages_of_plans_with_numbers_would_not_embarrass_us(page: Page, served: Served, tmp_path: Path) -> None:
    ports, today = served.app.ports, sell(served, tmp_path, 180)
    days = [today - timedelta(days=back) for back in range(180, 0, -1)]
    visitors = [OutsideValue(day, 900.0 + 40 * day.weekday(), day + timedelta(days=1)) for day in days]
    outside_series.save_series(ports, "footfall", visitors, by="admin", file="footfall.csv")
    for measure, amount in ((GoalMeasure.REVENUE, 20_000), (GoalMeasure.ORDERS, 300)):
        goal = Goal(GoalTarget("UK"), measure, Decimal(amount), "GBP" if measure.is_money else "")
        stored_goals.save_goals(ports, {Month.from_day(today): {goal.key: goal}}, by="admin", source="grid")
    subscriptions.subscribe_to_report(ports, "admin", "month", "admin@example.com", by="admin")
    assert run_forecast(ports, InThisProcess).reason == ""
    sign_in_without_form(page, served, "admin")
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    problems = []
    for path in PAGES:
        page.goto(served.address + path)
        settle(page)
        problems += page_problems(page, path) + narrow_page_problems(page, path)
    assert problems + served.page_errors == []
