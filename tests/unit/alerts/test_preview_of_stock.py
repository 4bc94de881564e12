"""Previews of the rules of stock: the alerts that an evaluation on each day of a month raised."""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
import shop_of_two_stores
from alert_shop import LAST, alerts, enable, evaluated, open_shop, sources

from tillstream.adapters.local.clock import ManualClock
from tillstream.alerts import rules
from tillstream.alerts.kinds import RuleLimit
from tillstream.alerts.preview import replay_rule
from tillstream.alerts.rules import AlertRule
from tillstream.app import App
from tillstream.stock import stored_levels, stored_movements
from tillstream.stock.movements import DayPart, Movement, MovementKind, MovementLine

DAY, DAYS = timedelta(days=1), 30
PRODUCTS, STORES = ("TO-1", "TO-2", "HK-1"), ("LDS1", "MAN1")
PARAMETERS = {
    "stock-low": {"percent": 60},
    "stock-out": {"units": 200},
    "stock-negative": {"units": 6},
}
"""Thresholds between the values of the month, so that alerts open, stay and end."""
Raised = dict[date, list[str]]


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, dict[str, Raised]]]:
    """A shop after a month of sales, deliveries, losses and counts, and what each rule raised on its days."""
    folder = tmp_path_factory.mktemp("month")
    opened = open_shop(folder)
    for stored in rules.find_rules(opened.ports):
        rules.enable_rule(opened.ports, stored.rule.id, by="boss", is_enabled=False)
    for kind, parameters in PARAMETERS.items():
        rule = replace(enable(opened, kind, **parameters), margin=40, group_over=2)
        rules.save_rule(opened.ports, rule, by="boss", version=rules.get_rule(opened.ports, kind).version)
    raised: dict[str, Raised] = defaultdict(dict)
    draw, clock = random.Random(5), opened.ports.clock
    assert isinstance(clock, ManualClock)
    for number in range(DAYS):
        day = LAST + (number + 1) * DAY
        if number:
            clock.advance(DAY.total_seconds() - 15 * 60)
        if number % 2 == 0 and day.weekday() != 6:
            shop_of_two_stores.add(opened, folder, day, day)
        stored_movements.record_movements(opened.ports, list(movements(draw, day, is_first=number == 0)), by="ana")
        stored_levels.refresh_levels(opened.ports)
        evaluated(opened)
        for one in alerts(opened):
            if one.opened_at == clock.now():
                raised[one.rule_id].setdefault(day, []).append(one.title)
        evaluated(opened, minutes=15)  # ends what is gone for long enough
    yield opened, raised
    opened.close()


def movements(draw: random.Random, day: date, *, is_first: bool) -> Iterator[Movement]:
    """Seldom enough that stock ends, and goes below 0; everything but one product is counted on the first day."""
    for store in STORES:
        for product in PRODUCTS:
            for kind, share, most in (("receipt", 0.2, 45), ("write-off", 0.1, 3), ("count", 0.3, 12)):
                if draw.random() < share or (is_first and kind == "count" and (store, product) != ("MAN1", "HK-1")):
                    units = draw.choice([0, 0, most]) if kind == "count" else draw.randint(1, most)
                    lines = (MovementLine(product, Decimal(units)),)
                    part = draw.choice(list(DayPart))
                    sent = f"{day}-{store}-{product}-{kind}"
                    reason = "damaged" if kind == "write-off" else ""
                    yield Movement(sent, MovementKind(kind), "UK", store, day, lines, day_part=part, reason=reason)


def titles(app: App, rule: AlertRule) -> Raised:
    return {one.day: sorted(one.alerts) for one in replay_rule(sources(app), rule, DAYS).days}


@pytest.mark.parametrize("kind", PARAMETERS)
def test_a_preview_is_what_the_days_have_raised(month: tuple[App, dict[str, Raised]], kind: str) -> None:
    app, raised = month
    by_day = {day: sorted(one) for day, one in raised[kind].items()}
    assert titles(app, rules.get_rule(app.ports, kind).rule) == by_day
    assert len(by_day) > 3


def test_a_preview_groups_as_the_days_did(month: tuple[App, dict[str, Raised]]) -> None:
    _, raised = month
    assert "3 products are out of stock in UK" in [title for day in raised["stock-out"].values() for title in day]


def test_days_of_opens_after_count(month: tuple[App, dict[str, Raised]]) -> None:
    app, _ = month
    rule = replace(rules.get_rule(app.ports, "stock-negative").rule, parameters={"units": Decimal(1)}, group_over=100)
    at_once = titles(app, replace(rule, opens_after=23 * 60))
    assert at_once == titles(app, rule)
    later = titles(app, replace(rule, opens_after=24 * 60))
    assert {day - DAY for day in later} < set(at_once)
    assert sum(map(len, later.values())) < sum(map(len, at_once.values()))


def test_a_preview_is_limited_as_its_rule(month: tuple[App, dict[str, Raised]]) -> None:
    app, _ = month
    rule = replace(rules.get_rule(app.ports, "stock-negative").rule, group_over=100)
    every = {title for day in titles(app, rule).values() for title in day}
    of_one = replace(rule, limits={RuleLimit.STORES: ("LDS1",), RuleLimit.PRODUCTS: ("TO-1",)})
    assert {title for day in titles(app, of_one).values() for title in day} == {
        title for title in every if "Kite" in title and "LDS1" in title
    }
    assert titles(app, replace(rule, limits={RuleLimit.CATEGORIES: ("Food",)})) == {}
    assert replay_rule(sources(app), rule).note.startswith("Stock at the end of each day")
