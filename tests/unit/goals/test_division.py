"""Goals are divided exactly: own goals stay, the rest is split, a mismatch is shown."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tillstream.goals.targets import divide_goal, goal_through, split_amount

AMOUNTS = st.decimals(0, 10**9, places=2, allow_nan=False)
POSITIVE = st.decimals("0.01", 10**6, places=2, allow_nan=False)


@given(AMOUNTS, st.dictionaries(st.integers(), POSITIVE, min_size=1, max_size=30), st.sampled_from([0, 2, 3]))
def test_parts_add_up_to_the_amount_and_follow_the_weights(
    amount: Decimal, weights: dict[int, Decimal], digits: int
) -> None:
    parts = split_amount(amount, weights, digits)
    assert sum(parts.values()) == amount
    total, unit = sum(weights.values()), Decimal(1).scaleb(-digits)
    for key, part in parts.items():
        assert abs(part - amount * weights[key] / total) <= 2 * unit


@given(
    AMOUNTS,
    st.dictionaries(st.integers(0, 9), AMOUNTS, max_size=5),
    st.dictionaries(st.integers(0, 9), POSITIVE, max_size=10),
)
def test_own_goals_stay_and_nothing_is_lost(goal: Decimal, own: dict[int, Decimal], sold: dict[int, Decimal]) -> None:
    division = divide_goal(goal, own, sold, 2)
    assert not set(division.shares) & set(own)
    assert all(share >= 0 for share in division.shares.values())
    if division.shares or own:
        assert sum(own.values()) + sum(division.shares.values()) + division.unassigned == goal
    if sum(own.values()) > goal:
        assert not division.shares
        assert division.unassigned < 0


def test_who_sold_nothing_has_no_share() -> None:
    division = divide_goal(Decimal(100), {}, {"a": Decimal(1), "b": Decimal(0), "c": Decimal(-5)}, 2)
    assert division.shares == {"a": Decimal(100)}


def test_all_own_goals_below_less_than_the_goal_leave_the_difference_unassigned() -> None:
    division = divide_goal(Decimal(100), {"a": Decimal(30), "b": Decimal(40)}, {"a": Decimal(1), "b": Decimal(1)}, 2)
    assert division.shares == {}
    assert division.unassigned == 30


def test_a_goal_is_expected_by_the_weights_of_its_days() -> None:
    weights = [0.0, 1.0, 1.0, 2.0]
    assert goal_through(Decimal(100), weights, 0, 2) == 0
    assert goal_through(Decimal(100), weights, 1, 2) == 0
    assert goal_through(Decimal(100), weights, 3, 2) == 50
    assert goal_through(Decimal("99.99"), weights, 4, 0) == Decimal("99.99")
    assert goal_through(Decimal(100), [0.0, 0.0], 1, 2) is None
