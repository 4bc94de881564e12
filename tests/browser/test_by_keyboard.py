"""A person without a mouse, and one at the printer: focus that is seen, keys that lead everywhere, paper to read."""

import pytest
from live_server import PASSWORD, Served, shared_portal
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
FOCUS = """() => {
  const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
}"""


served = shared_portal()
"""One home for all tests of the file, which only look."""


def _sign_in_by_keyboard(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/sign-in")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type("admin")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sales", exact=True)).to_be_visible()
    page.wait_for_load_state("load")  # keys are heard once the page's scripts are there


def test_keys_lead_from_the_door_to_every_area(page: Page, served: Served) -> None:
    _sign_in_by_keyboard(page, served)
    page.keyboard.press("g")
    page.keyboard.press("u")
    expect(page).to_have_url(f"{served.address}/uploads")
    page.wait_for_load_state("load")
    page.keyboard.press("/")
    expect(page.get_by_label("Find a sale, an upload, a product")).to_be_focused()
    page.keyboard.type("g?u")  # letters of a word are no keys
    expect(page).to_have_url(f"{served.address}/uploads")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{served.address}/search?q=g%3Fu")
    assert served.page_errors == []


def test_a_dialog_takes_the_focus_and_returns_it(page: Page, served: Served) -> None:
    _sign_in_by_keyboard(page, served)
    link = page.get_by_role("link", name="Files", exact=True)
    link.focus()
    page.keyboard.press("?")
    window = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(window).to_be_visible()
    expect(window).to_contain_text("Go to Uploads")
    assert window.evaluate("(one) => one.contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(window).to_be_hidden()
    expect(link).to_be_focused()
    assert served.page_errors == []


def test_every_focused_element_has_a_focus_ring(page: Page, served: Served) -> None:
    _sign_in_by_keyboard(page, served)
    page.goto(f"{served.address}/people")
    for _ in range(25):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        assert page.evaluate(FOCUS), page.evaluate("document.activeElement.outerHTML")


def test_colours_change_at_once_and_stay(page: Page, served: Served) -> None:
    _sign_in_by_keyboard(page, served)
    page.goto(f"{served.address}/uploads")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.locator(".person > summary").press("Enter")
    with page.expect_response("**/theme"):
        page.get_by_role("button", name="Dark").press("Enter")
    dark = page.evaluate(ground)
    assert dark != light
    page.goto(f"{served.address}/people")
    assert page.evaluate(ground) == dark
    page.emulate_media(media="print")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    expect(page.get_by_role("navigation", name="Areas")).to_be_hidden()
    assert served.page_errors == []


def test_on_a_telephone_the_areas_are_behind_a_button(page: Page, served: Served) -> None:
    _sign_in_by_keyboard(page, served)
    page.set_viewport_size({"width": 375, "height": 812})
    areas = page.get_by_role("navigation", name="Areas")
    expect(areas).to_be_hidden()
    button = page.get_by_role("button", name="Menu and search")
    button.click()
    expect(areas).to_be_visible()
    page.keyboard.press("Escape")
    expect(areas).to_be_hidden()
    expect(button).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_label("Find a sale, an upload, a product")).to_be_focused()
    page.get_by_role("link", name="Files", exact=True).click()
    expect(page).to_have_url(f"{served.address}/uploads")
    expect(areas).to_be_hidden()
    tabs = page.get_by_role("navigation", name="Files")
    tabs.get_by_role("link", name="Data quality").click()
    expect(page).to_have_url(f"{served.address}/quality")
    expect(tabs.get_by_role("link", name="Data quality")).to_be_in_viewport(ratio=1)
    assert served.page_errors == []
