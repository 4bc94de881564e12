"""A connector in a browser: its settings are tested, it is added and run, and the page links the receipt."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from live_server import Served, sign_in_at
from page_checks import narrow_page_problems, page_problems
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
SALE = {
    "Invoice No": "1", "Line": 1, "Invoice Date": "03-06-2026 10:15", "Store": "MUM01", "Salesperson": "S1",
    "Customer Code": "C1", "Customer Name": "Asha Rao", "Item Code": "P1", "Item": "Kettle", "Category": "Kitchen",
    "Channel": "store", "Status": "Completed", "Qty": 1, "Rate": "100.00", "Discount": "0.00",
    "Taxable Value": "100.00", "GST": "18.00", "Invoice Value": "118.00", "Original Invoice": "",
}  # fmt: skip


def write_database(path: Path) -> None:
    path.parent.mkdir()
    names, marks = ", ".join(f'"{name}"' for name in SALE), ", ".join("?" * len(SALE))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"CREATE TABLE sales ({names})")
        connection.execute(f"INSERT INTO sales VALUES ({marks})", list(SALE.values()))


def checked(page: Page, step: str) -> list[str]:
    return page_problems(page, step) + narrow_page_problems(page, step)


def test_a_connector_is_tested_added_and_run_and_its_upload_is_linked(page: Page, served: Served) -> None:
    database = served.app.settings.sources_folder / "till.db"
    sign_in_at(page, served, "/connectors")
    expect(page.get_by_role("heading", name="No connectors yet")).to_be_visible()
    problems = checked(page, "the empty list")
    page.get_by_role("link", name="Add connector").click()
    problems += checked(page, "the kinds")
    page.get_by_role("link", name="SQL database").click()
    page.get_by_label("Name", exact=True).fill("till")
    page.get_by_label("Data source").select_option("IN")
    page.get_by_label("URL").fill(f"sqlite:///{database}")
    page.get_by_label("Query or table").fill("sales")
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("Enter “Cursor column”.")).to_be_visible()
    problems += checked(page, "a mistake")
    page.get_by_label("Cursor column").fill("Line")
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("The test failed")).to_be_visible()
    write_database(database)
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("the newest Line is 1")).to_be_visible()
    problems += checked(page, "the form")
    page.get_by_role("button", name="Add connector").click()
    expect(page.get_by_role("heading", name="till", exact=True)).to_be_visible()
    page.get_by_role("button", name="Run now").click()
    upload = page.get_by_role("link", name="1-rows.csv")
    expect(upload).to_be_visible()
    expect(page.get_by_text("On time")).to_be_visible()
    problems += checked(page, "the page of the connector")
    upload.click()
    expect(page.get_by_role("heading", name="1-rows.csv")).to_be_visible()
    page.goto(f"{served.address}/connectors")
    expect(page.get_by_role("link", name="till", exact=True)).to_be_visible()
    problems += checked(page, "the list")
    assert problems == []
    assert [one for one in served.page_errors if "422" not in one] == []
