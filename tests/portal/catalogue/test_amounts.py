"""Prices and costs on the page of a product: mistakes lose no input, and changes are listed in words."""

import io
import re
from datetime import date
from decimal import Decimal

import pytest
from test_new_codes import text
from visitor import People, Visitor
from werkzeug.test import TestResponse

from tillstream.app import App
from tillstream.catalogue import new_codes
from tillstream.catalogue.new_codes import NewCode
from tillstream.model.permissions import Role

ENTRY = "/catalogue/products/entry?code=KET"
AMOUNTS = "/catalogue/products/amounts"
PRICE = {"code": "KET", "list": "prices", "region": "IN", "amount": "999", "currency": "INR", "valid_from": ""}


@pytest.fixture
def boss(person: People) -> Visitor:
    boss = person()
    boss.post("/catalogue/products/save", {"code": "KET", "name": "Kettle", "active": "yes", "version": "0"})
    return boss


def add(visitor: Visitor, **values: str) -> TestResponse:
    """Add a price at the version that the page shows."""
    version = re.search(r'name="version" value="(\d+)"', visitor.get(ENTRY).text)
    assert version
    return visitor.post(AMOUNTS, PRICE | {"version": version[1]} | values)


def open_form(page: TestResponse) -> dict[str, str]:
    """The values in the only form of an amount that is open."""
    forms = re.findall(r'<details class="more" open>(.*?)</details>', page.text, re.DOTALL)
    assert len(forms) == 1
    chosen = re.findall(r'<option value="([^"]*)" selected', forms[0])
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', forms[0])) | {"region": chosen[0]}


@pytest.mark.parametrize("name", ["prices", "costs"])
def test_a_wrong_amount_is_shown_at_its_field_in_the_open_form(boss: Visitor, name: str) -> None:
    page = add(boss, list=name, amount="many", currency="EUR", valid_from="2026-08-01")
    assert page.status_code == 422
    form = open_form(page)
    assert [form[one] for one in ("list", "region", "amount", "currency", "valid_from")] == [
        name, "IN", "many", "EUR", "2026-08-01",
    ]  # fmt: skip
    error = f'id="{name}-amount-error">Amount is “many”, which is not a number. Write it as 1234.50.'
    assert error in page.text
    assert "Empty: INR." in text(page)


def test_an_edit_of_an_older_version_keeps_the_values_and_can_be_sent_again(boss: Visitor) -> None:
    boss.post(AMOUNTS, PRICE | {"version": "1"})
    page = boss.post(AMOUNTS, PRICE | {"version": "1", "amount": "1234.5", "region": "UK"})
    assert page.status_code == 409
    assert "Compare them, then add or remove yours again." in text(page)
    form = open_form(page)
    assert (form["amount"], form["region"], form["version"]) == ("1234.5", "UK", "2")
    form.pop("csrf_token")
    assert boss.post(AMOUNTS, form).status_code == 303


def test_a_price_outside_the_own_regions_keeps_the_values(boss: Visitor, person: People) -> None:
    assert '<details class="more" open>' not in boss.get(ENTRY).text
    page = add(person(Role.MANAGER, "IN"), region="UK")
    assert page.status_code == 403
    assert open_form(page)["amount"] == "999"


def test_a_removal_of_an_older_version_opens_no_form(boss: Visitor) -> None:
    boss.post(AMOUNTS, PRICE | {"version": "1"})
    page = boss.post(AMOUNTS, {"code": "KET", "list": "prices", "remove": "0", "version": "1"})
    assert page.status_code == 409
    assert 'details class="more" open' not in page.text


def test_a_second_price_of_one_day_replaces_the_first_and_the_page_shows_which_counts(boss: Visitor) -> None:
    add(boss)
    assert "replaces" not in text(boss.get(ENTRY))
    assert "Replaced" not in text(boss.get(ENTRY))
    add(boss, amount="1050")
    page = text(boss.get(ENTRY))
    assert "The new price replaces 999.00 INR, which has the same first day." in page
    assert re.search(r"from the beginning 999.00 INR [^R]* Replaced Remove IN from the beginning 1,050.00 INR", page)
    assert page.count("Replaced") == 1
    add(boss, currency="EUR", amount="9")
    assert text(boss.get(ENTRY)).count("Replaced") == 1


