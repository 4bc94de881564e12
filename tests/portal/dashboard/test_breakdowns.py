"""Breakdowns and movers: value, share and change of each group, with names, and the risers and fallers."""

import csv
import io
import re

import pytest
from visitor import People, Visitor, Work, indian_file, indian_sale

from tillstream.model.permissions import Role

MONTHS = "from=2026-05-01&to=2026-05-31"


def _sale(number: int, day: str, amount: str, product: str, name: str, store: str = "MUM01", person: str = "S1") -> str:
    line = indian_sale(str(number), amount, date=f"{day} 10:00")
    return line.replace(",P1,Kettle,", f",{product},{name},").replace(",MUM01,S1,", f",{store},{person},")


SHARED = True


def sell(admin: Visitor, work: Work) -> None:
    admin.upload(
        indian_file(
            _sale(1, "01-04-2026", "100.00", "P1", "Kettle"),
            _sale(2, "02-04-2026", "300.00", "P2", "Lamp", "DEL01", "S2"),
            _sale(3, "30-04-2026", "50.00", "P3", "Mug", "GOA01", ""),
            _sale(4, "01-05-2026", "400.00", "P1", "Kettle"),
            _sale(5, "20-05-2026", "100.00", "P2", "Lamp", "DEL01", "S2"),
            _sale(6, "31-05-2026", "70.00", "P4", "Pot", "PNE01", ""),
        )
    )
    work()


