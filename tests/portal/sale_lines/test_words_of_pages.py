"""What several pages say alike: dates, exports, and the stores and data sources of a company that uses a few."""

import re

import pytest
from visitor import People, Visitor, Work, indian_file, indian_sale

from tillstream.app import App
from tillstream.model.permissions import Role

SHARED = True


def sell(boss: Visitor, work: Work) -> None:
    boss.upload(indian_file(indian_sale("1", "100.10", date="03-06-2026 10:00")))
    work()


def text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page.partition("<main")[2]).split())


def test_only_contracts_that_have_read_a_file_are_in_use(sold: Visitor, app: App) -> None:
    assert sold.get("/uploads").status_code == 200
    assert app.contracts.names_to_choose() == {"IN"}


def test_a_new_home_has_all_contracts(app: App) -> None:
    assert app.contracts.names_to_choose() == set(app.contracts.names())


def test_the_sale_form_has_only_stores_of_the_company(sold: Visitor) -> None:
    places = sold.get("/sell/context.json").get_json()["places"]
    assert {one["region"] for one in places} == {"IN"}


def test_unused_samples_are_apart_from_the_data_sources(sold: Visitor) -> None:
    own, samples = sold.get("/data-sources").text.partition("<main")[2].split("Samples that come with Tillstream")
    assert 'id="IN"' in own
    assert 'id="bakery-de"' not in own
    assert 'id="bakery-de"' in samples
    assert "bakery-de" not in sold.get("/expected-deliveries").text


@pytest.mark.parametrize("address", ["/sale-lines", "/explore?measure=revenue&preset=all", "/profile"])
def test_exports_are_reached_from_export_menus_and_the_menu_of_the_user(sold: Visitor, address: str) -> None:
    page = sold.get(address).text
    assert page.count('href="/exports"') == (1 if address == "/profile" else 2)


@pytest.mark.parametrize("address", ["/explore?from=2026-06-01&to=2026-06-30", "/reports"])
def test_days_of_one_month_are_written_alike(sold: Visitor, address: str) -> None:
    assert "1 – 30 Jun 2026" in text(sold.get(address).text)


def test_a_sale_line_on_a_phone_shows_product_and_amount(sold: Visitor) -> None:
    page = sold.get("/sale-lines").text
    assert "sale_lines.css" in page
    assert 'data-column="product_name"' in page
    assert 'data-column="net_amount"' in page


@pytest.mark.usefixtures("sold")
def test_the_start_page_names_alerts_and_checks(person: People) -> None:
    page = person(Role.ANALYST, login="ana").get("/dashboard?whole=1").text
    assert "Alerts and checks" in page
    assert ">Unusual<" not in page
