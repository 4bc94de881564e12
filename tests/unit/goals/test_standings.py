"""What is reached of goals, from real sales of two stores, compared with sums of the file itself."""

import csv
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

import pytest
import shop_of_two_stores
from goals_shop import JUNE, LAST, LEEDS, MANCHESTER, NOON, UK, enter, read, revenue

from tillstream.app import App
from tillstream.goals.standings import ENTERED, SHARE, SUM, GoalStanding, GoalTree
from tillstream.goals.targets import WITHOUT_VALUE, Goal, GoalLevel, GoalMeasure, GoalTarget
from tillstream.model.dates import Month

REVENUE, ORDERS, UNITS, MARGIN = (
    GoalMeasure.REVENUE, GoalMeasure.ORDERS, GoalMeasure.UNITS, GoalMeasure.MARGIN,
)  # fmt: skip


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    opened = shop_of_two_stores.app(tmp_path_factory.mktemp("goals"), LAST, now=NOON)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def lines() -> list[dict[str, str]]:
    """The lines of the file, as text."""
    text = shop_of_two_stores.content(shop_of_two_stores.FIRST, LAST).decode("cp1252")
    return list(csv.DictReader(text.splitlines()))


def sold(lines: list[dict[str, str]], store: str = "", first: date = JUNE.first, last: date = LAST) -> Decimal:
    days = ((datetime.strptime(one["Sale Date"], "%d/%m/%Y").date(), one) for one in lines)  # noqa: DTZ007 - a date
    chosen = [one for day, one in days if first <= day <= last and store in {"", one["Store Code"]}]
    return sum((Decimal(one["Net"]) for one in chosen), Decimal(0))


def one_of(app: App, target: GoalTarget, measure: GoalMeasure = REVENUE, month: Month = JUNE) -> GoalStanding:
    (standing,) = read(app, month).standings(measure).for_targets([target])
    return standing


def tree_of(app: App, measure: GoalMeasure = REVENUE) -> GoalTree:
    return read(app).standings(measure).tree


def test_a_goal_has_what_was_sold_what_is_expected_and_what_is_needed(app: App, lines: list[dict[str, str]]) -> None:
    enter(app, revenue(UK, "20000"))
    standing = one_of(app, UK)
    assert standing.through == LAST
    assert standing.sold == sold(lines)
    assert standing.since == 0
    assert standing.goal is not None
    assert standing.goal.origin == ENTERED
    assert standing.reached == standing.sold / 20000
    # 13 selling days of 26, as Sundays are closed: 11 Mondays to Fridays and 2 Saturdays of 22 and 4
    assert standing.expected is not None
    assert Decimal(9000) < standing.expected < Decimal(11000)
    remaining_days = 13
    assert standing.required == round((20000 - standing.sold) / remaining_days, 2)


def test_expected_follows_weekdays_and_ends_at_the_goal(app: App) -> None:
    enter(app, revenue(LEEDS, "9999.99"))
    days = read(app).standings(REVENUE).days(LEEDS)
    expected = [one.expected for one in days]
    assert len(expected) == 30
    assert expected[-1] == Decimal("9999.99")
    sundays = [number for number, one in enumerate(days) if one.day.weekday() == 6]
    for number in sundays:
        assert expected[number] == expected[number - 1]
    saturday, friday = 12, 11
    assert expected[saturday] - expected[saturday - 1] > expected[friday] - expected[friday - 1]  # type: ignore[operator]
    assert [one.sold is None for one in days] == [one.day > LAST for one in days]


def test_a_goal_is_divided_among_stores_by_the_sales_of_the_last_months(app: App, lines: list[dict[str, str]]) -> None:
    enter(app, revenue(UK, "20000"))
    leeds, manchester = (one_of(app, store).goal for store in (LEEDS, MANCHESTER))
    assert leeds is not None
    assert manchester is not None
    assert leeds.origin == manchester.origin == SHARE
    assert leeds.amount + manchester.amount == 20000
    before = {"first": date(2025, 6, 1), "last": date(2026, 5, 31)}
    assert leeds.amount == round(20000 * sold(lines, "LDS1", **before) / sold(lines, **before), 2)


def test_an_own_goal_stays_and_the_rest_is_divided(app: App) -> None:
    enter(app, revenue(UK, "20000"), revenue(LEEDS, "15000"))
    tree = tree_of(app)
    assert [(one.amount, one.origin) for one in map(tree.goal, (LEEDS, MANCHESTER)) if one] == [
        (15000, ENTERED),
        (5000, SHARE),
    ]
    company = tree.goal(GoalTarget())
    assert company is not None
    assert (company.amount, company.origin) == (20000, SUM)


