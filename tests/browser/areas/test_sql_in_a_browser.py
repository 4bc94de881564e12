"""The SQL page in a real browser: run by keyboard, cancel, a problem with its place, the history, a file."""

import pytest
from live_server import Served, shared_portal, sign_in_at
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
ENDLESS = """SELECT SUM(a * b * c) FROM UNNEST(GENERATE_ARRAY(1, 90000)) AS a
CROSS JOIN UNNEST(GENERATE_ARRAY(1, 90000)) AS b CROSS JOIN UNNEST(GENERATE_ARRAY(1, 90000)) AS c"""
RUN_THEN_CANCEL = """() => {
  document.querySelector("form.sql").requestSubmit();
  setTimeout(() => document.querySelector("[data-cancel-query]").click(), 1500);
}"""


served = shared_portal()
"""One home for all tests of the file, which only look."""


@pytest.fixture
def sql(page: Page, served: Served) -> Page:
    sign_in_at(page, served, "/sql")
    expect(page.get_by_role("heading", name="SQL", exact=True)).to_be_visible()
    expect(page.locator("form.sql")).to_have_attribute("data-ready", "")
    return page


def _write(page: Page, text: str) -> None:
    page.get_by_label("Statement", exact=True).fill(text)


def test_a_statement_is_run_and_edited_again(sql: Page, served: Served) -> None:
    _write(sql, "SELECT 1 AS one, 'a' AS letter")
    sql.keyboard.press("Control+Enter")
    rows = sql.get_by_role("region", name="Rows of the query")
    expect(rows.get_by_role("columnheader", name="letter")).to_be_visible()
    expect(sql.get_by_role("heading", name="1 row", exact=True)).to_be_visible()

    expect(sql.locator("form.sql")).to_have_attribute("data-ready", "")  # until then nothing shows the button
    sql.get_by_role("link", name="SELECT 1 AS one").click()
    expect(sql.get_by_label("Statement", exact=True)).to_have_value("SELECT 1 AS one, 'a' AS letter")
    with sql.expect_download() as download:
        sql.get_by_role("button", name="CSV file").click()
    assert download.value.path().read_text(encoding="utf-8-sig").splitlines() == ['"one","letter"', '"1","a"']
    with sql.expect_download(timeout=8_000):  # the page is still there: another file follows at once
        sql.get_by_role("button", name="JSON lines file").click()
    assert [one for one in served.page_errors if "status of 422" not in one] == []


def test_a_running_statement_is_cancelled(sql: Page) -> None:
    _write(sql, ENDLESS)
    sql.evaluate(RUN_THEN_CANCEL)  # in the page, because Playwright waits for a page that is about to be replaced
    expect(sql.get_by_role("alert")).to_contain_text("The query was cancelled.", timeout=45_000)
    expect(sql.get_by_label("Statement", exact=True)).to_have_value(ENDLESS)


def test_a_problem_has_its_place_and_the_cursor_is_there(sql: Page, served: Served) -> None:
    _write(sql, "SELECT\n  regionn\nFROM fact_sales")
    sql.keyboard.press("Control+Enter")
    expect(sql.get_by_role("alert")).to_have_text("Line 2, column 3: There is no column regionn. Did you mean region?")
    expect(sql.get_by_label("Statement", exact=True)).to_be_focused()
    assert sql.evaluate("document.activeElement.selectionStart") == len("SELECT\n  ")
    assert [one for one in served.page_errors if "status of 422" not in one] == []


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_is_as_wide_as_the_screen(sql: Page, width: int) -> None:
    sql.set_viewport_size({"width": width, "height": 800})
    sql.get_by_text("dim_customer", exact=True).click()
    assert sql.evaluate("document.documentElement.scrollWidth") <= width
