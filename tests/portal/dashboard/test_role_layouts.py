"""Each role lands on a page made for its day: which tiles, in which order, with whose numbers."""

import gzip
import html
import json
import re
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from visitor import People, Visitor, Work, indian_file, indian_sale

from portal.dashboard import charts
from portal.dashboard.breakdowns import TABLES
from portal.dashboard.role_layouts import ROLE_LAYOUTS
from portal.dashboard.tiles import TILES
from tillstream.delivery.export_formats import FORMATS
from tillstream.model.countries import country_code
from tillstream.model.permissions import PERMISSIONS, Role

SHARED = True


def sell(admin: Visitor, work: Work) -> None:
    admin.upload(
        indian_file(
            indian_sale("1", "100.10", date="01-05-2026 10:00"),
            indian_sale("2", "200.20", date="03-06-2026 10:00", customer="C2"),
            indian_sale("3", "300.30", date="04-06-2026 10:00"),
        )
    )
    work()


def figure_in(tile: str) -> Any:
    match = re.search(r'<script type="application/json">(.*?)</script>', tile, re.DOTALL)
    assert match, tile
    return json.loads(match[1])


def tiles_of(page: str) -> list[str]:
    return re.findall(r'<section class="tile[^>]* id="tile-([a-z0-9-]+)"', page)


@pytest.mark.parametrize("role", Role)
def test_every_role_finds_its_own_tiles_in_its_own_order(sold: Visitor, person: People, role: Role) -> None:
    visitor = person(role, login=f"some-{role.value}")
    page = visitor.get("/", follow_redirects=True).text
    assert ROLE_LAYOUTS[role].question in page
    layout = ROLE_LAYOUTS[role]
    splits = dict(zip(("split-1", "split-2"), layout.splits, strict=True))
    slots = (*layout.tiles, *layout.details)
    assert tiles_of(page) == [one for one in slots if TILES[splits.get(one, one)].needs in PERMISSIONS[role]]
    for name in layout.splits:
        assert f'data-tile="/dashboard/tiles/{name}"' in page


@pytest.mark.parametrize("role", Role)
def test_every_tile_of_every_role_answers_by_itself_and_in_the_whole_page(
    sold: Visitor, person: People, role: Role
) -> None:
    visitor = person(role, login=f"some-{role.value}")
    whole = visitor.get("/dashboard?whole=1").text
    assert "skeleton" not in whole
    for name in re.findall(r'data-tile="/dashboard/tiles/([a-z-]+)', whole):
        answer = visitor.get(f"/dashboard/tiles/{name}?region=IN")
        assert answer.status_code == 200, name
        assert "<html" not in answer.text


def test_a_clerk_begins_with_the_files_and_others_with_what_matters(sold: Visitor, person: People) -> None:
    assert tiles_of(person(Role.CLERK, "IN").get("/dashboard").text)[0] == "attention"
    assert tiles_of(person(Role.ANALYST).get("/dashboard").text)[:2] == ["brief", "headline"]


def test_a_tile_of_another_role_is_not_there(sold: Visitor, person: People) -> None:
    assert person(Role.ANALYST).get("/dashboard/tiles/top-customers").status_code == 404
    assert person(Role.SALESPERSON, "IN").get("/dashboard/tiles/attention").status_code == 404
    assert sold.get("/dashboard/tiles/nothing").status_code == 404


def test_tiles_keep_the_filters_of_the_page(sold: Visitor) -> None:
    page = sold.get("/dashboard?from=2026-06-01&to=2026-06-30").text
    assert 'data-tile="/dashboard/tiles/over-time?from=2026-06-01&amp;to=2026-06-30"' in page
    assert "500.50" in sold.get("/dashboard/tiles/headline?from=2026-06-01&to=2026-06-30").text


def test_a_browser_that_loads_tiles_is_sent_none_of_them(sold: Visitor) -> None:
    sold.client.set_cookie("tiles", "apart")
    page = sold.get("/dashboard").text
    assert "500.50" not in page
    assert page.count("data-empty") == len(tiles_of(page))