def test_a_cost_in_another_currency_replaces_that_of_the_day_and_the_same_changes_nothing(boss: Visitor) -> None:
    add(boss, list="costs")
    add(boss, list="costs", currency="EUR", amount="9")
    assert "The new cost replaces 999.00 INR" in text(boss.get(ENTRY))
    before = boss.get(ENTRY).text.count("Remove</button>")
    assert add(boss, list="costs", currency="EUR", amount="9.00").status_code == 303
    assert boss.get(ENTRY).text.count("Remove</button>") == before == 2


def test_only_the_hint_of_costs_names_margins(boss: Visitor) -> None:
    prices, _, costs = text(boss.get(ENTRY)).partition("Add a price")[2].partition("Add a cost")
    assert "margin" not in prices
    assert "An earlier day changes past margins." in costs


def test_the_history_lists_only_the_amounts_that_changed(boss: Visitor) -> None:
    add(boss)
    add(boss, region="*", amount="1137.95", valid_from="2026-11-25")
    boss.post(AMOUNTS, {"code": "KET", "list": "prices", "remove": "0", "version": "3"})
    history = text(boss.get(ENTRY)).partition("History")[2]
    assert "Prices IN: 999.00 INR from the beginning – " in history
    assert "Prices – All regions: 1,137.95 INR from 25 Nov 2026 " in history
    assert "+00:00" not in history
    assert history.count("999.00 INR") == 2


def test_the_history_of_an_accepted_code_begins_with_its_price(boss: Visitor, app: App) -> None:
    code = NewCode("IN", "POT", "Pot", price=Decimal("12.50"), currency="INR", first_day=date(2026, 6, 3))
    new_codes.accept_code(app.ports, [code], by="ana", regions=["IN"])
    history = text(boss.get("/catalogue/products/entry?code=POT")).partition("History")[2]
    assert "Prices – IN: 12.50 INR from 3 Jun 2026" in history


def test_the_history_hides_amounts_of_other_regions(boss: Visitor, person: People) -> None:
    add(boss, region="UK", amount="77")
    add(boss, list="costs", amount="55")
    history = text(person(Role.MANAGER, "IN").get(ENTRY)).partition("History")[2]
    assert "55.00 INR" in history
    assert "77" not in history


def test_the_history_shows_fields_as_they_are_entered(boss: Visitor) -> None:
    entry = {"code": "KET", "name": "Kettle", "aliases": "IN:OLD-1; *:OLD-2", "active": "no", "version": "1"}
    boss.post("/catalogue/products/save", entry)
    assert "Other codes – IN:OLD-1 *:OLD-2" in text(boss.get(ENTRY))
    assert "Offered Yes No, retired" in text(boss.get(ENTRY))
    boss.post("/catalogue/products/save", entry | {"active": "yes", "version": "2"})
    assert "Offered No, retired Yes" in text(boss.get(ENTRY))
    promotion = {"promotion_id": "P", "name": "P", "category": "Tea", "rate": "12.5%", "active": "yes", "version": "0"}
    boss.post("/catalogue/promotions/save", promotion)
    assert "Reduction – 12.5%" in text(boss.get("/catalogue/promotions/entry?promotion_id=P"))


def test_the_preview_of_an_import_lists_only_the_amounts_that_are_added(boss: Visitor) -> None:
    add(boss)
    content = b"code,region,price,currency,valid_from\nKET,IN,1137.95,INR,2026-11-25\nKET,UK,9,GBP,\n"
    data = {"kind": "prices", "file": (io.BytesIO(content), "prices.csv")}
    page = boss.post("/catalogue/products/import", data, content_type="multipart/form-data")
    words = "Prices – IN: 1,137.95 INR from 25 Nov 2026 UK: 9.00 GBP from the beginning"
    assert words in text(page)
    assert "999" not in text(page), "hidden tokens of forms can hold any digits"


def test_problems_name_fields_as_the_form_does(boss: Visitor) -> None:
    entry = {"code": "POT", "name": "Pot", "active": "maybe", "aliases": "OLD", "version": "0"}
    page = text(boss.post("/catalogue/products/save", entry))
    assert "Offered is “maybe”; it can be yes or no." in page
    assert "Other codes: “OLD” is not a region and a code." in page
    promotion = {"promotion_id": "P", "name": "P", "category": "Tea", "rate": "0%", "version": "0"}
    assert "Reduction is 0%; it must be above 0%" in text(boss.post("/catalogue/promotions/save", promotion))
