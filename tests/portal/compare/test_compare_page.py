"""The compare page: two selections next to each other, and where the difference comes from."""

import csv
import html
import io
import re

import pytest
from visitor import People, Visitor, Work, indian_file, indian_sale, page_words

from tillstream.model.permissions import Role

SHARED = True


def sell(admin: Visitor, work: Work) -> None:
    """May and June 2026: the same quantity of one product at a higher price."""
    rows = [indian_sale("1", "10.00", date="01-05-2026 10:00"), indian_sale("2", "14.00", date="30-06-2026 10:00")]
    admin.upload(indian_file(*rows))
    work()


def test_opens_with_the_latest_complete_month_and_the_month_before(sold: Visitor) -> None:
    assert "1 – 31 May 2026" in page_words(sold.get("/compare").text)


def test_the_difference_is_explained(sold: Visitor) -> None:
    page = sold.get("/compare?from=2026-06-01&to=2026-06-30").text
    assert "4.00 INR more revenue than 1 – 31 May 2026 ( ▲ up 40.0% )" in page_words(page)
    assert re.search(r"Largest effect: the average price paid \+ ?4\.00", page_words(page))


def test_any_two_periods(sold: Visitor) -> None:
    query = "from=2026-05-01&to=2026-05-02&compare-from=2026-06-29&compare-to=2026-06-30"
    assert "4.00 INR less revenue than 29 – 30 Jun 2026" in page_words(sold.get(f"/compare?{query}").text)


def test_days_before_the_first_sale_are_not_compared(sold: Visitor) -> None:
    page = sold.get("/compare?from=2026-05-01&to=2026-05-31").text
    assert "Sales are reported for 1 May – 30 Jun 2026" in page_words(page)


def test_effects_as_a_file(sold: Visitor) -> None:
    page = sold.get("/compare?from=2026-06-01&to=2026-06-30").text
    amounts = {row["effect"]: float(row["amount"]) for row in file(sold, page, "change")}
    assert amounts["price"] == 4
    assert sum(amount for effect, amount in amounts.items() if effect != "after") == amounts["after"]


def test_effects_and_groups_can_be_subscribed(sold: Visitor) -> None:
    page = sold.get("/compare?from=2026-06-01&to=2026-06-30").text
    links = re.findall(r'href="(/subscriptions/new[^"]*)">Subscribe<span', page)
    assert len(links) == 2
    for link in links:
        form = sold.get(html.unescape(link)).text
        assert "<dt>Compared with</dt><dd>2026-05-01 – 2026-05-31; the period before, if the period moves on" in form
        assert '<option value="own" selected>The same days each time: 2026-06-01 – 2026-06-30' in form


def file(sold: Visitor, page: str, table: str) -> list[dict[str, str]]:
    link = re.search(rf'href="([^"]*/tables/{table}\\?[^"]*)"', page)
    assert link
    return list(csv.DictReader(io.StringIO(sold.get(html.unescape(link[1])).text)))


def test_one_region_has_nothing_to_compare_with(sold: Visitor) -> None:
    assert "fewer than two regions to compare" in sold.get("/compare?by=region").text


def test_the_same_side_twice(sold: Visitor) -> None:
    query = "from=2026-06-01&to=2026-06-30&compare-from=2026-06-01&compare-to=2026-06-30"
    assert "Both sides are the same" in sold.get(f"/compare?{query}").text


@pytest.mark.parametrize("query", ["by=weather", "grain=weather", "from=yesterday"])
def test_wrong_addresses_are_refused(sold: Visitor, query: str) -> None:
    assert sold.get(f"/compare?{query}").status_code == 422


@pytest.mark.own_home
def test_places_are_compared_in_words_of_places(sold: Visitor, work: Work) -> None:
    other = indian_sale("3", "20.00", date="01-06-2026 10:00").replace("MUM01", "DEL01").replace("P1,Kettle", "P2,Pot")
    sold.upload(indian_file(other))
    work()
    page = page_words(sold.get("/compare?by=store&compare-store=MUM01&store=DEL01&from=2026-05-01&to=2026-06-30").text)
    assert "Sold only in DEL01" in page
    assert 'value="product" selected' in sold.get("/compare?by=store").text, "stores can have no channel in common"
    assert 'value="product-and-channel" selected' in sold.get("/compare").text
    assert "Sold only in MUM01" in page
    assert "not in MUM01" in page
    assert "period" not in page.partition("Where the difference comes from")[2].partition("Risers")[0]


def test_channels_are_compared_by_product(sold: Visitor) -> None:
    for earlier in ("by=channel&grain=product-and-channel", "by=category&grain=category"):
        assert sold.get(f"/compare?{earlier}").status_code == 200, "a view saved by an earlier version"
    assert sold.get("/compare?by=channel").status_code == 200


def test_a_portal_without_sales(person: People) -> None:
    assert "There are no sales yet" in person(Role.ADMIN).get("/compare").text