def test_a_chip_takes_its_own_filter_away_and_leaves_the_others(sold: Visitor) -> None:
    page = sold.get("/dashboard?preset=last-month&category=Kitchen&store=MUM01").text
    assert '<a class="chip" href="/dashboard?preset=last-month&amp;store=MUM01">Category: Kitchen' in page
    assert '<a class="chip" href="/dashboard?category=Kitchen&amp;store=MUM01">Last month' in page


def test_a_row_and_a_period_drill_down(sold: Visitor) -> None:
    tile = sold.get("/dashboard/tiles/by-category?from=2026-06-01").text
    assert 'href="/dashboard?from=2026-06-01&amp;category=Kitchen"' in tile
    table = sold.get("/dashboard/tables/by-category?from=2026-06-01").text
    assert 'href="/sale-lines?from=2026-06-01&amp;category=Kitchen"' in table
    alone = sold.get("/dashboard/tiles/by-category?category=Kitchen&preset=all").text
    assert '<th scope="row"><a href="/sale-lines?category=Kitchen&amp;preset=all">Kitchen</a>' in alone
    months = sold.get("/dashboard/tiles/over-time?preset=last-month&period=monthly").text
    assert 'href="/dashboard?period=daily&amp;from=2026-06-01&amp;to=2026-06-30#tile-over-time"' in months


def test_the_map_loses_no_country_and_knows_one_by_many_names() -> None:
    names = ("UK", "EIRE", "Deutschland", "Korea, Republic of", "the Netherlands", "usa")
    assert [country_code(name) for name in names] == ["GBR", "IRL", "DEU", "KOR", "NLD", "USA"]
    assert country_code("Atlantis") is None
    rows = [{"country": name, "revenue": Decimal(amount)} for name, amount in (("UK", 5), ("United Kingdom", 7))]
    figure = charts.world({"GBR": rows}, "INR")
    assert (figure["labels"], figure["names"], figure["values"]) == (["GBR"], ["UK, United Kingdom"], [12.0])


def test_the_outlines_are_served_from_here(anonymous: Visitor) -> None:
    answer = anonymous.get("/static/world.json")
    features = {one["id"]: one["geometry"]["type"] for one in answer.get_json()["features"]}
    assert (features["IND"], features["SGP"]) == ("MultiPolygon", "Point")
    packed = anonymous.get("/static/world.json", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.data) == answer.data
    assert len(packed.data) < 60_000


def test_growth_is_shown_beside_every_metric_that_has_one(sold: Visitor) -> None:
    tile = sold.get("/dashboard/tiles/headline?from=2026-06-01&to=2026-06-30").text
    assert tile.count("400.0%") == 1, "revenue 500.50 after 100.10"
    assert "Nothing to compare with" in sold.get("/dashboard/tiles/headline?from=2026-05-01&to=2026-05-31").text


def test_the_previous_period_is_aligned_with_the_chosen_one(sold: Visitor) -> None:
    address = "/dashboard/tiles/over-time?from=2026-06-01&to=2026-06-30"
    before = figure_in(sold.get(f"{address}&period=daily").text)["before"]
    assert before == {"name": "Previous period", "values": [100.1, None, None, None]}
    assert "before" not in figure_in(sold.get(f"{address}&period=daily&compare=nothing").text)
    month = re.sub(r"<[^>]+>", "", sold.get(f"{address}&period=monthly").text)
    assert "Jun 2026 500.50 INR Previous period: 100.10" in month


def test_a_heatmap_shows_the_revenue_of_a_weekday(sold: Visitor) -> None:
    figure = figure_in(sold.get("/dashboard/tiles/heatmap?preset=all").text)
    assert figure["names"] == ["May 2026", "Jun 2026"]
    assert figure["values"] == [[*[None] * 4, 100.1, None, None], [None, None, 200.2, 300.3, None, None, None]]


