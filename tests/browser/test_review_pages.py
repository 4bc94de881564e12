"""What a manager decides, in a real browser: a held file confirmed, an upload undone, a sale followed to its line."""

import io

import pytest
from live_server import PASSWORD, Served, sign_in_without_form
from playwright.sync_api import Page, expect
from waiting import wait_for_batch

from tillstream.intake import inbox
from tillstream.model.batch import BatchState
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.records import batch_records

pytestmark = pytest.mark.browser
HEADER = (
    "Invoice No,Line,Invoice Date,Store,Salesperson,Customer Code,Customer Name,Item Code,Item,Category,Channel,"
    "Status,Qty,Rate,Discount,Taxable Value,GST,Invoice Value,Original Invoice"
)
PATIENCE = 20.0


def give(served: Served, name: str, *amounts: str) -> str:
    """A file of sales A0, A1 … of a day in June, read and settled or held; its batch."""
    rows = [
        f"A{number},1,03-06-2026 10:15,MUM01,S1,C1,Asha Rao,P1,Kettle,Kitchen,store,Completed,1,{amount},0.00,{amount},"
        "18.00,118.00,"
        for number, amount in enumerate(amounts)
    ]
    content = io.BytesIO("\n".join([HEADER, *rows, ""]).encode())
    batch = inbox.receive_file(served.app.ports, served.app.contracts.pin("IN"), name, content, "clerk").batch_id
    wait_for_batch(served.app.ports, batch, BatchState.ANNOUNCED, BatchState.HELD)
    return batch


@pytest.fixture
def manager(page: Page, served: Served) -> Page:
    accounts.add_account(served.app.ports, "mira", "Mira Manager", Role.MANAGER, regions=("IN",), password=PASSWORD)
    sign_in_without_form(page, served, "mira")
    return page


def test_a_held_file_is_previewed_and_confirmed(manager: Page, served: Served) -> None:
    give(served, "monday.csv", "100.00", "200.00")
    give(served, "tuesday.csv", "150.00", "ten", "ten")
    manager.goto(f"{served.address}/uploads")
    manager.locator("nav.entry-tabs").get_by_role("link", name="Needs review").click()
    expect(manager.get_by_text("1 file needs review and is not imported yet")).to_be_visible()
    expect(manager.get_by_text("Too many rows to fix")).to_be_visible()
    expect(manager.get_by_text("1 line would be changed")).to_be_visible()
    numbers = manager.get_by_role("region", name="Your numbers")
    expect(numbers.get_by_role("row", name="Revenue")).to_contain_text("300.00")
    expect(numbers.get_by_role("row", name="Revenue")).to_contain_text("350.00")
    manager.get_by_role("button", name="Import the file").click()
    expect(manager.get_by_text("1 of 3 rows imported; 2 rows to fix")).to_be_visible()
    manager.goto(f"{served.address}/waiting")
    expect(manager.get_by_role("heading", name="No file needs review")).to_be_visible()
    assert served.page_errors == []


def test_held_files_are_answered_together_on_one_page(manager: Page, served: Served) -> None:
    held = [give(served, f"day-{number}.csv", f"{number}.00", "ten", "ten") for number in range(3)]
    manager.goto(f"{served.address}/waiting")
    discard = manager.get_by_role("button", name="Discard selected")
    expect(discard).to_be_disabled()
    manager.get_by_role("checkbox", name="Select all").check()
    expect(manager.get_by_text("3 of 3 files selected")).to_be_visible()
    manager.get_by_role("checkbox", name="Select day-1.csv").uncheck()
    manager.get_by_label("Reason for discarding").fill("sent twice")
    discard.click()
    expect(manager.get_by_text("2 files are discarded")).to_be_visible()
    expect(manager.get_by_role("heading", level=2, name="day-1.csv")).to_be_visible()
    expect(manager.get_by_role("button", name="Import the file")).to_be_visible()
    states = [batch_records.get_batch(served.app.ports, one).state for one in held]
    assert states == [BatchState.REJECTED, BatchState.HELD, BatchState.REJECTED]
    assert served.page_errors == []


def test_an_undo_shows_its_changes_before_and_after(manager: Page, served: Served) -> None:
    give(served, "monday.csv", "100.00", "200.00")
    batch = give(served, "tuesday.csv", "150.00")
    manager.goto(f"{served.address}/uploads/{batch}")
    manager.get_by_role("link", name="Undo…").click()
    expect(manager.get_by_text("1 line would return to earlier values")).to_be_visible()
    revenue = manager.get_by_role("region", name="Your numbers").get_by_role("row", name="Revenue")
    expect(revenue).to_contain_text("350.00")
    expect(revenue).to_contain_text("300.00")
    expect(revenue).to_contain_text("−50.00")
    manager.get_by_role("button", name="Undo the upload").click()
    expect(manager.get_by_text("1 line changed.", exact=True)).to_be_visible()
    expect(manager.get_by_text("tuesday.csv is undone")).to_be_visible()
    expect(manager.get_by_role("region", name="Your numbers").get_by_role("row", name="Revenue")).to_contain_text(
        "300.00"
    )
    assert served.page_errors == []


def test_a_sale_is_found_and_followed_to_the_line_of_its_file(manager: Page, served: Served) -> None:
    give(served, "monday.csv", "100.00", "200.00")
    give(served, "tuesday.csv", "150.00")
    manager.goto(f"{served.address}/uploads")
    manager.keyboard.press("/")
    manager.keyboard.type("MUM01/A0")
    manager.keyboard.press("Enter")
    expect(manager.get_by_role("heading", name="Sale MUM01/A0")).to_be_visible()
    expect(manager.get_by_text("Current")).to_be_visible()
    expect(manager.get_by_text("Previous")).to_be_visible()
    manager.get_by_role("listitem").filter(has_text="monday.csv").get_by_role("link", name="line 2").click()
    expect(manager.get_by_text("A0,1,03-06-2026").first).to_be_visible()
    assert served.page_errors == []


@pytest.mark.parametrize("scheme", ["dark", pytest.param("light", marks=pytest.mark.long)])
def test_the_boards_pages_fit_a_phone(manager: Page, served: Served, scheme: str) -> None:
    manager.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    batch = give(served, "monday.csv", "100.00", "200.00")
    held = give(served, "a-file-of-a-very-long-name-that-goes-on-and-on-and-never-ends-at-all.csv", "1.00", "ten")
    manager.set_viewport_size({"width": 375, "height": 812})
    for path in (
        "/waiting",
        f"/waiting/{held}",
        f"/uploads/{batch}/undo",
        "/changes?since=2020-01-01",
        "/changes/1",
        "/changes/1/lines",
        "/completeness?day=2026-06-03&open=IN",
        "/completeness/IN/2026-06-03",
        "/search?q=A",
        "/sales/MUM01/A0?region=IN",
    ):
        manager.goto(served.address + path)
        expect(manager.get_by_role("heading", level=1)).to_be_visible()
        too_wide = manager.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert too_wide <= 0, f"{path} is {too_wide} pixels wider than a phone"
    assert served.page_errors == []