def test_a_mismatch_is_shown_and_not_repaired(app: App) -> None:
    enter(app, revenue(UK, "20000"), revenue(LEEDS, "15000"), revenue(MANCHESTER, "8000"))
    tree = tree_of(app)
    region = tree.goal(UK)
    assert region is not None
    assert (region.amount, region.unassigned) == (20000, -3000)
    enter(app, revenue(UK, "20000"), revenue(LEEDS, "25000"))
    assert tree_of(app).goal(MANCHESTER) is None


def test_goals_below_add_up_only_if_everybody_below_has_one(app: App) -> None:
    enter(app, revenue(LEEDS, "15000"))
    assert tree_of(app).goal(UK) is None
    enter(app, revenue(LEEDS, "15000"), revenue(MANCHESTER, "8000"))
    region = tree_of(app).goal(UK)
    assert region is not None
    assert (region.amount, region.origin) == (23000, SUM)


def test_a_salesperson_has_a_share_in_each_store(app: App) -> None:
    enter(app, revenue(UK, "20000"))
    standings = read(app).standings(REVENUE)
    people = standings.tree.below(LEEDS, GoalLevel.SALESPERSON)
    assert people == [GoalTarget("UK", "LDS1", "T1")]
    assert standings.tree.goal(people[0]) == standings.tree.goal(LEEDS)


def test_categories_divide_the_goal_too(app: App) -> None:
    enter(app, revenue(UK, "20000"))
    tree = tree_of(app)
    categories = tree.below(UK, GoalLevel.CATEGORY)
    assert [one.category for one in categories] == ["Home & Kitchen", "Toys"]
    assert sum(goal.amount for one in categories if (goal := tree.goal(one))) == 20000
    assert WITHOUT_VALUE not in {one.category for one in categories}


def test_units_orders_and_margin_have_goals_too(app: App, lines: list[dict[str, str]]) -> None:
    enter(
        app,
        Goal(UK, ORDERS, Decimal(700)),
        Goal(UK, UNITS, Decimal(5000)),
        Goal(UK, MARGIN, Decimal(9000), "GBP"),
    )
    june = [one for one in lines if one["Sale Date"][3:] == "06/2026"]
    units = one_of(app, UK, UNITS)
    assert units.sold == sum(int(one["Units"]) for one in june)
    orders = one_of(app, UK, ORDERS)
    assert orders.sold == len({one["Sale"] for one in june})
    assert orders.required is not None
    assert orders.required == int(orders.required)
    margin = one_of(app, UK, MARGIN)
    assert margin.coverage == 1
    assert margin.sold == sum(Decimal(one["Net"]) - int(one["Units"]) * Decimal(one["Cost"]) for one in june)


def test_the_end_of_the_month_is_projected_from_its_pace(app: App) -> None:
    enter(app, revenue(UK, "20000"))
    projection = one_of(app, UK).projection
    assert projection is not None
    assert projection.method == "pace"
    assert projection.low < projection.mean < projection.high
    assert one_of(app, UK).sold < projection.mean


def test_a_month_that_is_over_has_no_projection_and_a_future_one_no_sales(app: App) -> None:
    enter(app, revenue(UK, "20000"), month=JUNE.plus(-1))
    may = one_of(app, UK, month=JUNE.plus(-1))
    assert may.through == date(2026, 5, 31)
    assert may.projection is None
    assert may.required is None
    assert may.expected == 20000
    enter(app, revenue(UK, "20000"), month=JUNE.plus(1))
    july = one_of(app, UK, month=JUNE.plus(1))
    assert (july.through, july.sold, july.expected) == (None, 0, 0)
    assert july.required is not None


def test_a_goal_in_another_currency_is_compared_with_converted_sales(app: App, lines: list[dict[str, str]]) -> None:
    enter(app, revenue(UK, "20000", "EUR"), revenue(LEEDS, "5000", "GBP"))
    standing = one_of(app, UK)
    assert standing.currency == "EUR"
    assert standing.sold != sold(lines)
    tree = tree_of(app)
    manchester = tree.goal(MANCHESTER)
    assert manchester is not None
    assert manchester.currency == "EUR"
    assert manchester.amount != 15000
