"""The first tasks of each role on a day, with the data of the demo."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo_shop import DemoShop, demo_shop
from live_server import open_page, report_other_hosts
from page_checks import settle
from playwright.sync_api import Browser, Page, expect

from portal.menu import AREAS
from tillstream.model.permissions import Role
from tillstream.samples.sample_files import mistaken_file

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoShop]:
    with demo_shop(tmp_path_factory.mktemp("mornings"), working=True) as shop:
        yield shop


@pytest.fixture
def page(chromium: Browser, shop: DemoShop) -> Iterator[Page]:
    context = chromium.new_context(
        locale="en-GB",
        timezone_id="Europe/London",
        viewport={"width": 1440, "height": 900},
    )
    report_other_hosts(context, shop.served)
    yield open_page(context, shop.served)
    context.close()
    assert shop.served.page_errors == []


def go_to(page: Page, endpoint: str) -> None:
    """Click the entry of an area in the menu, and the tab of the area."""
    area = next(area for area in AREAS if area.endpoint == endpoint)
    with page.expect_navigation():
        page.locator(".areas").get_by_role("link", name=re.compile(rf"^({area.entry}|{area.label})")).click()
    tab = page.locator(".entry-tabs").get_by_role("link", name=re.compile(rf"^{area.label}"))
    if tab.count():
        tab.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_clerk_uploads_a_file_and_reads_its_receipt(page: Page, shop: DemoShop, tmp_path: Path) -> None:
    shop.sign_in(page, Role.CLERK)
    expect(page.locator("#tile-attention")).to_be_visible()
    go_to(page, "completeness.show")
    expect(page.get_by_role("link", name=re.compile("missing")).first).to_be_visible()
    go_to(page, "uploads.listing")
    file = tmp_path / "USA_today.tsv"
    file.write_bytes(mistaken_file("USA", shop.served.app.ports.clock.now().date(), 0.05))
    page.get_by_label("Drop sales files here").set_input_files(file)
    page.get_by_label("Data source of USA_today.tsv").select_option("USA")
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_role("heading", name="USA_today.tsv")).to_be_visible()


def test_the_latest_days_are_in_view_on_a_phone(page: Page, shop: DemoShop) -> None:
    shop.sign_in(page, Role.ADMIN)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{shop.served.address}/completeness")
    expect(page.locator(".calendar thead :is(.latest, .today)").last).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("rowheader", name=re.compile("USA"))).to_be_in_viewport()


def test_a_manager_sees_what_moved_and_what_waits(page: Page, shop: DemoShop) -> None:
    shop.sign_in(page, Role.MANAGER)
    settle(page)
    expect(page.locator(".key-figure").first).to_be_visible()
    expect(page.locator("#tile-movers")).to_contain_text("Fallers")
    go_to(page, "review.waiting")
    page.get_by_role("link", name=re.compile(r"UK_market_")).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("UK_market_")


def test_a_salesperson_finds_the_sales_of_last_evening(page: Page, shop: DemoShop) -> None:
    shop.sign_in(page, Role.SALESPERSON)
    settle(page)
    expect(page.locator(".key-figure").first).to_be_visible()
    page.goto(f"{shop.served.address}/sale-lines?q=TILL-&preset=all")
    expect(page.get_by_text("Darjeeling Tea").first).to_be_visible()
    assert not re.search(r"\bmargin\b", page.locator("main").inner_text(), re.IGNORECASE)


def test_an_analyst_compares_and_exports(page: Page, shop: DemoShop) -> None:
    shop.sign_in(page, Role.ANALYST)
    settle(page)
    go_to(page, "compare.show")
    settle(page)
    expect(page.locator("main table").first).to_be_visible()
    go_to(page, "sale_lines.show")
    answer = page.context.request.get(f"{shop.served.address}/sale-lines/export?format=csv&preset=last-month")
    assert answer.status == 200
    assert len(answer.text().splitlines()) > 100


def test_an_administrator_reviews_a_proposal_and_the_log(page: Page, shop: DemoShop) -> None:
    shop.sign_in(page, Role.ADMIN)
    go_to(page, "uploads.proposals")
    expect(page.get_by_text(re.compile("kiosk_")).first).to_be_visible()
    go_to(page, "admin.people")
    expect(page.get_by_text("Maya Rao").first).to_be_visible()
    go_to(page, "audit.show")
    expect(page.locator("main table").first).to_be_visible()


def test_a_manager_reads_the_forecast_of_a_store_and_how_good_it_was(page: Page, shop: DemoShop) -> None:
    shop.sign_in(page, Role.MANAGER)
    go_to(page, "forecast.show")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Forecast: IN")
    expect(page.locator("[data-chart=ahead][data-drawn=line]")).to_be_visible()
    page.locator("select[name=of]").select_option(label="Mumbai")
    page.locator("select[name=target]").select_option(label="Units")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Forecast: Mumbai")
    expect(page.get_by_role("row", name=re.compile("^4 weeks until"))).to_be_visible()
    page.get_by_role("link", name=re.compile("in Mumbai$")).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("in Mumbai")
    page.get_by_role("link", name="How good are the forecasts?").click()
    expect(page.get_by_role("row", name=re.compile("Units Stores"))).to_be_visible()
