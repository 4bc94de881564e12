"""Open pages move when a sale is counted, and a page whose connection was cut shows each sale once."""

import json
from collections.abc import Callable
from typing import Any
from urllib.request import Request, urlopen

import pytest
from live_server import Served, sign_in_at
from page_checks import settle
from playwright.sync_api import BrowserContext, Page, Route, expect

from tillstream.model.messages import store_sale_schema
from tillstream.people import store_credentials

pytestmark = pytest.mark.browser
Post = Callable[[str], None]
NOTE_SETTLEMENT = """
window.EventSource = class extends EventSource {
  constructor(address) {
    super(address);
    window.settled = new Promise((done) => this.addEventListener("settled", ({ data }) => Number(data) && done()));
  }
};
"""


@pytest.fixture
def post(served: Served) -> Post:
    """Post a sale of this minute, with a number, as a till does."""
    example: dict[str, Any] = store_sale_schema()["examples"][0]
    token = store_credentials.issue_store_token(
        served.app.ports, example["region"], example["store_id"], "front", "boss"
    )[1]

    def send(number: str) -> None:
        sold_at = served.app.ports.clock.now().isoformat(timespec="seconds")
        body = json.dumps(example | {"number": number, "sold_at": sold_at}).encode()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        with urlopen(Request(f"{served.address}/api/sales", body, headers), timeout=30) as answer:
            assert answer.status == 202

    return send


def open_live(page: Page, served: Served, path: str = "/live") -> None:
    sign_in_at(page, served, f"{path}")
    page.wait_for_load_state()


def numbers(page: Page) -> list[str]:
    return [
        text.rpartition("/")[2]
        for text in page.locator("#live-rows tr").evaluate_all("(rows) => rows.map((row) => row.dataset.sale)")
    ]


def _other_page(page: Page, served: Served) -> Page:
    """One that is live, and so shows what this one must not."""
    other = page.context.new_page()
    other.goto(f"{served.address}/live")
    expect(other.locator("#live-state")).to_have_text("Live")
    return other


def test_a_live_page_and_a_dashboard_move_when_a_sale_arrives(
    page: Page, context: BrowserContext, served: Served, post: Post
) -> None:
    post("A-1")
    open_live(page, served)
    expect(page.locator("#live-rows tr")).to_have_count(1, timeout=20_000)
    expect(page.locator("#live-state")).to_have_text("Live")
    dashboard = context.new_page()
    dashboard.goto(f"{served.address}/dashboard?preset=all")
    settle(dashboard)
    orders = dashboard.locator("#tile-headline")
    before = orders.inner_text()
    dashboard.evaluate("window.stays = true")
    page.evaluate("window.stays = true")
    post("A-2")
    expect(page.locator("#live-rows tr")).to_have_count(2, timeout=10_000)
    assert numbers(page)[0] == "A-2"
    dashboard.bring_to_front()
    expect(orders).not_to_have_text(before, timeout=15_000, use_inner_text=True)
    assert page.evaluate("window.stays")
    assert dashboard.evaluate("window.stays")
    assert served.page_errors == []


def test_a_page_that_is_being_left_does_not_load_itself(page: Page, served: Served, post: Post) -> None:
    page.add_init_script(NOTE_SETTLEMENT)
    page.clock.install()
    open_live(page, served, "/dashboard")  # without sales, so it loads itself after the first
    page.wait_for_url("**/dashboard")
    page.evaluate("window.stays = true")
    page.evaluate("dispatchEvent(new Event('beforeunload'))")  # as at a click on a link
    post("D-1")
    page.evaluate("settled.then(() => 0)")
    page.clock.run_for(30_000)
    assert page.evaluate("window.stays")
    page.clock.run_for(120_000)  # the other page has not come
    expect(page.locator("#tile-headline")).to_be_visible()


def test_after_a_cut_connection_each_sale_is_shown_once(page: Page, served: Served, post: Post) -> None:
    post("B-1")
    open_live(page, served)
    expect(page.locator("#live-rows tr")).to_have_count(1, timeout=20_000)
    expect(page.locator("#live-state")).to_have_text("Live")

    def cut(route: Route) -> None:
        route.abort()

    page.route("**/live/events**", cut)
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Resume").click()
    other = _other_page(page, served)
    post("B-2")
    post("B-3")
    expect(other.locator("#live-rows tr")).to_have_count(3, timeout=30_000)
    other.close()
    assert numbers(page) == ["B-1"]
    page.unroute("**/live/events**", cut)
    expect(page.locator("#live-rows tr")).to_have_count(3, timeout=30_000)
    assert sorted(numbers(page)) == ["B-1", "B-2", "B-3"]
    post("B-4")
    expect(page.locator("#live-rows tr")).to_have_count(4, timeout=10_000)
    page.reload()
    expect(page.locator("#live-rows tr")).to_have_count(4)


def test_a_paused_page_does_not_move_and_then_catches_up(page: Page, served: Served, post: Post) -> None:
    post("C-1")
    open_live(page, served)
    expect(page.locator("#live-rows tr")).to_have_count(1, timeout=20_000)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#live-state")).to_have_text("Paused")
    other = _other_page(page, served)
    post("C-2")
    expect(other.locator("#live-rows tr")).to_have_count(2, timeout=30_000)
    other.close()
    assert numbers(page) == ["C-1"]
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#live-rows tr")).to_have_count(2, timeout=10_000)
    page.set_viewport_size({"width": 375, "height": 812})
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert served.page_errors == []
