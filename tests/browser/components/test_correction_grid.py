"""Refused rows repaired in a real browser: by suggestion and for all alike, by keyboard alone, left and resumed."""

from contextlib import closing
from io import BytesIO

import pytest
from live_server import PASSWORD, Served, sign_in_at
from playwright.sync_api import Browser, Page, expect

from tillstream.intake import inbox
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.receipts import receipt as receipts

pytestmark = pytest.mark.browser
HEADER = (
    "Invoice No,Line,Invoice Date,Store,Salesperson,Customer Code,Customer Name,Item Code,Item,Category,Channel,"
    "Status,Qty,Rate,Discount,Taxable Value,GST,Invoice Value,Original Invoice"
)
GOOD = 40


def _row(number: int, *, amount: str = "100.00", channel: str = "store", date: str = "03-06-2026 10:15") -> str:
    return (
        f"{number},1,{date},MUM01,S1,C{number},Asha Rao,P1,Kettle,Kitchen,{channel},"
        f"Completed,1,100.00,0.00,{amount},18.00,118.00,"
    )


@pytest.fixture
def batch(served: Served) -> str:
    """Forty rows that count; one with a date in another style, one with a slip, and three with the same slip."""
    refused = [
        _row(100, date="2026/06/04 10:15"),
        _row(101, channel="stroe"),
        *(_row(number, amount="ten") for number in (102, 103, 104)),
    ]
    text = "\n".join([HEADER, *(_row(number) for number in range(1, GOOD + 1)), *refused, ""])
    upload = inbox.receive_file(
        served.app.ports, served.app.contracts.pin("IN"), "IN-june.csv", BytesIO(text.encode()), "admin"
    )
    return upload.batch_id


def _open(page: Page, served: Served, batch: str, login: str = "admin") -> None:
    sign_in_at(page, served, f"/uploads/{batch}", login)
    page.get_by_role("link", name="Fix them here").click()
    expect(page.get_by_text("0 of 5 rows would be accepted")).to_be_visible()


def test_suggestion_all_alike_discard_save_and_a_balanced_receipt(page: Page, served: Served, batch: str) -> None:
    _open(page, served, batch)
    panel = page.get_by_role("complementary", name="About this cell")
    expect(panel.get_by_role("heading", name="Line 42 · Invoice Date")).to_be_visible()
    panel.get_by_role("button", name="2026-06-04 10:15").click()
    expect(page.get_by_text("1 of 5 rows would be accepted")).to_be_visible()

    page.get_by_role("button", name="Next error").click()
    panel.get_by_role("button", name="store").click()
    expect(page.get_by_text("2 of 5 rows would be accepted")).to_be_visible()

    page.get_by_role("button", name="Next error").click()
    expect(panel.get_by_role("heading", name="Line 44 · Taxable Value")).to_be_visible()
    panel.get_by_label("Discard with a reason").fill("a test sale")
    panel.get_by_role("button", name="Discard the row").click()
    expect(page.get_by_role("row", name="Discarded: a test sale")).to_be_visible()

    page.get_by_role("button", name="Next error").click()
    page.keyboard.type("100.00")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowUp")
    panel.get_by_role("button", name="Set the one like it to “100.00”").click()
    expect(page.get_by_text("4 of 5 rows would be accepted · 1 discarded")).to_be_visible()

    page.get_by_role("button", name="Submit 5 fixes").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("45 read = 44 new")).to_be_visible()
    dialog.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("44 of 45 rows imported", exact=True)).to_be_visible()
    rows = receipts.batch_receipt(served.app.ports, batch)["rows"]
    assert (rows["read"], rows["new"], rows["ignored"], rows["quarantined"]) == (45, 44, 1, 0)
    assert served.page_errors == []


def test_the_keyboard_alone_repairs_undoes_and_saves(page: Page, served: Served, batch: str) -> None:
    _open(page, served, batch)
    grid = page.get_by_role("grid", name="Rows to fix in IN-june.csv")
    expect(grid.locator(":focus")).to_have_text("2026/06/04 10:15")
    keys = page.keyboard
    keys.press("F8")
    keys.press("F2")
    keys.press("Control+a")
    keys.type("phone")
    keys.press("Escape")
    expect(grid.locator(":focus")).to_have_text("stroe")
    keys.type("phone")
    keys.press("Tab")
    expect(grid.locator(":focus")).to_have_text("Completed")
    expect(page.get_by_text("1 of 5 rows would be accepted")).to_be_visible()

    keys.press("F8")
    keys.type("7.50")
    keys.press("Enter")
    keys.press("ArrowUp")
    keys.press("Control+c")
    keys.press("ArrowDown")
    keys.press("Shift+ArrowDown")
    keys.press("Control+v")
    expect(page.get_by_text("4 of 5 rows would be accepted")).to_be_visible()
    keys.press("Control+z")
    expect(page.get_by_text("2 of 5 rows would be accepted")).to_be_visible()
    keys.press("Control+y")
    expect(page.get_by_text("4 of 5 rows would be accepted")).to_be_visible()

    keys.press("F8")
    expect(grid.locator(":focus")).to_have_text("2026/06/04 10:15")
    expect(page.get_by_role("button", name="2026-06-04 10:15")).to_be_visible()
    keys.press("F6")
    keys.press("Enter")
    expect(page.get_by_text("5 of 5 rows would be accepted")).to_be_visible()
    page.get_by_role("button", name="Submit 5 fixes").focus()
    keys.press("Enter")
    expect(page.get_by_role("dialog").get_by_text("45 read = 45 new")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Submit").focus()
    keys.press("Enter")
    expect(page.get_by_text("45 of 45 rows imported", exact=True)).to_be_visible()
    assert served.page_errors == []


def test_a_draft_can_be_resumed_elsewhere_and_seen_by_a_second_user(
    page: Page, served: Served, batch: str, chromium: Browser
) -> None:
    accounts.add_account(served.app.ports, "bo", "Bo", Role.MANAGER, regions=("IN",), password=PASSWORD)
    _open(page, served, batch)
    page.keyboard.type("05-06-2026 10:15")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 of 5 rows would be accepted")).to_be_visible()

    with closing(chromium.new_context(locale="en-GB", viewport={"width": 375, "height": 812})) as other:
        phone = other.new_page()
        sign_in_at(phone, served, f"/uploads/{batch}/fix", "bo")
        expect(phone.get_by_text("admin is also editing (1 step)")).to_be_visible()
        assert phone.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        phone.locator("td.bad", has_text="stroe").click()
        phone.locator("textarea.in-cell").fill("online")
        phone.keyboard.press("Enter")
        expect(phone.get_by_text("2 of 5 rows would be accepted")).to_be_visible()

    expect(page.get_by_text("bo is also editing (1 step)")).to_be_visible(timeout=10_000)
    page.goto(f"{served.address}/uploads/{batch}/fix?left=1")
    expect(page.get_by_text("2 of 5 rows would be accepted")).to_be_visible()
    expect(page.get_by_role("grid").get_by_role("row")).to_have_count(4)
    assert served.page_errors == []
