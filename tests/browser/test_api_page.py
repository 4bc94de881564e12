"""The page of the API: calls are tried with one's own session or with a token, without breaking the content policy."""

import pytest
from live_server import Served, shared_portal, sign_in_at
from page_checks import CONTRAST, axe, axe_problems, narrow_page_problems
from playwright.sync_api import Locator, Page, expect

from examples import one_in

pytestmark = pytest.mark.browser
OF_SWAGGER_UI = "() => axe.run('#calls', {runOnly: ['color-contrast']}).then((all) => all.violations)"


served = shared_portal()
"""One home for all tests of the file, which only look."""


@pytest.fixture
def calls(page: Page, served: Served) -> Page:
    sign_in_at(page, served, "/api/docs")
    expect(page.locator(".opblock").first).to_be_visible()
    return page


def tried(page: Page, operation: str) -> Locator:
    """Open a call, send it, and return its block."""
    block = page.locator(f"[id$='-{operation}'].opblock")
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    block.get_by_role("button", name="Execute").click()
    expect(block.locator(".live-responses-table .response .response-col_status")).to_be_visible()
    return block


def status(block: Locator) -> str:
    return block.locator(".live-responses-table .response .response-col_status").inner_text().strip()


def test_calls_are_tried_with_ones_own_session(calls: Page, served: Served) -> None:
    block = tried(calls, "kpis")
    assert status(block) == "200"
    expect(block.locator(".live-responses-table")).to_contain_text('"lines": 0')
    assert status(tried(calls, "data_refresh")) == "202"
    assert served.page_errors == []


def test_a_call_is_tried_with_a_token(calls: Page, served: Served) -> None:
    calls.get_by_role("button", name="Authorize").first.click()
    dialog = calls.locator(".dialog-ux")
    dialog.get_by_role("textbox").first.fill("tsp_wrong")
    dialog.get_by_role("button", name="Apply credentials").first.click()
    dialog.get_by_role("button", name="Close").last.click()
    assert status(tried(calls, "kpis")) == "401"
    assert all("401" in error for error in served.page_errors)


@pytest.mark.parametrize("scheme", one_in(2, ["dark", "light"]))
def test_the_page_is_legible_in_both_themes(calls: Page, served: Served, scheme: str) -> None:
    calls.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    expect(calls.locator("html.dark-mode")).to_have_count(int(scheme == "dark"))
    tried(calls, "kpis")
    calls.evaluate(axe())
    assert axe_problems(calls, "/api/docs", {}, scheme) + axe_problems(calls, "/api/docs", CONTRAST, scheme) == []
    assert [node["html"][:200] for one in calls.evaluate(OF_SWAGGER_UI) for node in one["nodes"]] == []
    assert narrow_page_problems(calls, "/api/docs") == []
    assert served.page_errors == []
