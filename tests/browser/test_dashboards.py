"""Each role's morning in a real browser: it is there, drills down, hears of news, and needs no network."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from live_server import PASSWORD, Served, new_context, open_page, serving, shared_portal, sign_in_at
from page_checks import FEW_ROLES, settle
from playwright.sync_api import Browser, Page, Route, expect
from waiting import wait_for_batch

from tillstream.intake import inbox
from tillstream.model.batch import STATES_IN_LEDGER
from tillstream.model.permissions import Role
from tillstream.people import accounts

pytestmark = pytest.mark.browser
HEADER = (
    "Invoice No,Line,Invoice Date,Store,Salesperson,Customer Code,Customer Name,Item Code,Item,Category,Channel,"
    "Status,Qty,Rate,Discount,Taxable Value,GST,Invoice Value,Original Invoice"
)
SCOPES = {Role.ADMIN: {}, Role.ANALYST: {}, Role.SALESPERSON: {"regions": ["IN"], "salesperson": "S1"}}


def _sell(served: Served, name: str, *amounts: str) -> None:
    """A file of India's, given as the watched folder would."""
    rows = [
        f"{name}-{at},1,{at % 28 + 1:02}-0{at % 3 + 3}-2026 10:15,MUM01,S{at % 2 + 1},C{at},Asha Rao,P{at},Kettle,"
        f"{'Garden' if at % 2 else 'Kitchen'},store,Completed,1,{amount},0.00,{amount},18.00,118.00,"
        for at, amount in enumerate(amounts, 1)
    ]
    content = BytesIO("\n".join([HEADER, *rows, ""]).encode())
    ports = served.app.ports
    batch = inbox.receive_file(ports, served.app.contracts.pin("IN"), f"{name}.csv", content, by="admin")
    wait_for_batch(ports, batch.batch_id, *STATES_IN_LEDGER)


def _open_with_people(served: Served) -> None:
    for role in Role:
        if role is not Role.ADMIN:
            scope = SCOPES.get(role, {"regions": ["IN"]})
            accounts.add_account(served.app.ports, role.value, role.value.title(), role, password=PASSWORD, **scope)
    _sell(served, "june", "100.50", "200.25", "300.00")


served = shared_portal(_open_with_people)
"""One home with these sales and a person of every role for all tests of the file that only look."""


def _sign_in(page: Page, served: Served, role: Role) -> None:
    sign_in_at(page, served, "/dashboard?preset=all", role.value)


@pytest.mark.parametrize("role", FEW_ROLES)
def test_every_role_begins_its_day_with_its_own_page(page: Page, served: Served, role: Role) -> None:
    _sign_in(page, served, role)
    expect(page.locator("#tile-headline .figure").first).to_contain_text(
        "200.25" if role is Role.SALESPERSON else "600.75"
    )
    settle(page)
    page.set_viewport_size({"width": 375, "height": 812})
    page.reload()
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert served.page_errors == []


def test_a_manager_drills_from_a_group_to_the_sale_lines_and_back(page: Page, served: Served) -> None:
    _sign_in(page, served, Role.MANAGER)
    settle(page)
    picker = page.locator("#tile-split-1 .drop-menu")
    picker.locator("summary").click()
    picker.get_by_role("link", name="Category").click()
    page.wait_for_url("**split-1=by-category#tile-split-1")
    settle(page)
    page.locator("#tile-split-1").get_by_role("link", name="Garden").click()
    page.wait_for_url("**category=Garden**")
    expect(page.locator("#tile-headline .figure").first).to_contain_text("400.50")
    settle(page)
    page.locator("#tile-split-1").get_by_role("link", name="Garden").click()
    page.wait_for_url("**/sale-lines?**category=Garden**")
    expect(page.get_by_text("june-1").first).to_be_visible()
    page.go_back()
    expect(page.locator(".chip")).to_have_text(re.compile("Category: Garden"))
    page.locator(".chip").click()
    expect(page.locator("#tile-headline .figure").first).to_contain_text("600.75")
    assert served.page_errors == []


def test_an_open_page_is_notified_of_a_settlement(chromium: Browser, tmp_path: Path) -> None:
    with serving(tmp_path) as served, new_context(chromium, served) as context:
        page = open_page(context, served)
        _sell(served, "june", "100.50")
        _sign_in(page, served, Role.ADMIN)
        settle(page)
        expect(page.locator("#tile-headline .figure").first).to_contain_text("100.50")
        _sell(served, "july", "1000.00")
        expect(page.locator("#tile-headline .figure").first).to_contain_text("1,100.50")
        assert served.page_errors == []


def test_a_failed_tile_shows_its_error_and_can_be_retried(page: Page, served: Served) -> None:
    _sign_in(page, served, Role.ANALYST)
    settle(page)
    page.route("**/dashboard/tiles/by-category*", lambda route: route.fulfill(status=503, body="not now"))
    page.reload()
    tile = page.locator("#tile-split-2")
    expect(tile.get_by_text("could not be loaded")).to_be_visible()
    expect(page.locator("#tile-headline .figure").first).to_contain_text("600.75")
    page.unroute("**/dashboard/tiles/by-category*")
    tile.get_by_role("link", name="Try again").click()
    expect(tile.get_by_role("link", name="Garden")).to_be_visible()
    assert all("503" in one for one in served.page_errors)


def test_filters_by_keyboard_alone(page: Page, served: Served) -> None:
    _sign_in(page, served, Role.ADMIN)
    settle(page)
    further = page.locator(".further > summary")
    further.focus()
    page.keyboard.press("Enter")
    product = page.locator(".further .field", has_text="Product").locator("summary")
    product.focus()
    page.keyboard.press("Enter")
    page.keyboard.type("p2")
    box = page.locator("input[name=product][value=P2]")
    expect(box).to_be_visible()
    box.focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Show").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/dashboard?**product=P2**")
    expect(page.locator("#tile-headline .figure").first).to_contain_text("200.25")
    assert served.page_errors == []


def test_choices_opened_before_the_scripts_are_loaded_are_filled_by_them(page: Page, served: Served) -> None:
    late: list[Route] = []

    def hold(route: Route) -> None:
        late.append(route)

    _sign_in(page, served, Role.ADMIN)
    page.locator(".further").wait_for()
    page.route("**/choices.js*", hold)
    page.reload(wait_until="commit")
    page.locator(".further").wait_for()
    for closed in (".filter-sheet", ".further", ".further .choice"):
        page.locator(closed).evaluate_all("closed => closed.forEach(one => { one.open = true; })")
    late[0].continue_()
    expect(page.locator("input[name=product]")).to_have_count(3)
    assert served.page_errors == []


def test_a_choice_keeps_the_focus_when_late_results_replace_it(page: Page, served: Served) -> None:
    _sign_in(page, served, Role.ADMIN)
    settle(page)
    late: list[Route] = []

    def hold(route: Route) -> None:
        late.append(route)

    page.route("**/dashboard/values/product?q=p2", hold)
    page.locator(".further > summary").click()
    page.locator(".further .field", has_text="Product").locator("summary").click()
    choices = page.locator("input[name=product]")
    expect(choices).to_have_count(3)
    with page.expect_request("**/dashboard/values/product?q=p2"):
        page.keyboard.type("p2")
    page.locator("input[name=product][value=P2]").focus()
    late[0].continue_()
    expect(choices).to_have_count(1)
    expect(choices).to_be_focused()
    assert served.page_errors == []