def test_a_heatmap_names_the_weekdays_of_the_reader(sold: Visitor) -> None:
    tile = sold.get("/dashboard/tiles/heatmap?preset=all", headers={"Accept-Language": "de-DE"}).text
    assert figure_in(tile)["labels"] == ["Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("store?q=mum", 'name="store" value="MUM01"'),
        ("product?q=kett", 'value="P1"> <span class="name">Kettle</span> <span class="quiet">P1</span>'),
        ("salesperson?q=s", 'name="salesperson" value="S1"'),
        ("category?q=nothing", "No results"),
    ],
)
def test_values_are_found_by_typing(sold: Visitor, path: str, text: str) -> None:
    assert text in sold.get(f"/dashboard/values/{path}").text


def test_filter_values_are_limited_to_the_scope(sold: Visitor, person: People) -> None:
    elsewhere = person(Role.MANAGER, "UK")
    for name in ("store", "product", "salesperson", "category"):
        assert "No results" in elsewhere.get(f"/dashboard/values/{name}").text
    assert person(Role.ANALYST).get("/dashboard/values/salesperson").status_code == 404


def test_freshness_lists_regions_stores_and_sources(sold: Visitor) -> None:
    tile = sold.get("/dashboard/tiles/freshness").text
    assert "The store has sales through the last day of its region" in tile
    assert "Sources" in tile


@pytest.mark.parametrize("name", TABLES)
def test_every_ranking_is_a_table_searched_sorted_and_paged_on_the_server(sold: Visitor, name: str) -> None:
    page = sold.get(f"/dashboard/tables/{name}?from=2026-06-01&sort=name&size=50").text
    assert "500.50" in page or name in {"top-customers", "by-customer"}
    assert 'aria-sort="ascending"' in page
    assert 'name="from" value="2026-06-01"' in page
    assert "No results" in sold.get(f"/dashboard/tables/{name}?q=nothing+like+it").text


def test_a_table_of_another_role_is_not_there(sold: Visitor, person: People) -> None:
    assert person(Role.ANALYST).get("/dashboard/tables/top-customers").status_code == 404
    assert sold.get("/dashboard/tables/headline").status_code == 404


@pytest.mark.own_home
def test_a_chart_has_at_most_as_many_steps_as_are_visible(sold: Visitor, work: Work) -> None:
    sold.upload(indian_file(indian_sale("9", "5.00", date="03-05-2016 10:00")), name="old.csv")
    work()
    tile = sold.get("/dashboard/tiles/over-time?period=daily&preset=all").text
    assert "Days would be too many points for these dates. The chart shows weeks" in tile
    assert len(figure_in(tile)["values"]) <= 800
    assert "too many" not in sold.get("/dashboard/tiles/over-time?period=daily&from=2026-05-01&to=2026-06-30").text


def test_every_file_link_of_a_tile_gives_a_file(sold: Visitor) -> None:
    page = sold.get("/dashboard?whole=1&from=2026-06-01&to=2026-06-30").text
    links = {html.unescape(link) for link in re.findall(r'href="(/tables/[^"]+)"', page)}
    assert len(links) >= 10
    assert {parse_qs(urlsplit(link).query)["format"][0] for link in links} == {"csv", "xlsx", "pdf", "parquet"}
    for link in links:
        answer = sold.get(link)
        suffix = parse_qs(urlsplit(link).query)["format"][0]
        assert (answer.status_code, answer.mimetype) == (200, FORMATS[suffix].media_type.partition(";")[0]), link


@pytest.mark.own_home
def test_rejected_rows_are_listed_as_needing_attention(sold: Visitor, person: People, work: Work) -> None:
    assert "Nothing needs your attention" in sold.get("/dashboard/tiles/attention").text
    rows = [indian_sale(str(number), "10.00", date="05-06-2026 10:00") for number in range(10, 19)]
    sold.upload(indian_file(*rows, indian_sale("19", "ten", date="05-06-2026 10:00")))
    work()
    clerk = person(Role.CLERK, "IN", login="clerk")
    assert "row to fix" in clerk.get("/dashboard/tiles/attention").text
    other = person(Role.CLERK, "UK", login="other")
    assert "Nothing needs your attention" in other.get("/dashboard/tiles/attention").text
