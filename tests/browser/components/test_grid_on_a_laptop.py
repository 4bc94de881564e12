"""The repair grid at the widths of desktops and laptops: the first fault, ragged rows, pasted blocks, what is saved."""

from io import BytesIO

import pytest
from live_server import Served, fill_in_sign_in, sign_in_at
from playwright.sync_api import Locator, Page, expect
from test_correction_grid import HEADER

from examples import one_in
from tillstream.intake import inbox
from tillstream.people import accounts, sessions

pytestmark = pytest.mark.browser
START = "01-06-2026 10:15,MUM01,S1,C1,"
REST = "P1,Kettle,Kitchen,store,Completed,1,100.00,0.00,"
TOP = """(cell) => {
  const box = cell.getBoundingClientRect();
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return top === cell || cell.contains(top);
}"""
"""Whether the middle of a cell is on the screen, with nothing over it."""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def _row(number: int, amount: str = "100.00", customer: str = "Asha Rao") -> str:
    return f"{number},1,{START}{customer},{REST}{amount},18.00,118.00,"


@pytest.fixture
def batch(served: Served) -> str:
    """60 rows that count, 6 with a wrong amount at the far right, one with a cell too many, one with cells missing."""
    refused = [*(_row(number, "ten") for number in range(101, 107)), _row(107, customer="Rao, Asha"), "108,1,x,MUM01"]
    text = "\n".join([HEADER, *(_row(number) for number in range(1, 61)), *refused, ""])
    contract = served.app.contracts.pin("IN")
    return inbox.receive_file(served.app.ports, contract, "IN-june.csv", BytesIO(text.encode()), "admin").batch_id


@pytest.fixture
def grid(page: Page, served: Served, batch: str) -> Locator:
    page.set_viewport_size({"width": 1024, "height": 768})
    _open(page, served, batch)
    return page.get_by_role("grid", name="Rows to fix in IN-june.csv")


def _open(page: Page, served: Served, batch: str) -> None:
    sign_in_at(page, served, f"/uploads/{batch}")
    page.get_by_role("link", name="Fix them here").click()
    expect(page.get_by_text("0 of 8 rows would be accepted")).to_be_visible()


def _paste(page: Page, text: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("(text) => navigator.clipboard.writeText(text)", text)
    page.keyboard.press("Control+v")


def _cell(grid: Locator, line: int, column: str) -> Locator:
    return grid.locator(f'tr:has(th:text-is("{line}")) td[data-label="{column}"]')


@pytest.mark.parametrize("width", one_in(2, [1024, 1440]))
def test_the_first_fault_is_visible_with_its_problem_beside_it(
    page: Page, served: Served, batch: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 768})
    _open(page, served, batch)
    grid = page.get_by_role("grid")
    first = grid.locator(":focus")
    expect(first).to_have_text("ten")
    assert first.evaluate(TOP)
    problem = grid.locator("tbody tr").first.locator(".why")
    expect(problem).to_contain_text("which cannot be read as a number")
    assert problem.evaluate(TOP), "the problem stays in view, however far to the right its cell is"
    assert page.evaluate(SIDEWAYS) <= 0
    for _ in range(7):
        page.keyboard.press("F8")
        assert grid.locator(":focus").evaluate(TOP)
    assert served.page_errors == []


def test_rows_with_too_few_or_too_many_cells_are_marked(page: Page, grid: Locator) -> None:
    surplus, short = grid.locator("tr.ragged").all()
    expect(surplus.locator(".why")).to_have_text("1 cell too many after the last column: “”All fields")
    expect(short.locator(".why")).to_contain_text("15 cells missing")
    assert short.locator("td.absent").count() == 15
    assert surplus.locator("td.absent").count() == 0
    surplus.locator(".why").click()
    page.get_by_role("button", name="is one cell, Customer Name").click()
    expect(page.get_by_text("1 of 8 rows would be accepted")).to_be_visible()
    assert grid.locator("tr.ragged").count() == 1


def test_a_block_of_a_spreadsheet_is_pasted_undone_and_redone_as_one_step(
    page: Page, grid: Locator, served: Served
) -> None:
    _cell(grid, 62, "Taxable Value").click()
    _paste(page, "10.00\t1.80\t11.80\r\n20.00\t3.60\t23.60\r\n30.00\t5.40\t35.40\r\n")
    expect(page.get_by_text("3 of 8 rows would be accepted")).to_be_visible()
    expect(_cell(grid, 64, "Invoice Value")).to_have_text("35.40")
    expect(page.get_by_text("All changes saved")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(page.get_by_text("0 of 8 rows would be accepted")).to_be_visible()
    expect(_cell(grid, 62, "Taxable Value")).to_have_text("ten")
    expect(_cell(grid, 64, "Invoice Value")).to_have_text("118.00")
    page.keyboard.press("Control+y")
    expect(page.get_by_text("3 of 8 rows would be accepted")).to_be_visible()
    expect(_cell(grid, 63, "GST")).to_have_text("3.60")
    assert served.page_errors == []


def test_what_a_pasted_block_has_beyond_the_grid_is_reported(page: Page, grid: Locator) -> None:
    _cell(grid, 67, "Original Invoice").click(delay=500)
    _paste(page, "\r\n".join(["a\tb", "c\td", "e\tf", "g\th"]))
    expect(page.get_by_text("1 pasted row did not fit on this page and was left out.")).to_be_visible()
    expect(page.get_by_text("1 pasted column did not fit beside the last column and was left out.")).to_be_visible()
    expect(page.get_by_text("All changes saved")).to_be_visible()
    expect(page.get_by_text("1 pasted row did not fit")).to_be_visible()


@pytest.mark.parametrize("checked", one_in(2, [True, False]))
def test_what_is_typed_after_the_session_ends_is_saved_after_signing_in(
    page: Page, grid: Locator, served: Served, checked: bool
) -> None:
    user = accounts.get_user(served.app.ports, "admin")
    for session in served.app.ports.documents.find(sessions.SESSIONS_COLLECTION):
        sessions.end_session(served.app.ports, user.login, session.id, user.login)
    if checked:  # the page asked for edits of others meanwhile, whose answer ends the cookie
        with page.expect_response("**/sign-in**"):
            pass
    page.keyboard.type("10.00")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="You are signed out")
    dialog.get_by_role("button", name="Close").click()
    expect(page.get_by_text("Not saved yet")).to_be_visible()
    expect(dialog).to_be_hidden()
    expect(_cell(grid, 62, "Taxable Value")).to_have_text("10.00")
    page.get_by_role("button", name="Sign in and save").click()
    with page.context.expect_page() as opened:
        dialog.get_by_role("link", name="Sign in in a new tab").click()
    fill_in_sign_in(opened.value)
    expect(opened.value.get_by_role("heading", name="You are signed in")).to_be_visible()
    opened.value.close()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("1 of 8 rows would be accepted")).to_be_visible()
    expect(page.get_by_text("All changes saved")).to_be_visible()
