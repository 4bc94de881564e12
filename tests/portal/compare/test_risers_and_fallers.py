"""Which groups rose and fell between both sides of a comparison, and why; the way there from the dashboard."""

import csv
import html
import io
import re
from urllib.parse import urlencode

import pytest
from visitor import People, Visitor, Work, indian_file, indian_sale, page_words

from tillstream.model.permissions import Role

SHARED = True
MAY, JUNE = "10-05-2026 10:00", "10-06-2026 10:00"
PERIODS = "/compare?from=2026-06-01&to=2026-06-30"


def sale(number: str, product: str, amount: str, date: str, quantity: str = "1") -> str:
    cells = indian_sale(number, amount, date=date).split(",")
    cells[7:9], cells[12], cells[13] = product.split(" ", 1), quantity, str(float(amount) / float(quantity))
    return ",".join(cells)


def sell(admin: Visitor, work: Work) -> None:
    """May and June 2026: fewer kettles, dearer pots, no more mugs, and a new jug."""
    rows = [
        indian_sale("0", "1.00", date="01-05-2026 10:00"),
        sale("1", "K1 Kettle", "500.00", MAY, "5"),
        sale("2", "P2 Pot", "40.00", MAY, "2"),
        sale("3", "M1 Mug", "30.00", MAY, "3"),
        sale("4", "K1 Kettle", "200.00", JUNE, "2"),
        sale("5", "P2 Pot", "60.00", JUNE, "2"),
        sale("6", "J1 Jug", "25.00", JUNE),
        indian_sale("7", "1.00", date="30-06-2026 10:00"),
    ]
    admin.upload(indian_file(*rows))
    work()


def link(page: str, text: str, path: str = "") -> str:
    """Address of the first link to `path` with this text, or with a title that begins with it."""
    escaped = re.escape(text)
    match = re.search(rf'<a href="({path}[^"]+)"[^>]*(title="|>){escaped}', page)
    assert match, text
    return html.unescape(match[1])


def section(page: str, title: str) -> str:
    return page_words(page.partition(f'id="{title.lower()}"')[2].partition("</section>")[0])


def test_fallers_come_with_their_effects_the_greatest_first(sold: Visitor) -> None:
    page = sold.get(PERIODS).text
    fallers, risers = section(page, "Fallers"), section(page, "Risers")
    assert fallers.index("Kettle") < fallers.index("Mug")
    assert "−300.00" in fallers
    assert "Volume −300.00" in fallers
    assert "Sold only in the first period −30.00" in fallers
    assert "Average price paid + 20.00" in risers
    assert "Sold only in the second period + 25.00" in risers
    assert "The changes of all products add up to −285.00 INR" in page_words(page)


def test_a_name_leads_to_the_effects_of_this_group_alone(sold: Visitor) -> None:
    address = link(sold.get(PERIODS + "&region=IN").text, "Effects of Kettle")
    page = sold.get("/compare" + address).text
    assert "300.00 INR less revenue than 1 – 31 May 2026" in page_words(page)
    assert "Largest effect: volume −300.00" in page_words(page)
    assert "Product: Kettle" in page_words(page)
    assert "Region: IN" in page_words(page)
    assert "By store" not in page_words(page)
    assert "MUM01" in section(page, "Fallers"), "a single product is split by another dimension"


def test_a_dimension_with_one_group_gives_way_to_another(sold: Visitor) -> None:
    page = sold.get(PERIODS + "&store=MUM01&groups=store").text
    assert 'aria-current="true">Product' in page
    (line, *_) = sold.get("/api/v1/sale-lines?product=K1").get_json()["rows"]
    columns = {"salesperson": "salesperson_id", "store": "store_id", "product": "product_id"}
    names = ("region", "store", "product", "category", "channel", "salesperson", "country")
    single = {name: line[columns.get(name, name)] for name in names}
    page = sold.get(f"{PERIODS}&{urlencode({name: value for name, value in single.items() if value})}")
    assert page.status_code == 200
    assert "Risers and fallers" not in page.text


