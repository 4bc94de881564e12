"""The sale form without the server: sales stay over reloads and restarts, are sent in order, and count once."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from app_factory import build
from live_server import PASSWORD, Served, open_page, running
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect
from seller_steps import (
    LOADED,
    complete,
    installed,
    open_shop,
    ready,
    revenue,
    scan,
    sign_in,
    status,
    wait_for_revenue,
)

from tillstream.settings import Settings

pytestmark = pytest.mark.browser


def _numbers_sent(context: BrowserContext) -> list[str]:
    """Numbers of the sales in the order in which requests contain them; grows with each request."""
    numbers: list[str] = []

    def record(request: Request) -> None:
        if request.url.endswith("/sell/sales"):
            body: Any = request.post_data_json
            numbers.extend(one["number"] for one in body["sales"])

    context.on("request", record)
    return numbers


def _sell_offline(page: Page, *codes: str) -> None:
    for code in codes:
        scan(page, code)
        complete(page)


def test_a_sale_entered_offline_survives_a_reload_and_counts_once_when_the_line_is_back(
    page: Page, context: BrowserContext, served: Served
) -> None:
    sign_in(page, served)
    installed(page)
    context.set_offline(True)
    _sell_offline(page, "P1")
    status(page, "1 sale not sent yet")
    page.reload()
    expect(page.get_by_text("This is the page as your device keeps it.")).to_be_visible()
    status(page, "1 sale not sent yet")
    ready(page)
    _sell_offline(page, "P2")
    status(page, "2 sales not sent yet")
    assert revenue(served) == LOADED
    context.set_offline(False)
    status(page, "All sales are sent")
    wait_for_revenue(served, "461", page)
    page.reload()
    ready(page)
    status(page, "All sales are sent")
    wait_for_revenue(served, "461", page)


def test_two_tabs_send_each_sale_once_and_in_order(page: Page, context: BrowserContext, served: Served) -> None:
    sign_in(page, served)
    installed(page)
    other = open_page(context, served)
    other.goto(f"{served.address}/sell/")
    ready(other)
    numbers = _numbers_sent(context)
    context.set_offline(True)
    for tab in (page, other, page):
        tab.bring_to_front()
        _sell_offline(tab, "P1")
    status(other, "3 sales not sent yet")
    context.set_offline(False)
    for tab in (page, other):
        tab.evaluate("dispatchEvent(new Event('online'))")
    for tab in (page, other):
        status(tab, "All sales are sent")
    assert set(Counter(numbers).values()) == {1}
    assert [number.rpartition("-")[2] for number in numbers] == ["1", "2", "3"]
    wait_for_revenue(served, "580.5", page)


def test_a_lost_answer_does_not_double_a_sale(page: Page, context: BrowserContext, served: Served) -> None:
    """The request arrives, its answer does not: the form sends the sale again."""
    sign_in(page, served)
    lost: list[int] = []

    def lose(route: Any) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch().status)
        route.abort()

    page.route("**/sell/sales", lose)
    numbers = _numbers_sent(context)
    _sell_offline(page, "P1")
    status(page, "All sales are sent")
    assert lost == [200]
    assert len(numbers) == 2
    assert len(set(numbers)) == 1
    wait_for_revenue(served, "380.5", page)


def test_another_person_on_the_device_neither_sees_nor_sends_the_sales_of_the_first(
    page: Page, context: BrowserContext, served: Served
) -> None:
    sign_in(page, served)
    installed(page)
    context.set_offline(True)
    _sell_offline(page, "P1")
    context.clear_cookies()
    context.set_offline(False)
    expect(page.get_by_text("You are signed out. Sales are kept on this device")).to_be_visible()
    other = open_page(context, served)
    sign_in(other, served, "rita")
    status(other, "All sales are sent")
    expect(other.get_by_text("Sales of this device")).to_be_hidden()
    _sell_offline(other, "P2")
    status(other, "All sales are sent")
    wait_for_revenue(served, "361", page)
    page.bring_to_front()
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.get_by_text("Another person is signed in now.")).to_be_visible()
    status(page, "1 sale not sent yet")
    other.close()
    page.goto("about:blank")  # nothing of this page is under way when the session ends
    context.clear_cookies()
    sign_in(page, served)
    status(page, "All sales are sent")
    wait_for_revenue(served, "461", page)


@pytest.mark.long
def test_after_signing_out_the_page_opens_without_a_user(page: Page, context: BrowserContext, served: Served) -> None:
    sign_in(page, served)
    installed(page)
    page.locator(".person > summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    context.set_offline(True)
    page.goto(f"{served.address}/sell/")
    expect(page.get_by_text("Connect to the server and sign in once")).to_be_visible()
    expect(page.get_by_label("Product, code, or barcode")).to_be_hidden()


@pytest.mark.long
def test_a_session_that_has_ended_leaves_the_form_to_its_user(
    page: Page, context: BrowserContext, served: Served
) -> None:
    sign_in(page, served)
    installed(page)
    context.set_offline(True)
    _sell_offline(page, "P1")
    context.clear_cookies()
    context.set_offline(False)
    page.goto(f"{served.address}/sell/")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    context.set_offline(True)
    page.goto(f"{served.address}/sell/")
    status(page, "1 sale not sent yet")
    ready(page)
    _sell_offline(page, "P2")
    context.set_offline(False)
    sign_in(page, served)
    status(page, "All sales are sent")
    wait_for_revenue(served, "461", page)


@pytest.mark.long
def test_the_form_is_no_longer_that_of_a_user_after_another_one_has_signed_in(
    page: Page, context: BrowserContext, served: Served
) -> None:
    sign_in(page, served)
    installed(page)
    context.clear_cookies()
    page.goto(f"{served.address}/sign-in?next=/password")
    page.get_by_label("Name", exact=True).fill("rita")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/password")  # loaded, with the script that forgets the user before
    expect(page.get_by_label("Current password")).to_be_visible()
    context.set_offline(True)
    page.goto(f"{served.address}/sell/")
    expect(page.get_by_text("Connect to the server and sign in once")).to_be_visible()


@pytest.mark.long
def test_the_server_stops_and_comes_back(chromium: Browser, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", samples=False, threads=1, reporting_currency="INR")
    app, context = build(settings), chromium.new_context(locale="en-GB")
    open_shop(app)
    page = context.new_page()
    with running(app) as served:
        wait_for_revenue(served, LOADED)
        sign_in(page, served)
        installed(page)
    _sell_offline(page, "P1")
    expect(page.get_by_text("The server cannot be reached.")).to_be_visible()
    page.reload()
    ready(page)
    status(page, "1 sale not sent yet")
    with running(build(settings), port=int(served.address.rpartition(":")[2])) as again:
        status(page, "All sales are sent")
        wait_for_revenue(again, "380.5", page)
        assert len(page.evaluate("caches.keys()")) == 1
        kept = page.evaluate(
            "caches.keys().then(([name]) => caches.open(name)).then((one) => one.keys())"
            ".then((keys) => keys.map((key) => new URL(key.url).pathname))"
        )
        assert [path for path in kept if not path.startswith("/static/")] == ["/sell/offline"]
    context.close()
