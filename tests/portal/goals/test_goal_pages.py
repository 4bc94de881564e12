"""Pages of goals: what each role sees and may do, the grid, imports, versions and the leader board."""

import re
from typing import Any

import pytest
import shop_of_two_stores
from visitor import People, Visitor, Work

from portal.context import EXTENSION
from tillstream.goals import stored_goals
from tillstream.model.dates import Month
from tillstream.model.permissions import Role

JUNE = Month.parse("2026-06")
assert JUNE is not None
ROWS = "month,region,store,measure,amount\n2026-06,UK,,revenue,20000\n2026-06,UK,,orders,900\n"
SHARED = True


def sell(admin: Visitor, work: Work) -> None:
    admin.upload(shop_of_two_stores.content(), "UK.csv", "UK")
    work()
    import_rows(admin, ROWS)


def import_rows(visitor: Visitor, rows: str) -> Any:
    return visitor.post("/goals/import", {"rows": rows, "month": "2026-06"})


def stored(visitor: Visitor) -> dict[tuple[str, str, str], str]:
    """region, store and measure → amount."""
    ports = visitor.client.application.extensions[EXTENSION].ports
    assert JUNE is not None
    goals = stored_goals.read_goals(ports, JUNE).goals.values()
    return {(one.target.region, one.target.store, one.measure.value): str(one.amount) for one in goals}


def test_the_page_shows_the_goal_what_is_sold_and_who_is_below(sold: Visitor) -> None:
    page = sold.get("/goals?month=2026-06&region=UK").text
    assert "Goals: UK" in page
    assert re.search(r"of\s+<abbr.*?title=\"20,000.00 GBP\"", page)
    assert 'class="goal-bar' in page
    assert "Stores" in page
    for store in ("LDS1", "MAN1"):
        assert f"region=UK&amp;store={store}" in page
    assert "A share of the goal above" in page
    assert '"Goal, spread over the days"' in page
    categories = sold.get("/goals?month=2026-06&region=UK&by=category").text
    assert "Toys" in categories


def test_measures_and_months_are_tabs_and_links(sold: Visitor) -> None:
    page = sold.get("/goals?month=2026-06&measure=orders&region=UK").text
    assert re.search(r"of\s+<data value=\"900\"", page)
    assert "month=2026-05" in page
    assert "month=2026-07" in page
    assert sold.get("/goals?month=2026-13").status_code == 422
    assert sold.get("/goals?measure=profit").status_code == 422


def test_a_list_is_sorted_by_any_column(sold: Visitor) -> None:
    def order(sort: str) -> list[str]:
        return re.findall(r"store=(LDS1|MAN1)", sold.get(f"/goals?month=2026-06&region=UK&sort={sort}").text)

    assert order("name") == order("-name")[::-1]
    assert set(order("-reached")) == {"LDS1", "MAN1"}


def test_a_month_without_goals_shows_what_to_do(sold: Visitor, person: People) -> None:
    assert "No goals for Mar 2026 yet" in sold.get("/goals?month=2026-03").text
    assert "Enter them in a grid" in sold.get("/goals?month=2026-03").text
    analyst = person(Role.ANALYST)
    assert "A manager or an administrator enters them." in analyst.get("/goals?month=2026-03").text


def test_each_role_sees_the_goals_of_its_scope(sold: Visitor, person: People) -> None:
    manager = person(Role.MANAGER, "UK", stores=("LDS1",))
    page = manager.get("/goals?month=2026-06").text
    assert "Goals: LDS1" in page
    assert "MAN1" not in page
    assert manager.get("/goals?month=2026-06&region=UK").status_code == 404
    assert manager.get("/goals?month=2026-06&region=UK&store=MAN1").status_code == 404
    seller = person(Role.SALESPERSON, "UK", stores=("LDS1",), salesperson="T1")
    assert "A share of the goal above" in seller.get("/goals?month=2026-06").text
    assert seller.get("/goals?month=2026-06&region=UK&store=LDS1").status_code == 404
    assert seller.get("/goals?month=2026-06&measure=margin").status_code == 403
    assert seller.get("/goals/edit").status_code == 403
    other = person(Role.MANAGER, "IN")
    assert other.get("/goals?month=2026-06&region=UK").status_code == 404


def test_several_own_stores_are_a_list(sold: Visitor, person: People) -> None:
    page = person(Role.SALESPERSON, "UK", salesperson="T1").get("/goals?month=2026-06").text
    assert "Your goals" in page
    assert "salesperson=T1" in page


def test_the_interface_has_the_same_numbers(sold: Visitor, person: People) -> None:
    data = sold.get("/api/v1/goals?month=2026-06&region=UK").get_json()
    (row,) = data["rows"]
    assert (row["level"], row["goal"], row["origin"], row["currency"]) == ("region", "20000", "entered", "GBP")
    assert float(row["reached"]) == round(float(row["sold"]) / 20000, 6)
    stores = sold.get("/api/goals?month=2026-06&level=store").get_json()["rows"]
    assert sum(float(one["goal"]) for one in stores) == 20000
    assert [one["store"] for one in stores] == ["LDS1", "MAN1"]
    manager = person(Role.MANAGER, "UK", stores=("LDS1",))
    assert [one["store"] for one in manager.get("/api/goals?month=2026-06&level=store").get_json()["rows"]] == ["LDS1"]
    assert manager.get("/api/goals?month=2026-06&level=region").get_json()["rows"] == []
    assert manager.get("/api/goals?month=2026-06&region=UK").get_json()["rows"] == []
    analyst = person(Role.ANALYST)
    assert analyst.get("/api/goals?month=2026-06&level=salesperson").get_json()["rows"] == []
    for wrong in ("level=team", "month=June", "measure=profit", "colour=red"):
        assert sold.get(f"/api/goals?{wrong}").status_code == 422


