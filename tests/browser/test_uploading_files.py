"""Giving files in a real browser: several at once, a broken line, and a file that has to be asked about."""

from io import BytesIO
from pathlib import Path
from re import compile as words

import pytest
from live_server import Served, sign_in_at, sign_in_without_form
from page_checks import narrow_page_problems, page_problems
from playwright.sync_api import Page, Route, expect

from tillstream.intake import inbox, resumable_upload
from tillstream.records import batch_records
from tillstream.review import contract_proposals

pytestmark = pytest.mark.browser
HEADER = (
    "Invoice No,Line,Invoice Date,Store,Salesperson,Customer Code,Customer Name,Item Code,Item,Category,Channel,"
    "Status,Qty,Rate,Discount,Taxable Value,GST,Invoice Value,Original Invoice"
)

UNKNOWN = """Bon;Datum;Filiale;Artikel;Menge;Preis;Zustand
1001;03/04/2026;Linz;Lampe;1;1.024,50;bezahlt
1002;05/04/2026;Linz;Stuhl;2;89,90;bezahlt
1003;04/05/2026;Graz;Tisch;1;240,00;verschollen
"""


def _sales(folder: Path, name: str, count: int, *more: str) -> Path:
    rows = [
        f"{number},1,{number % 28 + 1:02}-0{number % 3 + 3}-2026 10:15,MUM01,S1,C{number},Asha Rao,P{number},Kettle,"
        "Kitchen,store,Completed,1,100.00,0.00,100.00,18.00,118.00,"
        for number in range(count)
    ]
    path = folder / name
    path.write_text("\n".join([HEADER, *rows, *more, ""]), encoding="utf-8")
    return path


def _uploads(page: Page, served: Served) -> None:
    sign_in_at(page, served, "/uploads")
    expect(page.get_by_role("heading", name="Uploads", exact=True)).to_be_visible()


@pytest.mark.usefixtures("direct")
def test_of_several_uploads_one_is_cancelled_and_one_rejected(page: Page, served: Served, tmp_path: Path) -> None:
    refused = tmp_path / "UK-strange.csv"
    refused.write_text("a,b\n1,2\n")
    slow = _sales(tmp_path, "IN-slow.csv", 50)
    files = [_sales(tmp_path, "IN-june.csv", 30, "ten rows"), refused, slow]

    def stuck(route: Route) -> None:
        """The slow file's pieces never arrive, as on a bad line."""
        if route.request.method != "PATCH" or len(route.request.post_data_buffer or b"") < slow.stat().st_size:
            route.continue_()

    _uploads(page, served)
    page.route(
        "**/uploads/sending/*", lambda route: stuck(route) if route.request.method == "PATCH" else route.continue_()
    )
    page.get_by_label("Drop sales files here").set_input_files(files)
    for file, source in ((files[0], "IN"), (refused, "UK"), (slow, "IN")):
        page.get_by_label(f"Data source of {file.name}").select_option(source)
    page.get_by_role("button", name="Upload", exact=True).click()
    rows = page.locator("#chosen > li")
    expect(rows.nth(2).get_by_label("Uploading IN-slow.csv")).to_be_visible()
    rows.nth(2).get_by_role("button", name="Pause IN-slow.csv").click()
    expect(rows.nth(2)).to_contain_text("paused, 0 bytes of")
    rows.nth(2).get_by_role("button", name="Cancel IN-slow.csv").click()
    expect(rows.nth(2)).to_contain_text("Cancelled. Nothing is kept.")
    expect(rows.nth(0)).to_contain_text(words("31 rows: 30 new, 1 to fix"))
    expect(rows.nth(0).get_by_role("listitem")).to_have_count(5)
    expect(rows.nth(1)).to_contain_text("The header does not contain")
    rows.nth(0).get_by_role("link", name="See what needs your attention").click()
    expect(page.get_by_role("heading", name="IN-june.csv")).to_be_visible()
    assert {one.file for one in batch_records.find_batches(served.app.ports)} == {"IN-june.csv", "UK-strange.csv"}
    assert resumable_upload.open_uploads(served.app.ports, "admin") == []
    assert served.page_errors == []


def test_a_file_chosen_before_the_pages_script_came_is_listed_when_it_comes(
    page: Page, served: Served, tmp_path: Path
) -> None:
    late: list[Route] = []

    def keep(route: Route) -> None:
        late.append(route)

    page.route("**/upload.js*", keep)
    sign_in_without_form(page, served, "admin")
    page.goto(f"{served.address}/uploads", wait_until="commit")  # it is not loaded before its script is there
    page.get_by_label("Drop sales files here").set_input_files(_sales(tmp_path, "IN-june.csv", 3))
    late[0].continue_()
    expect(page.get_by_label("Data source of IN-june.csv")).to_have_value("")
    expect(page.locator("#chosen > li")).to_have_count(1)


@pytest.mark.usefixtures("direct")
def test_a_broken_line_goes_on_where_it_was_after_the_page_was_left(page: Page, served: Served, tmp_path: Path) -> None:
    large = _sales(tmp_path, "IN-large.csv", 400)
    _uploads(page, served)
    page.wait_for_function("() => typeof Resumable !== 'undefined'")
    page.evaluate("Resumable.PIECE = 20000")
    requests: list[str] = []

    def second_breaks(route: Route) -> None:
        if route.request.method == "PATCH":
            requests.append(route.request.headers["upload-offset"])
            if len(requests) == 2:
                return
        route.continue_()

    page.route("**/uploads/sending/*", second_breaks)
    page.get_by_label("Drop sales files here").set_input_files(large)
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_text(words("20.0 kB of"))).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{served.address}/uploads")
    expect(page.get_by_text("choose the same file again to resume")).to_be_visible()
    page.get_by_label("Drop sales files here").set_input_files(large)
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_text("400 of 400 rows imported")).to_be_visible()
    assert requests[2] == "20000"
    (upload,) = batch_records.find_batches(served.app.ports)
    assert upload.size == large.stat().st_size


def test_no_page_of_giving_files_would_embarrass_us(page: Page, served: Served, tmp_path: Path) -> None:
    app = served.app
    begun = resumable_upload.begin_upload(app.ports, "admin", "linz.csv", len(UNKNOWN), look=True)
    resumable_upload.append_piece(app.ports, begun.id, "admin", 0, BytesIO(UNKNOWN.encode()))
    lost = _sales(tmp_path, "IN-lost.csv", 9).read_bytes().replace(b"Completed", b"Lost", 5)
    held = inbox.receive_file(app.ports, app.contracts.pin("IN"), "IN-lost.csv", BytesIO(lost), "kiran")
    _uploads(page, served)
    address = f"/uploads/{held.batch_id}/questions"
    page.goto(served.address + f"/uploads/{held.batch_id}")
    expect(page.get_by_role("link", name="Answer the open questions")).to_be_visible()
    proposal = app.contracts.current("IN").model_copy(update={"version": 2})
    problems = []
    look = f"/uploads/look/{begun.id}"
    for path in ("/uploads", look, f"{look}?contract=IN", address, "/uploads/proposals"):
        if path == "/uploads/proposals":
            contract_proposals.propose_contract(app.ports, held.batch_id, proposal, ["“Lost”: cancelled"], "kiran")
        page.goto(served.address + path)
        page.wait_for_load_state("load")
        problems += page_problems(page, path) + narrow_page_problems(page, path)
    assert problems + served.page_errors == []