def words(visitor: Visitor, address: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", visitor.get(address).text).split()).replace("+ ", "+")


def names(visitor: Visitor, address: str) -> list[str]:
    page = visitor.get(address).text
    return [re.sub(r"<[^>]+>", " ", one).split()[0] for one in re.findall(r'<th scope="row">(.*?)</th>', page)]


def test_the_page_without_parameters_shows_the_latest_complete_month(sold: Visitor) -> None:
    page = sold.get("/dashboard").text
    assert re.search(r'<a class="chip" href="/dashboard\?preset=all">Latest complete month: May 2026', page)
    assert "570.00" in page
    assert "920" not in page
    assert 'href="/why/revenue?from=2026-05-01&amp;to=2026-05-31"' in page, "links to other pages name the dates"
    assert "1,020.00" in sold.get("/dashboard?preset=all").text


def test_the_strip_shows_change_in_words_and_colour(sold: Visitor) -> None:
    page = sold.get("/dashboard").text
    strip = page[page.index('class="strip"') : page.index('class="under-strip"')]
    assert strip.count("key-figure") == 5
    assert strip.count("<polyline") == 5
    assert '<span class="growth up"><span aria-hidden="true">▲</span>' in strip
    assert "▲ up 26.7% vs Apr 2026" in " ".join(re.sub(r"<[^>]+>", " ", strip).split())
    assert "style=" not in strip


def test_movers_are_named_with_their_part_of_the_total_change(sold: Visitor) -> None:
    text = words(sold, "/dashboard/tiles/movers?movers=by-product")
    assert "Revenue vs Apr 2026: +120.00 INR" in text
    risers, fallers = text.split("Fallers")
    assert "Kettle +300.00 of +120.00 ▲ up 300.0%" in risers
    assert "Pot +70.00 of +120.00 none before" in risers
    assert re.search(r"Lamp −200.00 of \+120.00 .* Mug −50.00 of \+120.00", fallers)
    assert "All time has no earlier period" in words(sold, "/dashboard/tiles/movers?preset=all")
    assert "Choose a period to compare with" in words(sold, "/dashboard/tiles/movers?compare=nothing")


def test_a_breakdown_sorts_by_revenue_by_rise_or_by_fall(sold: Visitor) -> None:
    tile = "/dashboard/tiles/by-store"
    assert names(sold, tile) == ["MUM01", "DEL01", "PNE01", "GOA01"]
    assert names(sold, f"{tile}?sort=change") == ["MUM01", "PNE01", "GOA01", "DEL01"]
    assert names(sold, f"{tile}?sort=fall") == ["DEL01", "GOA01", "PNE01", "MUM01"]
    assert "70.2%" in words(sold, tile), "share of MUM01"
    assert words(sold, "/dashboard/tiles/by-salesperson").count("Unknown") == 1


@pytest.mark.parametrize("name", ["by-region", "by-store", "by-category", "by-product", "by-channel", "by-country"])
def test_a_table_sorts_by_change_and_its_file_has_the_same_columns(sold: Visitor, name: str) -> None:
    page = sold.get(f"/dashboard/tables/{name}?{MONTHS}&sort=-change").text
    assert re.search(r'aria-sort="descending"[^>]*>(?:(?!</th>).)*Change', page, re.DOTALL)
    link = re.search(r'href="(/tables/[^"]+)"', page)
    assert link
    rows = list(csv.DictReader(io.StringIO(sold.get(link[1].replace("&amp;", "&")).text.lstrip("\ufeff"))))
    assert {"revenue", "revenue_share", "before", "change", "growth"} <= set(rows[0])


@pytest.mark.own_home
def test_salespeople_have_the_names_of_their_accounts(sold: Visitor, person: People) -> None:
    person(Role.SALESPERSON, "IN", login="asha", salesperson="S1")
    tile = sold.get("/dashboard/tiles/by-salesperson").text
    assert re.search(r'<a href="/dashboard\?from=[^"]*region=IN&amp;salesperson=S1" title="S1">asha</a>', tile)
    assert ">S2</a>" in sold.get("/dashboard/tiles/by-salesperson").text


def test_an_analyst_has_no_breakdown_by_person(sold: Visitor, person: People) -> None:
    analyst = person(Role.ANALYST)
    for name in ("by-salesperson", "by-customer"):
        assert analyst.get(f"/dashboard/tiles/{name}").status_code == 404
        assert analyst.get(f"/dashboard/tables/{name}").status_code == 404
    assert (
        'data-tile="/dashboard/tiles/by-country?split-1=by-customer"'
        in analyst.get("/dashboard?split-1=by-customer").text
    )


def test_the_picker_chooses_the_dimension_of_a_tile(sold: Visitor) -> None:
    page = sold.get("/dashboard?split-1=by-channel").text
    assert 'data-tile="/dashboard/tiles/by-channel?split-1=by-channel"' in page
    assert 'href="/dashboard?split-1=by-product#tile-split-1"' in page


def test_a_chosen_period_is_compared_everywhere(sold: Visitor) -> None:
    query = "from=2026-05-01&to=2026-05-01&compare-from=2026-04-02&compare-to=2026-04-02"
    page = sold.get(f"/dashboard?{query}").text
    assert "Compared with: 2 Apr 2026" in page
    assert "33.3% vs 2 Apr 2026" in " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "Lamp −300.00 of +100.00" in words(sold, f"/dashboard/tiles/movers?movers=by-product&{query}")


def test_like_for_like_counts_stores_with_sales_in_both_periods(sold: Visitor) -> None:
    page = sold.get("/dashboard?like-for-like=yes").text
    assert "Like-for-like stores" in page
    assert "500.00" in page
    assert names(sold, "/dashboard/tiles/by-store?like-for-like=yes") == ["MUM01", "DEL01"]
    assert "store=DEL01&amp;store=MUM01" in page, "links to other pages name the stores"


def test_a_period_that_is_not_whole_is_marked(sold: Visitor) -> None:
    query = "from=2026-04-15&to=2026-06-30&period=monthly"
    tile = sold.get(f"/dashboard/tiles/over-time?{query}").text
    assert '"partial": [true, false]' in tile
    assert ">not complete<" in tile


@pytest.mark.own_home
def test_a_salesperson_without_sales_in_the_latest_month_is_offered_the_own_last_days(
    sold: Visitor, person: People, work: Work
) -> None:
    sold.upload(indian_file(_sale(9, "02-03-2026", "10.00", "P1", "Kettle", person="S9")), name="march.csv")
    work()
    own = person(Role.SALESPERSON, "IN", login="own", salesperson="S9")
    page = own.get("/dashboard").text
    assert "No sales match" in page
    assert (
        '<a class="btn btn-primary" href="/dashboard?from=2026-02-03&amp;to=2026-03-02">3 Feb – 2 Mar 2026</a>' in page
    )
