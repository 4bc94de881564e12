"""The first upload of a file whose data source is new: drop it, answer, confirm, and see its numbers."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from live_server import Served, sign_in_at
from page_checks import narrow_page_problems, page_problems
from playwright.sync_api import Page, Route, expect

from examples import one_in
from tillstream.intake import inbox

pytestmark = pytest.mark.browser
EXPORT = """Bon;Datum;Filiale;Artikel;Menge;Preis;Zustand
1001;03/04/2026;Linz;Lampe;1;1.024,50;bezahlt
1002;05/04/2026;Linz;Stuhl;2;89,90;bezahlt
1003;04/05/2026;Graz;Tisch;1;240,00;verschollen
"""


def checked(page: Page, step: str) -> list[str]:
    """What is wrong with the page at a step, on both widths and in both colours."""
    return page_problems(page, step) + narrow_page_problems(page, step)


@pytest.fixture
def upload_page(page: Page, served: Served) -> Page:
    sign_in_at(page, served, "/uploads")
    return page


def dropped(page: Page, folder: Path) -> None:
    file = folder / "linz.csv"
    file.write_text(EXPORT)
    page.get_by_label("Drop sales files here").set_input_files(file)
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_role("heading", name="Preview of linz.csv")).to_be_visible()


@pytest.mark.parametrize("width", one_in(2, [1440, 390]))
def test_ten_clicks_from_a_file_to_its_numbers(upload_page: Page, served: Served, tmp_path: Path, width: int) -> None:
    page = upload_page
    page.set_viewport_size({"width": width, "height": 900})
    problems = checked(page, "upload")
    dropped(page, tmp_path)
    expect(page.get_by_text("0 of 5 answered")).to_be_visible()
    problems += checked(page, "mapping")

    page.get_by_label("Which region are these sales from?").fill("Austria")
    expect(page.get_by_text("new region")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_text("1 of 5 answered")).to_be_visible()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    page.get_by_label("In which currency are the amounts?").fill("EUR")
    page.keyboard.press("Tab")
    page.get_by_label("In which country were they sold?").select_option("Austria")
    expect(page.get_by_text("3 of 5 answered")).to_be_visible()
    page.get_by_role("radio", name="month, day, year 03/04/2026 is 4 March 2026").check()
    expect(page.get_by_text("03/04/2026 → becomes 4 Mar 2026")).to_be_visible()
    page.get_by_text("Change an answer about Datum").click()
    page.get_by_role("radio", name="day, month, year 03/04/2026 is 3 April 2026").check()
    expect(page.get_by_text("03/04/2026 → becomes 3 Apr 2026")).to_be_visible()
    page.get_by_label("What verschollen means").select_option(label="cancelled: it does not count")
    expect(page.get_by_text("All questions are answered")).to_be_visible()
    expect(page.get_by_role("row", name="Revenue")).to_contain_text("1,204.30")

    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Import linz.csv")).to_be_visible()
    expect(page.get_by_text("3 of 3 rows ready to import")).to_be_visible()
    problems += checked(page, "summary")
    page.get_by_role("button", name="Save the data source and import").click()
    expect(page.get_by_text("3 of 3 rows imported")).to_be_visible()
    page.goto(f"{served.address}/dashboard?preset=all")
    expect(page.locator(".key-figure .figure").first).to_contain_text(re.compile("[1-9]"))
    assert served.app.contracts.current("linz").region == "Austria"
    assert problems + served.page_errors == []


def test_a_wrong_answer_is_explained_at_its_field_and_an_open_one_stops(
    upload_page: Page, served: Served, tmp_path: Path
) -> None:
    page = upload_page
    dropped(page, tmp_path)
    currency = page.get_by_label("In which currency are the amounts?")
    currency.fill("euros")
    currency.press("Enter")
    error = page.get_by_text("“euros” cannot be used: it must have three letters")
    expect(error).to_be_visible()
    expect(currency).to_have_attribute("aria-invalid", "true")
    currency.fill("EUR")
    currency.press("Tab")
    expect(error).to_have_count(0)
    page.get_by_role("button", name="Continue").click()
    assert page.evaluate("document.activeElement.required")
    assert "step=confirm" not in page.url
    assert [one for one in served.page_errors if "422" not in one] == []


def test_continue_waits_for_the_last_answer_and_stops_at_a_wrong_one(
    upload_page: Page, served: Served, tmp_path: Path
) -> None:
    page = upload_page
    dropped(page, tmp_path)
    page.get_by_label("In which country were they sold?").select_option("Austria")
    page.get_by_role("radio", name="day, month, year 03/04/2026 is 3 April 2026").check()
    page.get_by_label("What verschollen means").select_option(label="cancelled: it does not count")
    page.get_by_label("Which region are these sales from?").fill("Austria")
    currency = page.get_by_label("In which currency are the amounts?")
    currency.fill("euros")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("“euros” cannot be used: it must have three letters")).to_be_visible()
    expect(page.get_by_role("heading", name="Preview of linz.csv")).to_be_visible()
    expect(currency).to_be_focused()
    currency.fill("EUR")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Import linz.csv")).to_be_visible()
    assert [one for one in served.page_errors if "422" not in one] == []


def test_a_drop_down_changes_what_a_column_becomes(upload_page: Page, served: Served, tmp_path: Path) -> None:
    page = upload_page
    dropped(page, tmp_path)
    page.get_by_label("What Filiale becomes").select_option("Category")
    expect(page.get_by_label("What Filiale becomes")).to_have_value("category")
    page.get_by_label("What Filiale becomes").select_option("Not used")
    page.get_by_text("1 column not used").click()
    expect(page.get_by_label("What Filiale becomes")).to_have_value("")
    assert served.page_errors == []


def test_an_answer_chosen_before_the_script_of_the_page_is_loaded_is_saved(
    upload_page: Page, served: Served, tmp_path: Path
) -> None:
    page, waiting = upload_page, list[Route]()

    def hold(route: Route) -> None:
        waiting.append(route)

    page.route("**/preview*.js*", hold)
    with page.expect_request("**/preview*.js*"):
        dropped(page, tmp_path)
    page.get_by_label("What Filiale becomes").select_option("Not used")
    waiting.pop().continue_()
    page.get_by_text("1 column not used").click()
    expect(page.get_by_label("What Filiale becomes")).to_have_value("")
    assert served.page_errors == []


def test_a_refused_type_and_a_file_that_came_before_are_reported_at_the_drop(
    upload_page: Page, served: Served, tmp_path: Path
) -> None:
    page, files = upload_page, page_files(tmp_path)
    received = inbox.receive_file(
        served.app.ports, served.app.contracts.pin("IN"), "may.csv", BytesIO(b"a,b\n"), "kiran"
    )
    page.get_by_label("Drop sales files here").set_input_files(files)
    expect(page.locator("#chosen").get_by_text("notes.pdf is not a sales file that can be read")).to_be_visible()
    expect(page.get_by_label("Data source of notes.pdf")).to_have_count(0)
    expect(page.get_by_text("The same file was uploaded before")).to_contain_text("by kiran")
    expect(page.locator("#chosen").get_by_role("link", name="may.csv")).to_have_attribute(
        "href", f"/uploads/{received.batch_id}"
    )
    assert served.page_errors == []


def page_files(folder: Path) -> list[Path]:
    """A file of a type that is not accepted, and one that was uploaded before."""
    refused, again = folder / "notes.pdf", folder / "june.csv"
    refused.write_bytes(b"%PDF-1.7")
    again.write_bytes(b"a,b\n")
    return [refused, again]
