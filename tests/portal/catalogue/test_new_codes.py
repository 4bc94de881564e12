"""New codes, prices off the list, and the effect of a cost, on pages over real sales."""

import re

import pytest
from visitor import People, Visitor, Work, indian_file, indian_sale
from werkzeug.test import TestResponse

from tillstream.app import App
from tillstream.catalogue import stored_entries
from tillstream.model.permissions import Role

PAGE = "/catalogue/new-codes"
PAN = {"code": "PAN", "name": "Pan", "active": "yes", "version": "0"}


def text(response: TestResponse) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", response.text).split())


def sell(admin: Visitor, work: Work) -> None:
    sales = [indian_sale(str(number)) for number in range(1, 4)]
    sales += [indian_sale(str(number), "900.00").replace("P1,Kettle", "P2,Pot") for number in range(4, 6)]
    admin.upload(indian_file(*sales))
    work()
    admin.post("/catalogue/products/save", PAN)


def ids(page: TestResponse) -> list[str]:
    return re.findall(r'name="code" value="([^"]+)"', page.text)


def test_a_new_code_is_listed_with_its_evidence_and_accepted_with_name_and_price(sold: Visitor, app: App) -> None:
    page = sold.get(PAGE)
    assert re.search(r"Kettle P1 IN Kitchen 100(\.00)? INR 3 .*MUM01", text(page))
    assert "Pot" not in text(sold.get(f"{PAGE}?q=kettle"))
    assert sold.post(PAGE, {"answer": "accept IN:P1"}).status_code == 303
    product = stored_entries.get_product(app.ports, "P1")
    assert product
    assert (product.name, product.category) == ("Kettle", "Kitchen")
    assert [(one.region, one.currency, str(one.valid_from)) for one in product.prices] == [("IN", "INR", "2026-06-03")]
    after = text(sold.get(PAGE))
    assert "P1 is accepted: the catalogue has it now." in after
    assert "Kettle P1 IN" not in after


def test_needs_review_counts_the_codes_without_a_decision(sold: Visitor) -> None:
    page = sold.get("/waiting")
    assert "2 new codes of the sales are not in the catalogue" in text(page)
    assert f'href="{PAGE}"' in page.text
    sold.post(PAGE, {"answer": "ignore IN:P1"})
    assert "1 new code of the sales is not in the catalogue" in text(sold.get("/waiting"))
    sold.post(PAGE, {"answer": "accept IN:P2"})
    assert "not in the catalogue" not in text(sold.get("/waiting"))


def test_an_acceptance_is_undone_and_the_code_is_new_again(sold: Visitor, app: App) -> None:
    sold.post(PAGE, {"answer": "accept IN:P1"})
    assert "Accepted as P1" in text(sold.get(f"{PAGE}?state=decided"))
    sold.post(f"{PAGE}/undo", {"region": "IN", "code": "P1"})
    assert stored_entries.get_product(app.ports, "P1") is None
    assert "Kettle P1 IN" in text(sold.get(PAGE))
    assert "Kettle" not in text(sold.get("/catalogue?state=all"))


def test_several_codes_are_accepted_or_ignored_at_once(sold: Visitor, app: App) -> None:
    sold.post(PAGE, {"answer": "ignore", "code": ids(sold.get(PAGE))})
    assert "No new codes" in text(sold.get(PAGE))
    for code in ("P1", "P2"):
        sold.post(f"{PAGE}/undo", {"region": "IN", "code": code})
    sold.post(PAGE, {"answer": "accept", "code": ids(sold.get(PAGE))})
    assert [bool(stored_entries.get_product(app.ports, code)) for code in ("P1", "P2")] == [True, True]
    assert "Select at least one code." in text(sold.post(PAGE, {"answer": "accept"}))
    assert "These codes are no longer new" in text(sold.post(PAGE, {"answer": "ignore IN:P1"}))


def test_a_code_is_merged_into_a_product_that_is_searched(sold: Visitor, app: App) -> None:
    to_choose = sold.post(PAGE, {"answer": "merge IN:P2"})
    page = sold.get(to_choose.location)
    assert "Pot IN" in text(page)
    assert 'value="PAN"' in page.text
    assert "No product has this code or name." in text(sold.get(f"{to_choose.location}&q=none"))
    sold.post(f"{PAGE}/merge", {"codes": "IN:P2", "product": "PAN"})
    product = stored_entries.find_product(app.ports, "IN", "P2")
    assert product
    assert product.code == "PAN"
    assert "Merged into PAN" in text(sold.get(f"{PAGE}?state=decided"))
    sold.post(f"{PAGE}/undo", {"region": "IN", "code": "P2"})
    assert stored_entries.find_product(app.ports, "IN", "P2") is None


def test_only_who_edits_products_of_the_whole_company_decides(sold: Visitor, person: People) -> None:
    manager = person(Role.MANAGER, "IN")
    page = manager.get(PAGE)
    assert "An administrator decides about them." in text(page)
    assert "Kettle P1 IN" in text(page)
    assert "Accept" not in page.text
    sold.post(PAGE, {"answer": "ignore IN:P2"})
    values = {"region": "IN", "code": "P2", "codes": "IN:P1", "product": "PAN", "answer": "accept IN:P1"}
    for path in (PAGE, f"{PAGE}/undo", f"{PAGE}/merge"):
        assert manager.post(path, values).status_code == 403, path
    assert manager.get(f"{PAGE}/merge?codes=IN:P1").status_code == 403
    assert "Kettle" not in text(person(Role.MANAGER, "UK", login="uk").get(PAGE))
    assert person(Role.CLERK, "IN").get(PAGE).status_code == 403


def test_lines_far_from_the_list_price_are_listed_with_the_greatest_difference_first(sold: Visitor) -> None:
    sold.post(PAGE, {"answer": "accept", "code": ids(sold.get(PAGE))})
    assert "No price is that far from the list" in text(sold.get("/catalogue/prices-off-list"))
    for code, amount in (("P1", "60"), ("P2", "100")):
        row = {"code": code, "list": "prices", "region": "IN", "currency": "INR", "valid_from": "2026-06-03"}
        sold.post("/catalogue/products/amounts", row | {"amount": amount, "version": "1"})
    page = sold.get("/catalogue/prices-off-list")
    shown = text(page)
    assert shown.index("Pot P2") < shown.index("Kettle P1")
    assert "/sales/" in page.text
    assert "Kettle P1" not in text(sold.get("/catalogue/prices-off-list?share=1"))


@pytest.mark.parametrize("first_day", ["", "2026-06-01"])
def test_a_cost_in_the_past_is_saved_after_its_effect_was_shown(sold: Visitor, app: App, first_day: str) -> None:
    sold.post(PAGE, {"answer": "accept IN:P1"})
    row = {"code": "P1", "list": "costs", "region": "IN", "currency": "INR", "amount": "40", "version": "1"}
    page = sold.post("/catalogue/products/amounts", row | {"valid_from": first_day})
    assert page.status_code == 200
    assert re.search(r"INR .* 3 no cost 180(\.00)? – 60", text(page))
    product = stored_entries.get_product(app.ports, "P1")
    assert product
    assert product.costs == ()
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text.partition("/amounts")[2]))
    hidden.pop("csrf_token")
    assert sold.post("/catalogue/products/amounts", hidden).status_code == 303
    product = stored_entries.get_product(app.ports, "P1")
    assert product
    assert [str(one.amount) for one in product.costs] == ["40"]
    later = row | {"amount": "50", "version": "2", "valid_from": "2026-07-01"}
    assert sold.post("/catalogue/products/amounts", later).status_code == 303
