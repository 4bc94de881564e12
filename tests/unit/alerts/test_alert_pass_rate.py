"""Alerts about data sources of whose rows fewer are accepted than before, or fewer than a limit."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from alert_shop import add_file, alerts, enable, evaluated, line, open_shop, sources, titles

from tillstream.alerts import rules
from tillstream.alerts.kinds import RuleLimit
from tillstream.alerts.preview import replay_rule
from tillstream.app import App

DAY = 24 * 60
TITLE = "Fewer rows of UK pass its rules"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """The shop with more than a hundred good rows, of ten days ago."""
    opened = open_shop(tmp_path)
    evaluated(opened, 10 * DAY)
    yield opened
    opened.close()


def deliver(app: App, folder: Path, name: str, good: int, bad: int) -> None:
    units = ["1"] * good + ["many"] * bad
    first = 100 * sum(map(ord, name))  # other digits for each file: equal ones would be the same sales
    lines = [line(f"{name}{number}", units=one) for number, one in enumerate(units, first)]
    add_file(app, folder, f"UK-{name}.csv", lines)


def test_a_source_falls_below_its_weeks_before_and_recovers(app: App, tmp_path: Path) -> None:
    rule = enable(app, "pass-rate", percent=0, rows=20)
    deliver(app, tmp_path, "good", 20, 0)
    evaluated(app)
    assert titles(app) == []
    deliver(app, tmp_path, "bad", 17, 3)
    evaluated(app)
    (alert,) = alerts(app)
    assert alert.title == TITLE
    assert alert.text == ("92.5% of 40 rows were accepted in the last 7 days; in the 4 weeks before, it was 100.0%.")
    assert (alert.members[0].region, alert.members[0].path) == ("UK", "/quality/pass-rates?source=UK")
    today = app.ports.clock.now().date()
    assert [(day.day, day.alerts) for day in replay_rule(sources(app), rule).days] == [(today, (TITLE,))]
    evaluated(app, 7 * DAY)
    deliver(app, tmp_path, "later", 20, 0)
    evaluated(app)
    assert titles(app) == []
    assert [day.day for day in replay_rule(sources(app), rule).days] == [today], "the preview also ends it"


def test_a_source_below_the_limit_needs_no_weeks_before(app: App, tmp_path: Path) -> None:
    enable(app, "pass-rate", percent=90, points=100, rows=20)
    evaluated(app, 60 * DAY)
    deliver(app, tmp_path, "close", 18, 2)
    evaluated(app)
    assert titles(app) == [], "at the limit"
    deliver(app, tmp_path, "below", 17, 3)
    evaluated(app)
    (alert,) = alerts(app)
    assert alert.text == "87.5% of 40 rows were accepted in the last 7 days."


def test_few_rows_raise_no_alert(app: App, tmp_path: Path) -> None:
    rule = enable(app, "pass-rate", rows=21)
    deliver(app, tmp_path, "few", 17, 3)
    evaluated(app)
    assert titles(app) == []
    assert replay_rule(sources(app), rule).days == ()


def test_a_rule_of_another_region_leaves_the_source_out(app: App, tmp_path: Path) -> None:
    enable(app, "pass-rate", rows=20)
    stored = rules.get_rule(app.ports, "pass-rate")
    rules.save_rule(
        app.ports, replace(stored.rule, limits={RuleLimit.REGIONS: ("IN",)}), by="boss", version=stored.version
    )
    deliver(app, tmp_path, "bad", 17, 3)
    evaluated(app)
    assert titles(app) == []
