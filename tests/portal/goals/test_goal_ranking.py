"""Regions and stores by goal: one list, the farthest behind first, with both amounts until the same day."""

import re

import shop_of_two_stores
from visitor import People, Visitor, Work, page_words

from tillstream.model.permissions import Role

ROWS = """month,region,store,measure,amount
2026-06,UK,LDS1,revenue,900000
2026-06,UK,MAN1,revenue,10
2026-06,UK,,revenue,900010
"""
PAGE = "/goals/ranking?month=2026-06"
SHARED = True


def sell(admin: Visitor, work: Work) -> None:
    admin.upload(shop_of_two_stores.content(), "UK.csv", "UK")
    work()
    admin.post("/goals/import", {"rows": ROWS, "month": "2026-06"})


def order(page: str) -> list[str]:
    body = page.partition("<tbody")[2].partition("</tbody>")[0]
    return [
        re.sub(r"<[^>]+>", "", cell).split()[0] for cell in re.findall(r"<th scope=\"row\">(.*?)</th>", body, re.DOTALL)
    ]


def test_the_farthest_behind_comes_first(sold: Visitor) -> None:
    page = sold.get(PAGE).text
    assert set(order(page)[:2]) == {"LDS1", "UK"}
    assert order(page)[-1] == "MAN1"
    assert "2 of 3 regions and stores are behind the goal" in page_words(page)
    assert order(sold.get(f"{PAGE}&sort=-part").text)[0] == "MAN1"
    assert "30 Jun 2026" in page, "the day until which both amounts are"


def test_the_goals_and_the_start_page_lead_to_it(sold: Visitor) -> None:
    assert "/goals/ranking?" in sold.get("/goals?month=2026-06").text
    assert "No goals for Mar 2026 yet" in sold.get("/goals/ranking?month=2026-03").text


def test_everybody_sees_their_own_places(sold: Visitor, person: People) -> None:
    assert order(person(Role.MANAGER, "UK", stores=("MAN1",)).get(PAGE).text) == ["MAN1"]
    assert "No goals for" in person(Role.MANAGER, "IN").get(PAGE).text
    assert "/goals/ranking" not in person(Role.SALESPERSON, "UK", salesperson="T1").get("/goals?month=2026-06").text