def test_the_form_keeps_the_currency(sold: Visitor) -> None:
    page = sold.get(PERIODS + "&currency=INR").text
    assert '<input type="hidden" name="currency" value="INR">' in page


def test_another_dimension(sold: Visitor) -> None:
    page = sold.get(PERIODS + "&grain=category&groups=store").text
    assert "MUM01" in section(page, "Fallers")
    assert 'aria-current="true">Store' in page
    assert "grain=category" in link(page, "Category")
    assert sold.get(PERIODS + "&groups=weather").status_code == 422


def test_all_groups_as_a_file_add_up_to_the_change(sold: Visitor) -> None:
    address = link(sold.get(PERIODS).text, "CSV", path="/tables/change-by-group")
    rows = [row for row in csv.DictReader(io.StringIO(sold.get(address).text)) if float(row["change"])]
    effects = ("volume", "mix", "price", "exchange_rates", "new_products", "lost_products", "returns", "other")
    assert {row["name"] for row in rows} == {"Kettle", "Pot", "Mug", "Jug"}
    for row in rows:
        assert sum(float(row[effect]) for effect in effects) == pytest.approx(float(row["change"]))
    assert sum(float(row["change"]) for row in rows) == -285


def test_only_those_who_may_see_them_compare_salespeople(sold: Visitor, person: People) -> None:
    assert "S1" in section(sold.get(PERIODS + "&groups=salesperson").text, "Fallers")
    assert person(Role.ANALYST, "IN", login="ana").get(PERIODS + "&groups=salesperson").status_code == 422


def test_biggest_movers_lead_to_their_comparison_with_the_filters_kept(sold: Visitor) -> None:
    query = "?from=2026-06-01&to=2026-06-30&region=IN&movers=by-product&currency=INR"
    tile = sold.get(f"/dashboard/tiles/movers{query}").text
    page = page_words(sold.get(link(tile, "What changed and why")).text)
    assert "285.00 INR less revenue than 1 – 31 May 2026" in page
    assert "Region: IN" in page
    kettles = page_words(sold.get(link(tile, "Why Kettle changed")).text)
    assert "300.00 INR less revenue" in kettles


@pytest.mark.own_home
def test_a_product_without_an_id_leads_to_its_own_change(sold: Visitor, work: Work) -> None:
    sold.upload(indian_file(sale("8", " Tray", "90.00", MAY), sale("9", " Tray", "15.00", JUNE)), "trays.csv")
    work()
    address = link(sold.get(PERIODS + "&region=IN").text, "Effects of Tray")
    assert "75.00 INR less revenue" in page_words(sold.get("/compare" + address).text)
    tile = sold.get("/dashboard/tiles/movers?from=2026-06-01&to=2026-06-30&movers=by-product&currency=INR").text
    assert "75.00 INR less revenue" in page_words(sold.get(link(tile, "Why Tray changed")).text)
    dashboard = link(tile, "Tray")
    assert "product=Tray" in dashboard
    figures = sold.get(dashboard.replace("/dashboard", "/tables/sales-by-product") + "&format=csv").text
    assert [row["revenue"] for row in csv.DictReader(io.StringIO(figures.lstrip("\ufeff")))] == ["15"]


@pytest.mark.own_home
def test_the_link_of_a_group_keeps_the_default_sides(sold: Visitor, work: Work) -> None:
    knife = sale("8", "N1 Knife", "70.00", JUNE)
    sold.upload(indian_file(knife.replace("MUM01", "DEL01"), knife.replace("MUM01", "PUN01")), "knives.csv")
    work()
    page = sold.get("/compare?by=store&from=2026-05-01&to=2026-06-30").text
    address = link(page, "Effects of Knife")
    assert "compare-store=" in address
    assert "store=MUM01" in address
