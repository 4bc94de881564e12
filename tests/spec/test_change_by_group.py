"""The change of each group and its effects: against `change` of the same sales alone, and in total."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from duck import Duck
from hypothesis import given
from hypothesis import strategies as st
from test_revenue_change import LINES, PERIODS, Line, effects, fill, line, rows

from tillstream.model.people import Scope
from tillstream.model.permissions import Role

COLUMNS = {
    "volume": "volume",
    "mix": "mix",
    "price": "price",
    "currency": "exchange_rates",
    "new": "new_products",
    "lost": "lost_products",
    "returns": "returns",
    "other": "other",
}
TINY = Decimal("0.00001")


@pytest.fixture(scope="module")
def duck() -> Duck:
    return Duck()


def by_group(duck: Duck, lines: list[Line], dimension: str, **params: Any) -> list[dict[str, Any]]:
    fill(duck, lines)
    return rows(duck, "change-by-group", dimension=dimension, **params)


@given(st.lists(LINES, max_size=25), st.sampled_from(("region", "store", "product")))
def test_effects_of_the_groups_sum_exactly_to_the_total_change(duck: Duck, lines: list[Line], dimension: str) -> None:
    groups = by_group(duck, lines, dimension)
    total = effects(duck, lines)
    change = total["after"] - total["before"]
    assert sum(group[column] for group in groups for column in COLUMNS.values()) == change
    assert {group["total_change"] for group in groups} <= {change}
    for group in groups:
        assert group["after"] - group["before"] == group["change"] == sum(group[column] for column in COLUMNS.values())


@given(st.lists(LINES, min_size=1, max_size=20), st.sampled_from(("region", "product")))
def test_effects_of_a_group_are_those_of_its_sales_alone(duck: Duck, lines: list[Line], dimension: str) -> None:
    for group in by_group(duck, lines, dimension):
        if group["item"] is not None:
            alone = rows(duck, "change", replace(PERIODS, **{dimension: (group["item"],)}))
            amounts = {row["effect"]: row["amount"] for row in alone}
            for effect, column in COLUMNS.items():
                assert abs(amounts[effect] - group[column]) <= TINY, (group["item"], effect)


SALES = [
    line("before", "A", 10, "100"),
    line("after", "A", 4, "44"),
    line("before", "B", 1, "20"),
    line("after", "C", 1, "5"),
]


def test_the_greatest_fall_comes_first_with_its_effects_and_its_part_of_the_growth(duck: Duck) -> None:
    first, *others = by_group(duck, SALES, "product", sort="fall")
    assert (first["item"], first["change"], first["volume"], first["price"]) == ("A", -56, -60, 4)
    assert (first["total_change"], first["growth"]) == (-71, Decimal("-0.56"))
    assert abs(first["contribution"] - Decimal(-56) / 120) < TINY
    assert [(row["item"], row["lost_products"], row["new_products"], row["growth"]) for row in others] == [
        ("B", -20, 0, -1),
        ("C", 0, 5, None),
    ]
    assert [row["item"] for row in by_group(duck, SALES, "product", sort="rise")] == ["C", "B", "A"]
    assert {row["total_change"] for row in by_group(duck, SALES, "product", limit=1)} == {-71}


def test_one_store_number_in_two_regions_is_two_stores(duck: Duck) -> None:
    lines = [line("after", "A", 1, "10", region=region, store="S") for region in ("Q", "R")]
    groups = by_group(duck, lines, "store")
    assert [(row["item"], row["region"], row["change"]) for row in groups] == [("S", "Q", 10), ("S", "R", 10)]


def test_salespeople_are_groups_only_for_those_who_may_see_them(duck: Duck) -> None:
    fill(duck, [line("after", "A", 1, "10", salesperson="E1")])
    for role, items in ((Role.MANAGER, {"E1"}), (Role.ANALYST, {None})):
        assert {
            row["item"] for row in rows(duck, "change-by-group", scope=Scope(role), dimension="salesperson")
        } == items


def test_without_a_comparison_there_are_no_groups(duck: Duck) -> None:
    fill(duck, SALES)
    assert rows(duck, "change-by-group", replace(PERIODS, start=None)) == []
