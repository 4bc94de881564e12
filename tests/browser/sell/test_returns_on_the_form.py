"""Returns on the sale form: only what is left can be returned, also without the server."""

import pytest
from live_server import Served, open_page
from playwright.sync_api import APIResponse, BrowserContext, Page, Route, expect
from seller_steps import LOADED, complete, installed, scan, sign_in, status, wait_for_revenue

pytestmark = pytest.mark.browser


def _find(page: Page, number: str) -> None:
    page.get_by_label("Number of the sale").fill(number)
    page.get_by_role("button", name="Find sale").click()


def test_a_sale_is_returned_once(page: Page, served: Served) -> None:
    sign_in(page, served)
    scan(page, "3*P2")
    complete(page)
    wait_for_revenue(served, "522", page)
    for left, quantity in (("3", "1"), ("2", "2")):
        page.get_by_role("button", name="Return W-").click()
        field = page.get_by_label("Quantity of Toaster")
        expect(field).to_have_value(left)
        field.fill(quantity)
        complete(page, "Complete return")
        status(page, "All sales are sent")
    page.get_by_role("button", name="Return W-").click()
    expect(page.get_by_text("has been returned already.")).to_be_visible()
    expect(page.get_by_role("heading", name="New sale")).to_be_visible()
    wait_for_revenue(served, LOADED, page)
    assert served.page_errors == []


def test_a_return_that_is_sent_while_the_server_answers_counts_once(page: Page, served: Served) -> None:
    """The answer was made before the server had the return; the device has it as sent when the answer arrives."""
    sign_in(page, served)
    scan(page, "3*P2")
    complete(page)
    status(page, "All sales are sent")
    page.get_by_role("button", name="Return W-").click()
    page.get_by_label("Quantity of Toaster").fill("1")
    posts: list[Route] = []
    reads: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        posts.append(route)

    page.route("**/sell/sales", hold)
    page.route("**/earlier.json*", lambda route: reads.append((route, route.fetch())))
    complete(page, "Complete return")
    page.get_by_role("button", name="Return W-").click()
    while not (posts and reads):
        page.wait_for_timeout(50)
    posts[0].continue_()
    status(page, "All sales are sent")
    ((question, answer),) = reads
    question.fulfill(response=answer)
    expect(page.get_by_label("Quantity of Toaster")).to_have_value("2")


@pytest.mark.long
def test_a_return_that_another_tab_completes_while_the_server_answers_counts(
    page: Page, context: BrowserContext, served: Served
) -> None:
    sign_in(page, served)
    scan(page, "3*P2")
    complete(page)
    status(page, "All sales are sent")
    reads: list[tuple[Route, APIResponse]] = []
    page.route("**/earlier.json*", lambda route: reads.append((route, route.fetch())))
    page.get_by_role("button", name="Return W-").click()
    while not reads:
        page.wait_for_timeout(50)
    other = open_page(context, served)
    other.goto(page.url)
    other.get_by_role("button", name="Return W-").click()
    other.get_by_label("Quantity of Toaster").fill("1")
    complete(other, "Complete return")
    status(other, "All sales are sent")
    ((question, answer),) = reads
    question.fulfill(response=answer)
    expect(page.get_by_label("Quantity of Toaster")).to_have_value("2")


@pytest.mark.long
def test_returns_that_are_not_sent_yet_count_as_returned(page: Page, context: BrowserContext, served: Served) -> None:
    sign_in(page, served)
    installed(page)
    context.set_offline(True)
    scan(page, "2*P2")
    complete(page)
    status(page, "1 sale not sent yet")
    context.set_offline(False)
    status(page, "All sales are sent")
    context.set_offline(True)
    page.get_by_role("button", name="Return W-").click()
    page.get_by_label("Quantity of Toaster").fill("1")
    complete(page, "Complete return")
    page.get_by_role("button", name="Return W-").click()
    expect(page.get_by_label("Quantity of Toaster")).to_have_value("1")
    page.get_by_label("Quantity of Toaster").fill("2")
    expect(page.get_by_text("At most 1 of 2 are left to return.")).to_be_visible()
    page.get_by_label("Quantity of Toaster").fill("1")
    complete(page, "Complete return")
    page.get_by_role("button", name="Return W-").click()
    expect(page.get_by_text("has been returned already.")).to_be_visible()


def test_a_sale_that_is_not_found_leaves_no_lines_of_the_one_before(page: Page, served: Served) -> None:
    sign_in(page, served)
    _find(page, "A1")
    expect(page.get_by_label("Quantity of Kettle")).to_have_value("2")
    _find(page, "A9")
    expect(page.get_by_text("MUM01 has no sale A9")).to_be_visible()
    expect(page.get_by_label("Quantity of Kettle")).to_have_count(0)
    expect(page.get_by_label("Number of the sale")).to_be_focused()
    _find(page, "A1")
    complete(page, "Complete return")
    wait_for_revenue(served, "80.5", page)
    _find(page, "A1")
    expect(page.get_by_text("Everything of sale MUM01/A1 has been returned already.")).to_be_visible()
