"""What the tests of the sale form share: a shop in Mumbai, a salesperson at the form, and the numbers of the ledger."""

from io import BytesIO

from live_server import PASSWORD, Served, sign_in_at
from playwright.sync_api import Page, expect
from waiting import wait_for

from tillstream.analytics import queries
from tillstream.app import App
from tillstream.intake import inbox
from tillstream.model.people import UNRESTRICTED
from tillstream.model.permissions import Role
from tillstream.people import accounts

FILE = """Invoice No,Line,Invoice Date,Store,Salesperson,Customer Code,Customer Name,Item Code,Item,Category,Channel,\
Status,Qty,Rate,Discount,Taxable Value,GST,Invoice Value,Original Invoice
A1,1,03-06-2026 10:15,MUM01,E115,C1,Asha Rao,P1,Kettle,Kitchen,store,Completed,2,100.00,0.00,200.00,36.00,236.00,
A2,1,03-06-2026 11:15,MUM01,E115,C1,Asha Rao,P2,Toaster,Kitchen,store,Completed,1,80.50,0.00,80.50,14.49,94.99,
"""
LOADED = "280.5"
"""Revenue of FILE. A kettle (P1) costs 100, a toaster (P2) 80.50."""


def open_shop(app: App) -> None:
    """Two salespeople of Mumbai, and a file of sales, from which its price list comes."""
    for login, name, salesperson in (("sam", "Sam Iyer", "E115"), ("rita", "Rita Das", "E116")):
        own = {"regions": ("IN",), "stores": ("MUM01",), "salesperson": salesperson}
        accounts.add_account(app.ports, login, name, Role.SALESPERSON, password=PASSWORD, **own)
    inbox.receive_file(app.ports, app.contracts.pin("IN"), "june.csv", BytesIO(FILE.encode()), "admin")


def revenue(served: Served) -> str:
    (row,) = queries.run_query(served.app.ports.warehouse, "kpis", UNRESTRICTED).to_pylist()
    return "" if row["revenue"] is None else f"{row['revenue']:f}".rstrip("0").rstrip(".")


def wait_for_revenue(served: Served, expected: str, page: Page | None = None) -> None:
    """page: its requests, which pass through handlers of this thread, go on meanwhile."""

    def is_reached() -> bool:
        if page:
            page.wait_for_timeout(200)
        return revenue(served) == expected

    wait_for(is_reached, f"the revenue {expected}", state=lambda: revenue(served), pause=0.2)


def sign_in(page: Page, served: Served, login: str = "sam") -> None:
    sign_in_at(page, served, "/sell/", login)
    ready(page)


def ready(page: Page) -> None:
    expect(page.locator("#sell[data-ready]")).to_be_attached()


def installed(page: Page) -> None:
    """Until the page and its files are kept on the device."""
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")


def scan(page: Page, code: str) -> None:
    """As a scanner does: it types a code and Enter; the form keeps the cursor in the field."""
    expect(page.get_by_label("Product, code, or barcode")).to_be_focused()
    page.keyboard.type(code)
    page.keyboard.press("Enter")


def complete(page: Page, button: str = "Complete sale") -> None:
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("region", name="Receipt", exact=True)).to_be_visible()


def status(page: Page, text: str) -> None:
    expect(page.locator("[data-part=outbox]")).to_have_text(text)