def test_goals_are_exported_as_they_are_imported(sold: Visitor) -> None:
    exported = sold.get("/goals/export?month=2026-06")
    assert exported.headers["Content-Disposition"] == "attachment; filename=goals-2026-06.csv"
    assert "2026-06,UK,,,,revenue,20000,GBP" in exported.text
    assert "Nothing changed." in import_rows(sold, exported.text).text


def test_the_start_page_shows_the_goals(sold: Visitor, clock: Any) -> None:
    tile = sold.get("/dashboard/tiles/goals")
    assert tile.status_code == 200
    assert "There are no goals for Jul 2026 yet." in tile.text


def cells(**changed: str) -> dict[str, str]:
    """The form of the grid of stores, in which some cells of June are changed."""
    months = [f"2026-{number:02}" for number in range(1, 13)]
    form = {"level": "store", "measure": "revenue", "year": "2026", "region": "", "page": "1"}
    for store in ("LDS1", "MAN1"):
        key = f"UK|{store}||"
        form |= {f"was|{key}": "|" * 11, f"currency|{key}": "GBP"}
        form |= {f"{month}|{key}": changed.get(store, "") if month == "2026-06" else "" for month in months}
    return form


@pytest.mark.own_home
def test_the_grid_shows_shares_and_saves_what_is_entered(sold: Visitor) -> None:
    grid = sold.get("/goals/edit?level=store&year=2026").text
    assert 'placeholder="' in grid
    assert 'data-before="' not in grid
    saved = sold.post("/goals/edit", cells(LDS1="15000"))
    assert saved.status_code == 303
    assert stored(sold)["UK", "LDS1", "revenue"] == "15000"
    assert 'value="15000"' in sold.get("/goals/edit?level=store&year=2026").text


@pytest.mark.own_home
def test_a_wrong_cell_is_named_and_nothing_is_lost(sold: Visitor) -> None:
    answer = sold.post("/goals/edit", cells(LDS1="many", MAN1="5"))
    assert answer.status_code == 422
    assert "“many” is not a number" in answer.text
    assert 'value="many"' in answer.text
    assert 'value="5"' in answer.text
    assert ("UK", "MAN1", "revenue") not in stored(sold)


@pytest.mark.own_home
def test_a_cell_that_another_user_changed_is_not_overwritten(sold: Visitor) -> None:
    import_rows(sold, "region,store,amount\nUK,LDS1,7\nUK,MAN1,8\n")
    answer = sold.post("/goals/edit", cells(LDS1="15000"))
    assert answer.status_code == 422
    assert "Somebody changed this goal meanwhile: it is now 7." in answer.text
    assert stored(sold)["UK", "LDS1", "revenue"] == "7"
    assert stored(sold)["UK", "MAN1", "revenue"] == "8"  # untouched in the form that did not show it


@pytest.mark.own_home
def test_a_manager_enters_goals_of_own_stores_only(sold: Visitor, person: People) -> None:
    manager = person(Role.MANAGER, "UK", stores=("LDS1",))
    grid = manager.get("/goals/edit").text
    assert "LDS1" in grid
    assert "MAN1" not in grid
    manager.post("/goals/edit", cells(LDS1="1", MAN1="2"))
    assert stored(sold)["UK", "LDS1", "revenue"] == "1"
    assert ("UK", "MAN1", "revenue") not in stored(sold)
    refused = import_rows(manager, "region,store,amount\nUK,LDS1,3\nUK,,4\n")
    assert refused.status_code == 422
    assert "You cannot set this goal." in refused.text
    of_others = import_rows(manager, "region,store,amount\nUK,MAN2,3\nFR,,4\n")
    assert ("no store “MAN2”" in of_others.text, "MAN1" in of_others.text) == (True, False)
    assert stored(sold)["UK", "LDS1", "revenue"] == "3"


@pytest.mark.own_home
def test_refused_rows_come_back_to_be_corrected(sold: Visitor) -> None:
    answer = import_rows(sold, "region,store,amount\nUK,LDS1,3\nUK,LEED,4\n")
    assert answer.status_code == 422
    assert "1 goal is saved." in answer.text
    assert "There is no store “LEED” in UK." in answer.text
    assert "UK\tLEED\t4" in answer.text
    assert "Choose a file, or paste rows" in import_rows(sold, "").text


@pytest.mark.own_home
def test_an_earlier_version_is_restored(sold: Visitor) -> None:
    import_rows(sold, "region,amount\nUK,3\n")
    history = sold.get("/goals/history?month=2026-06").text
    assert "Version 2" in history
    assert "20,000" in history
    sold.post("/goals/history", {"month": "2026-06", "version": "1"})
    assert stored(sold)["UK", "", "revenue"] == "20000"


@pytest.mark.own_home
def test_the_leader_board_can_be_switched_off_and_opened(sold: Visitor, person: People) -> None:
    address = "/goals?month=2026-06&region=UK&store=LDS1"
    seller = person(Role.SALESPERSON, "UK", stores=("LDS1",), salesperson="T1")
    assert "By the part of their goal" in sold.get(address).text
    assert "By the part of their goal" not in seller.get(f"{address}&salesperson=T1").text
    sold.post("/goals/leader-board", {"shown": "everyone"})
    assert "(you)" in seller.get(f"{address}&salesperson=T1").text
    sold.post("/goals/leader-board", {"shown": "off"})
    assert "By the part of their goal" not in sold.get(address).text
    assert seller.post("/goals/leader-board", {"shown": "everyone"}).status_code == 403
