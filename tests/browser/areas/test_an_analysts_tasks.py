"""Three tasks of an analyst in Explore, from the start page, with nothing but what the pages show."""

from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
import shop_of_two_stores
from live_server import Served, shared_portal, sign_in_at
from playwright.sync_api import Page, expect
from python_calamine import CalamineWorkbook
from waiting import wait_for_batch

from tillstream.goals import stored_goals
from tillstream.goals.targets import Goal, GoalMeasure, GoalTarget
from tillstream.intake import inbox
from tillstream.model.batch import STATES_IN_LEDGER
from tillstream.model.dates import Month

pytestmark = pytest.mark.browser
JUNE = Month.parse("2026-06")


def _sell(served: Served) -> None:
    """Sales of a half year, and goals for June."""
    ports = served.app.ports
    batch = inbox.receive_file(
        ports, served.app.contracts.pin("UK"), "UK.csv", BytesIO(shop_of_two_stores.content()), by="admin"
    )  # fmt: skip
    assert JUNE
    goals = [
        Goal(GoalTarget("UK", store), GoalMeasure.REVENUE, Decimal(amount), "GBP")
        for store, amount in (("LDS1", 2_000), ("MAN1", 900_000))
    ]
    stored_goals.save_goals(ports, {JUNE: {one.key: one for one in goals}}, by="admin", source="test")
    wait_for_batch(ports, batch.batch_id, *STATES_IN_LEDGER)


served = shared_portal(_sell)
"""One home with these sales for all tests of the file, which change no sales."""


def _begin(page: Page, served: Served) -> None:
    """The start page, and from there Explore."""
    page.set_viewport_size({"width": 1400, "height": 900})
    sign_in_at(page, served, "/explore")
    page.wait_for_url("**/explore")
    page.evaluate("sessionStorage.clear()")
    page.goto(f"{served.address}/")
    page.get_by_role("link", name="Explore", exact=True).first.click()
    page.wait_for_url("**/explore")


def _show(page: Page) -> None:
    page.get_by_role("button", name="Show").click()
    page.wait_for_load_state()


def _rows(page: Page) -> list[list[str]]:
    rows = page.locator("main table.figures tbody tr").all()
    return [row.locator("th, td").all_inner_texts() for row in rows]


def _labels(page: Page) -> list[str]:
    labels: list[str] = page.evaluate("JSON.parse(document.querySelector('[data-chart] + script').textContent).labels")
    return labels


def test_the_products_that_fell_most_become_a_tile(page: Page, served: Served) -> None:
    _begin(page, served)
    page.get_by_label("Group by").select_option("Product")
    page.get_by_label("Compare with").select_option("Previous period")
    page.get_by_label("Rows").select_option("First 5")
    _show(page)
    while "sort=revenue.change" not in page.url:
        page.get_by_role("link", name="Revenue, change", exact=False).first.click()
        page.wait_for_load_state()
    shown = _rows(page)
    assert len(shown) == len(shop_of_two_stores.PRODUCTS)
    page.locator("#chart").select_option("Bars")
    _show(page)  # keeps the order
    assert _rows(page) == shown
    names = _labels(page)
    assert [row[0].split()[0] for row in shown] == names
    page.locator("details.views > summary", has_text="Pin").click()
    page.get_by_label("Title of the tile").fill("Falling products")
    page.get_by_role("button", name="Pin", exact=True).click()
    page.wait_for_url("**/dashboards/**")
    expect(page.locator("[data-drawn=bars]")).to_be_visible()
    assert _labels(page) == names
    assert served.page_errors == []


def test_stores_below_their_goal_are_listed(page: Page, served: Served) -> None:
    _begin(page, served)
    page.get_by_label("Group by").select_option("Store")
    page.locator("details.choice > summary").first.click()
    page.get_by_label("Goal and part of it that is sold").check()
    page.keyboard.press("Escape")  # the list is above the button
    _show(page)
    assert {row[0] for row in _rows(page)} == {"LDS1", "MAN1"}
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Only groups with").select_option("Of goal, %")
    page.get_by_label("Limit", exact=True).select_option("less than")
    page.get_by_label("Number", exact=True).fill("100")
    _show(page)
    assert [row[0] for row in _rows(page)] == ["MAN1"]
    page.get_by_role("link", name="Of goal less than 100%").click()
    page.wait_for_load_state()
    assert len(_rows(page)) == 2
    assert served.page_errors == []


def test_the_weekdays_of_a_store_become_a_workbook(page: Page, served: Served, tmp_path: Path) -> None:
    _begin(page, served)
    page.get_by_label("Group by").select_option("Weekday")
    page.get_by_label("Across columns").select_option("Category")
    page.get_by_text("Filters", exact=True).click()
    page.locator("details[data-filter=store] > summary").click()
    page.get_by_label("LDS1").check()
    page.keyboard.press("Escape")
    _show(page)
    assert [row[0] for row in _rows(page)] == ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    page.locator("summary", has_text="Export as shown").click()
    with page.expect_download() as file:
        page.locator("details[open] > .menu").get_by_role("link", name="Excel").click()
    file.value.save_as(tmp_path / "weekdays.xlsx")
    sheet = CalamineWorkbook.from_path(tmp_path / "weekdays.xlsx").get_sheet_by_index(0).to_python()
    heads = next(at for at, row in enumerate(sheet) if "Toys" in row)
    assert set(sheet[heads]) - {""} == {"weekday", "Toys", "Home & Kitchen"}
    assert [row[0] for row in sheet[heads + 1 : heads + 7]] == [row[0] for row in _rows(page)]
    assert served.page_errors == []
