"""The restock queue in a browser: a refused decision keeps the selection."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from live_server import PASSWORD, Served, running, sign_in_at
from playwright.sync_api import Page, expect
from restock_steps import BALL, KITE, count, open_shop, queue_of

from tillstream.model.permissions import Role
from tillstream.people import accounts

pytestmark = pytest.mark.browser


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    app = open_shop(tmp_path)
    count(app.ports, {("LDS1", KITE): 10, ("LDS1", BALL): 1, ("MAN1", BALL): 1})
    queue_of(app.ports)
    accounts.add_account(app.ports, "admin", "Ada Admin", Role.ADMIN, password=PASSWORD)
    with running(app, working=False) as served:
        yield served


def test_a_refused_decision_keeps_the_selection(page: Page, served: Served) -> None:
    sign_in_at(page, served, "/restock")
    row = page.get_by_role("row").filter(has_text="Kite").first
    row.get_by_role("checkbox").check()
    units = row.get_by_role("textbox")
    units.fill("77")
    page.get_by_role("button", name="Dismiss selected").click()
    expect(page.get_by_text("Choose a reason to dismiss the selected products.")).to_be_visible()
    expect(row.get_by_role("checkbox")).to_be_checked()
    expect(units).to_have_value("77")
    assert page.get_by_role("checkbox", checked=True).count() == 1
    page.get_by_label("Dismiss because").select_option("other")
    page.get_by_role("button", name="Dismiss selected").click()
    expect(page.get_by_text("Dismissed 1 product")).to_be_visible()
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(0)
    assert served.page_errors == []
