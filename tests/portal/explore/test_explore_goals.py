"""Goals in Explore, and groups that are chosen by their numbers."""

import csv
import html
import io
import re

import pytest
import shop_of_two_stores
from visitor import People, Visitor, Work

from tillstream.model.permissions import Role

SHARED = True
JUNE = "from=2026-06-01&to=2026-06-30&preset=own&currency=GBP"
GOALS = (
    "month,region,store,measure,amount\n2026-06,UK,LDS1,revenue,2000\n2026-06,UK,MAN1,revenue,900000\n"
    "2026-06,UK,NEW1,revenue,500\n"
)


def sell(admin: Visitor, work: Work) -> None:
    admin.upload(shop_of_two_stores.content(), "UK.csv", "UK")
    work()
    new = {"region": "UK", "store_id": "NEW1", "name": "New store", "version": "0"}
    assert admin.post("/catalogue/stores/save", new).status_code == 303
    assert "NEW1" in admin.post("/goals/import", {"rows": GOALS, "month": "2026-06"}).text


def _words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def _rows(page: str) -> dict[str, list[str]]:
    body = page.partition('<table class="figures')[2].partition("</table>")[0].partition("<tbody>")[2]
    rows = [
        [_words(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
        for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    ]
    return {row[0]: row[1:] for row in rows}


def test_each_store_has_its_goal_and_the_part_that_is_sold(sold: Visitor) -> None:
    rows = _rows(sold.get(f"/explore?measure=revenue&by=store&goals=yes&{JUNE}").text)
    revenue, goal, reached = rows["LDS1"]
    assert goal == "2,000.00"
    part = float(revenue.replace(",", "")) / 2000
    assert reached == f"{part:.1%}"
    assert part > 1
    assert rows["MAN1"][1] == "900,000.00"


def test_a_store_without_sales_has_a_row_too(sold: Visitor) -> None:
    """Otherwise the store that is furthest from its goal would be missing."""
    rows = _rows(sold.get(f"/explore?measure=revenue&by=store&goals=yes&{JUNE}").text)
    (name,) = rows.keys() - {"LDS1", "MAN1"}
    assert "NEW1" in name
    assert rows[name][1:] == ["500.00", "0.0%"]
    only = _rows(sold.get(f"/explore?measure=revenue&by=store&goals=yes&store=LDS1&{JUNE}").text)
    assert list(only) == ["LDS1"]


def test_stores_below_their_goal_are_chosen_and_exported(sold: Visitor) -> None:
    below = "having=goal.reached&having-is=below&having-value=100"
    page = sold.get(f"/explore?measure=revenue&by=store&goals=yes&{below}&{JUNE}").text
    assert len(_rows(page)) == 2
    assert "Of goal less than 100%" in _words(page)
    link = re.search(r'href="(/explore/shown[^"]*format=csv[^"]*)"', page)
    assert link
    file = sold.get(html.unescape(link[1])).text.removeprefix("\ufeff")
    assert {row["store"] for row in csv.DictReader(io.StringIO(file))} == {"MAN1", "NEW1"}
    tile = sold.get(f"/explore/tile?show=table&slot=a&measure=revenue&by=store&goals=yes&{below}&{JUNE}").text
    assert len(_rows(tile)) == 2


@pytest.mark.parametrize(
    ("query", "note"),
    [
        (f"by=category&goals=yes&{JUNE}", "by region or by store only"),
        (f"by=store&goals=yes&category=Toys&{JUNE}", "Remove the other filters"),
        ("by=store&goals=yes&preset=all", "Choose a period within one month"),
        ("by=store&goals=yes&from=2026-05-01&to=2026-05-31&preset=own", "No goals are set for May 2026"),
    ],
)
def test_why_there_are_no_goals_is_explained(sold: Visitor, query: str, note: str) -> None:
    page = sold.get(f"/explore?measure=revenue&{query}").text
    assert note in _words(page)
    assert "Of goal" not in _words(page.partition("<thead>")[2].partition("</thead>")[0])


def test_groups_are_chosen_by_any_number(sold: Visitor) -> None:
    address = f"/explore?measure=revenue&measure=units&by=category&{JUNE}"
    rows = _rows(sold.get(address).text)
    units = sorted((int(row[1].replace(",", "")), name) for name, row in rows.items())
    assert len(units) > 1
    least, most = units[0][0], units[-1][0]
    above = f"having=units&having-is=above&having-value={least}"
    assert len(_rows(sold.get(f"{address}&{above}").text)) == len(units) - 1
    between = f"having=units&having-is=between&having-value={least}&having-to={most}"
    assert len(_rows(sold.get(f"{address}&{between}").text)) == len(units)
    change = f"against=previous&having=revenue.change&having-is=below&having-value=0&{address.partition('?')[2]}"
    assert all(row[2].startswith("−") for row in _rows(sold.get(f"/explore?{change}").text).values())


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("having=units&having-is=above&having-value=many", 422, "“many” is not a number"),
        ("having=units&having-is=above&having-value=1e999999", 422, "is not a number"),
        ("having=nothing&having-is=above&having-value=1", 422, "The table lacks the number"),
        ("having=units&having-is=above&having-value=", 200, "Explore"),
        ("across=store&having=units&having-is=above&having-value=1", 200, "Values across columns are not limited"),
    ],
)
def test_limits_that_are_none_are_explained(sold: Visitor, query: str, status: int, words: str) -> None:
    answer = sold.get(f"/explore?measure=units&by=category&{query}&{JUNE}")
    assert (answer.status_code, words in _words(answer.text)) == (status, True)


@pytest.mark.usefixtures("sold")
def test_goals_of_other_stores_are_not_shown(person: People) -> None:
    other = person(Role.MANAGER, "IN")
    page = _words(other.get(f"/explore?measure=revenue&by=store&goals=yes&{JUNE}").text)
    assert "NEW1" not in page
    assert "900,000" not in page
