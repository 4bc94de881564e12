"""The sale form for people who use a screen reader or a phone: with a sale, a receipt and a list open."""

import pytest
from live_server import Served
from page_checks import narrow_page_problems, page_problems
from playwright.sync_api import Page
from seller_steps import complete, scan, sign_in

pytestmark = pytest.mark.browser


def test_the_form_has_no_problem_with_a_sale_and_a_receipt_open(page: Page, served: Served) -> None:
    sign_in(page, served)
    scan(page, "P1")
    complete(page)
    scan(page, "P2")
    page.keyboard.type("ket")
    page.get_by_text("Receipt number, customer, tax, time").click()
    page.set_viewport_size({"width": 1440, "height": 900})
    assert page_problems(page, "/sell/") == []
    assert narrow_page_problems(page, "/sell/") == []
    page.goto(f"{served.address}/sell/offline")
    assert page_problems(page, "/sell/offline") == []
