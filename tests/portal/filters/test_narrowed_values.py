"""Lists of filter values: narrowed by the other filters, with names in place of codes."""

import html
import re
from typing import Any

import pytest
from visitor import People, Visitor, Work, indian_file, indian_sale

from portal import figures
from tillstream.analytics.filters import Filters
from tillstream.app import App
from tillstream.model.countries import country_name
from tillstream.model.permissions import Role
from tillstream.people import accounts

SHARED = True


def sell(admin: Visitor, work: Work) -> None:
    """Kettles at MUM01, knives at DEL01."""
    knife = indian_sale("2", "20.00", date="03-06-2026 10:00").replace("MUM01", "DEL01")
    admin.upload(indian_file(indian_sale("1", "100.10"), knife.replace("P1", "P2").replace("Kettle", "Knife")))
    work()


def values(page: str, name: str) -> list[str]:
    return re.findall(rf'type="checkbox" name="{name}" value="([^"]*)"', page)


@pytest.mark.parametrize("address", ["/dashboard", "/sale-lines", "/compare"])
def test_a_chosen_store_leaves_only_its_values_in_the_other_lists(sold: Visitor, address: str) -> None:
    assert sorted(values(sold.get(f"{address}?preset=all").text, "store")) == ["DEL01", "MUM01"]
    narrowed = sold.get(f"{address}?preset=all&store=MUM01").text
    assert sorted(values(narrowed, "store")) == ["DEL01", "MUM01"], "another store can be chosen as well"
    assert sold.get("/dashboard/values/product?q=&store=DEL01").text.count("<label>") == 1


def test_searched_values_follow_the_other_filters(sold: Visitor) -> None:
    assert values(sold.get("/dashboard/values/store?q=&product=P2").text, "store") == ["DEL01"]
    assert values(sold.get("/dashboard/values/store?q=mum&product=P2").text, "store") == []


@pytest.mark.own_home
def test_a_salesperson_has_the_name_of_the_account(sold: Visitor, app: App) -> None:
    accounts.add_account(app.ports, "asha", "Asha Rao", Role.SALESPERSON, regions=["IN"], salesperson="S1")
    answer = sold.get("/dashboard/values/salesperson?q=asha").text
    assert 'value="S1"> <span class="name">Asha Rao</span> <span class="quiet">S1</span>' in answer
    assert "Salesperson: Asha Rao" in sold.get("/dashboard?salesperson=S1&preset=all").text


def test_a_chosen_product_has_its_name(sold: Visitor) -> None:
    assert "Product: Kettle" in sold.get("/sale-lines?product=P1").text


def test_the_sides_of_a_comparison_are_chosen_from_lists(sold: Visitor) -> None:
    page = sold.get("/compare?by=store").text
    assert re.search(r'<select[^>]+name="store" data-search>\s*<option value="DEL01"', page)


@pytest.mark.parametrize(("value", "name"), [("GB", "United Kingdom"), ("USA", "United States"), ("Narnia", "Narnia")])
def test_countries_have_names(value: str, name: str) -> None:
    assert country_name(value).startswith(name)


@pytest.mark.own_home
def test_the_stores_of_an_account_are_narrowed_by_its_regions(sold: Visitor, app: App) -> None:
    accounts.add_account(app.ports, "bo", "Bo", Role.CLERK, regions=["IN"])
    accounts.add_account(app.ports, "cy", "Cy", Role.CLERK, regions=["UK"])
    assert sorted(values(sold.get("/people/bo").text, "stores")) == ["DEL01", "MUM01"]
    assert values(sold.get("/people/cy").text, "stores") == []
    assert '<input class="form-check-input" type="checkbox" name="regions" value="UK" checked>' in (
        sold.get("/people/cy").text
    )


def test_changes_of_a_chosen_store(sold: Visitor) -> None:
    def added(query: str) -> list[str]:
        page = sold.get(f"/changes?since=2020-01-01{query}").text
        return re.findall(r'data-label="Added"><data value="(\d+)"', page.partition("<h2>Updates")[2])

    assert (added(""), added("&store=MUM01"), added("&region=UK")) == (["2"], ["1"], [])


def test_links_between_pages_of_changes_keep_the_chosen_store(sold: Visitor) -> None:
    chosen = "region=IN&store=MUM01"
    pages = ["/changes?since=2020-01-01&", "/changes/1?", "/changes/1/lines?kind=added&"]
    for path in pages:
        page = html.unescape(sold.get(path + chosen).text).replace("?kind=added&", "?")
        links = re.findall(r'href="(/changes[^"]*)"', page.partition("<h1>")[2] + page.partition("Breadcrumb")[2])
        kept = [one for one in links if chosen in one]
        assert kept, path
        assert set(links) - set(kept) <= {"/changes/1", "/changes/1/lines", "/changes"}, "the ones without filters"
    assert "/changes/1?" + chosen in html.unescape(sold.get(pages[0] + chosen).text)
    whole, mumbai = (sold.get(f"/changes/1/lines?{query}").text for query in ("", chosen))
    assert ("Kettle" in mumbai, "Knife" in mumbai, "Knife" in whole) == (True, False, True)
    assert "1 line added" in sold.get(f"/changes/1?{chosen}").text


@pytest.mark.parametrize("path", ["/changes", "/changes/1", "/changes/1/lines"])
def test_an_unknown_store_of_changes_is_an_error(sold: Visitor, path: str) -> None:
    answer = sold.get(f"{path}?store=NOWHERE")
    assert (answer.status_code, "There is no store “NOWHERE”" in answer.text) == (400, True)


@pytest.mark.own_home
def test_annotations_and_deliveries_of_a_chosen_region(sold: Visitor) -> None:
    for region in ("IN", "UK"):
        sold.post("/annotations", {"day": "2026-06-03", "text": f"Strike in {region}", "region": region})
    page = sold.get("/annotations?region=UK").text
    assert ("Strike in UK" in page, "Strike in IN" in page) == (True, False)
    sold.post("/expected-deliveries/UK", {"cadence": "daily", "deadline": "12:00"})
    listed = re.findall(r'data-label="Region">(\w+)<', sold.get("/expected-deliveries?region=UK").text)
    assert set(listed) == {"UK"}


def test_a_repeated_value_is_chosen_once(sold: Visitor) -> None:
    page = sold.get("/dashboard?preset=all&store=MUM01&store=MUM01").text
    assert re.findall(r'name="store" value="([^"]*)" checked', page) == ["MUM01"]


def test_a_person_of_another_region_has_no_name(sold: Visitor, person: People) -> None:
    person(Role.SALESPERSON, "UK", login="asha", salesperson="S1")
    page = person(Role.MANAGER, "IN").get("/dashboard?preset=all&salesperson=S1").text
    assert "Salesperson: S1" in page
    assert "asha" not in page


@pytest.mark.own_home
def test_the_names_of_all_chosen_products_are_one_query(sold: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    queried: list[str] = []
    ask = figures.ask

    def count(name: str, filters: Filters, **params: Any) -> Any:
        queried.append(name)
        return ask(name, filters, **params)

    monkeypatch.setattr(figures, "ask", count)
    page = sold.get("/sale-lines?preset=all&product=P1&product=P2&product=P9").text
    chosen = re.findall(r'name="product" value="[^"]*" checked.*?</label>', page, re.DOTALL)
    assert [re.sub(r"^[^>]*>|<[^>]*>", "", label).split()[0] for label in chosen] == ["Kettle", "Knife", "P9"]
    assert queried.count("sales-by-product") == 1
    assert "product-search" not in queried
