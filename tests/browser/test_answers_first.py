"""The answers come first: how tall the dashboard is, what is above the fold, and what is folded on a phone."""

import pytest
from live_server import Served, open_page, report_other_hosts
from page_checks import FEW_ROLES, settle, sign_in
from playwright.sync_api import Browser, Page, expect
from sample_shop import Shop

from tillstream.model.permissions import Role

pytestmark = pytest.mark.browser
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
TALLEST = 2_600
"""Pixels of a dashboard at a width of 1440."""
SCREENS = 3
"""Screens of a phone before the first part that is folded."""


@pytest.fixture(scope="module")
def shop(sample_shop: tuple[Served, Shop]) -> Served:
    return sample_shop[0]


def _open(chromium: Browser, shop: Served, role: Role, size: dict[str, int]) -> Page:
    context = chromium.new_context(locale="en-GB", viewport=size)  # type: ignore[arg-type]
    report_other_hosts(context, shop)
    page = open_page(context, shop)
    sign_in(page, shop, role)
    page.goto(f"{shop.address}/dashboard")
    settle(page)
    return page


def _box(page: Page, selector: str) -> dict[str, float]:
    place = page.locator(selector).first
    expect(place).to_be_visible()
    box = place.bounding_box()
    assert box is not None
    return {"top": box["y"], "bottom": box["y"] + box["height"]}


@pytest.mark.parametrize("role", FEW_ROLES)
def test_a_dashboard_is_short_and_begins_with_its_answers(chromium: Browser, shop: Served, role: Role) -> None:
    page = _open(chromium, shop, role, WIDE)
    try:
        assert page.evaluate("document.documentElement.scrollHeight") <= TALLEST
        expect(page.locator(".chip").first).to_contain_text("Latest complete month:")
        if role is Role.SALESPERSON:  # sold nothing in that month
            page.locator("#tile-headline .btn-primary").click()
            settle(page)
        if role is not Role.CLERK:  # begins with files
            assert _box(page, "#tile-over-time [data-chart]")["bottom"] <= WIDE["height"]
            assert _box(page, "#tile-movers .tile-body")["bottom"] <= WIDE["height"] + 32
        assert 4 <= page.locator(".key-figure").count() <= 6
    finally:
        page.context.close()


@pytest.mark.parametrize("role", FEW_ROLES)
def test_a_phone_shows_the_answers_and_folds_the_details(chromium: Browser, shop: Served, role: Role) -> None:
    page = _open(chromium, shop, role, PHONE)
    try:
        assert _box(page, ".details-of-sales > summary")["top"] <= SCREENS * PHONE["height"]
        details = page.locator("#tile-freshness")
        expect(details).not_to_be_visible()
        page.get_by_text("More details").click()
        expect(details).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    finally:
        page.context.close()
