"""Months, the targets of goals, and who sees them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillstream.goals.targets import GoalLevel, GoalTarget
from tillstream.model.dates import Month
from tillstream.model.people import UNRESTRICTED, Scope, scope_of
from tillstream.model.permissions import Role


@given(st.dates(date(1901, 1, 1), date(2198, 12, 31)), st.integers(-24, 24))
def test_a_month_is_read_as_it_is_written_and_months_add_up(day: date, months: int) -> None:
    month = Month.from_day(day)
    assert Month.parse(str(month)) == month
    assert month.first <= day <= month.last
    assert month.plus(months).plus(-months) == month
    assert month.plus(1).first == date.fromordinal(month.last.toordinal() + 1)


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-1", "26-11", "2026-11-05", "Nov 2026", "２０２６-11"])
def test_other_text_is_no_month(text: str) -> None:
    assert Month.parse(text) is None


def test_each_level_is_part_of_the_one_above() -> None:
    person = GoalTarget("UK", "LDS1", "T1")
    above = [person]
    while (parent := above[-1].parent) is not None:
        above.append(parent)
    assert [one.level for one in above] == [GoalLevel.SALESPERSON, GoalLevel.STORE, GoalLevel.REGION, GoalLevel.COMPANY]
    assert GoalTarget(category="Toys").parent == GoalTarget()
    assert GoalTarget("UK", category="Toys").parent == GoalTarget("UK")


COMPANY, UK, STORE, PERSON = GoalTarget(), GoalTarget("UK"), GoalTarget("UK", "LDS1"), GoalTarget("UK", "LDS1", "T1")
TOYS, UK_TOYS = GoalTarget(category="Toys"), GoalTarget("UK", category="Toys")
ALL = {COMPANY, UK, STORE, PERSON, TOYS, UK_TOYS}


@pytest.mark.parametrize(
    ("scope", "visible"),
    [
        (UNRESTRICTED, ALL),
        (scope_of(Role.ANALYST), ALL - {PERSON}),
        (scope_of(Role.MANAGER, ("UK",)), {UK, STORE, PERSON, UK_TOYS}),
        (scope_of(Role.MANAGER, ("IN",)), set()),
        (scope_of(Role.MANAGER, ("UK",), ("LDS1",)), {STORE, PERSON}),
        (scope_of(Role.MANAGER, ("UK",), ("MAN1",)), set()),
        (scope_of(Role.SALESPERSON, ("UK",), (), "T1"), {PERSON}),
        (scope_of(Role.SALESPERSON, ("UK",), ("MAN1",), "T1"), set()),
        (scope_of(Role.SALESPERSON, ("UK",), (), "T2"), set()),
        (scope_of(Role.SALESPERSON, ("UK",)), set()),
        (Scope(Role.MANAGER, ()), set()),
    ],
)
def test_a_target_is_seen_if_all_its_sales_are(scope: Scope, visible: set[GoalTarget]) -> None:
    assert {one for one in ALL if one.is_visible(scope)} == visible
