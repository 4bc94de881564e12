"""A session that ends while a form is open or a file is chosen: after signing in again, the page goes on by itself."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from live_server import Served, fill_in_sign_in, sign_in_at
from playwright.sync_api import Page, Route, expect

from tillstream.contracts import source_settings
from tillstream.people import accounts, sessions
from tillstream.records import batch_records

pytestmark = pytest.mark.browser
FILE = """Invoice No,Line,Invoice Date,Store,Salesperson,Customer Code,Customer Name,Item Code,Item,Category,Channel,\
Status,Qty,Rate,Discount,Taxable Value,GST,Invoice Value,Original Invoice
A1,1,03-06-2026 10:15,MUM01,S1,C1,Asha Rao,P1,Kettle,Kitchen,store,Completed,1,100.00,0.00,100.00,18.00,118.00,
"""


def _open(page: Page, served: Served, path: str) -> None:
    sign_in_at(page, served, path)  # with its scripts, without which a form is sent as usual


def _end_sessions(served: Served) -> None:
    user = accounts.get_user(served.app.ports, "admin")
    for session in served.app.ports.documents.find(sessions.SESSIONS_COLLECTION):
        sessions.end_session(served.app.ports, user.login, session.id, user.login)


def _sign_in_again(page: Page) -> None:
    dialog = page.get_by_role("dialog", name="You are signed out")
    expect(dialog).to_be_visible()
    with page.context.expect_page() as opened:
        dialog.get_by_role("link", name="Sign in in a new tab").click()
    fill_in_sign_in(opened.value)
    expect(opened.value.get_by_role("heading", name="You are signed in")).to_be_visible()
    opened.value.close()
    expect(dialog).to_be_hidden()


def test_a_form_is_sent_as_filled_in_after_signing_in_again(page: Page, served: Served) -> None:
    _open(page, served, "/expected-deliveries/IN")
    page.get_by_label("How often").select_option("weekly")
    page.get_by_label("Email addresses").fill("shop@example.com")
    _end_sessions(served)
    page.get_by_role("button", name="Save").click()
    _sign_in_again(page)
    expect(page.get_by_text("The expected deliveries of IN are saved.")).to_be_visible()
    stored = source_settings.expectation_of_contract(served.app.ports, served.app.contracts.current("IN")).expectation
    assert (stored.cadence, stored.notify) == ("weekly", ("shop@example.com",))
    assert served.page_errors == []


def test_a_closed_dialog_leaves_the_form_as_it_is(page: Page, served: Served) -> None:
    _open(page, served, "/expected-deliveries/IN")
    page.get_by_label("Email addresses").fill("shop@example.com")
    _end_sessions(served)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("dialog", name="You are signed out").get_by_role("button", name="Close").click()
    expect(page.get_by_label("Email addresses")).to_have_value("shop@example.com")


def test_a_click_elsewhere_does_not_keep_a_form_from_being_sent(page: Page, served: Served) -> None:
    _open(page, served, "/expected-deliveries/IN")
    page.get_by_label("Email addresses").fill("shop@example.com")
    link = page.get_by_role("link", name="Explore").bounding_box() or pytest.fail("the link is not shown")

    def click_first(route: Route) -> None:
        page.mouse.click(link["x"] + 5, link["y"] + 5)
        route.continue_()

    opened: list[str] = []
    page.on("request", lambda request: opened.append(request.url) if request.is_navigation_request() else None)
    page.route("**/session", click_first)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The expected deliveries of IN are saved.")).to_be_visible()
    assert [urlsplit(url).path for url in opened] == ["/expected-deliveries/IN", "/expected-deliveries"]
    assert served.page_errors == []


@pytest.mark.usefixtures("direct")
def test_a_chosen_file_is_uploaded_after_signing_in_again(page: Page, served: Served, tmp_path: Path) -> None:
    path = tmp_path / "IN-june.csv"
    path.write_text(FILE)
    _open(page, served, "/uploads")
    page.locator("input[type=file]").set_input_files(path)
    _end_sessions(served)
    page.get_by_role("button", name="Upload", exact=True).click()
    _sign_in_again(page)
    expect(page.get_by_text("1 row").first).to_be_visible()
    assert [one.file for one in batch_records.find_batches(served.app.ports)] == ["IN-june.csv"]
