"""What the conditions of figures observe in real sales: unusual days, goals, prices, returns and silent stores."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from alert_shop import LAST, add_file, alerts, enable, evaluated, line, open_shop, sources, titles
from alert_values import NOON

from tillstream.alerts.conditions.store_silent import open_minutes
from tillstream.alerts.preview import replay_rule
from tillstream.app import App
from tillstream.catalogue import entry_saving, warehouse_mirror
from tillstream.forecasting.forecast_run import FORECASTS_SCHEMA
from tillstream.goals import stored_goals as goals
from tillstream.goals.targets import Goal, GoalMeasure, GoalTarget
from tillstream.intake.store_sales import publish_unsigned_sale
from tillstream.model.dates import Month
from tillstream.model.messages import store_sale_schema
from tillstream.model.product_catalogue import DatedAmount, Entry, EntryKind, Product, Store, WeekdayHours
from tillstream.people.store_credentials import StoreToken
from tillstream.server.worker import Worker

LEEDS = Store(
    "UK", "LDS1", "Leeds", time_zone="Europe/London",
    opening_hours=tuple(WeekdayHours(day, "09:00-12:00,13:00-18:00") for day in ("Mon", "Tue", "Wed", "Thu", "Fri")),
)  # fmt: skip


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    opened = open_shop(tmp_path)
    yield opened
    opened.close()


def enter(app: App, kind: EntryKind, entry: Entry) -> None:
    entry_saving.save_entry(app.ports, kind, entry, if_version=0, by="boss", regions=app.contracts.regions())
    warehouse_mirror.sync_mirror(app.ports)


def forecast(app: App, *ranges: tuple[str, str | None, date, int, int]) -> None:
    """Ranges of (level, store, day, low, high), which were forecast the day before."""
    rows: list[dict[str, Any]] = [
        dict.fromkeys(FORECASTS_SCHEMA.names)
        | {"target": "revenue", "level": level, "region": "UK", "store_id": store, "currency": "GBP", "period": "day"}
        | {"first_day": day, "last_day": day, "mean": Decimal(low), "low": Decimal(low), "median": Decimal(low)}
        | {"high": Decimal(high), "scale": Decimal(1), "method": "model", "cutoff_date": day - timedelta(days=1)}
        | {"created_at": NOON}
        for level, store, day, low, high in ranges
    ]
    app.ports.warehouse.replace_table("forecasts", pa.Table.from_pylist(rows, FORECASTS_SCHEMA))


def send(app: App, number: int, sold_at: datetime) -> None:
    """A sale that a till of Leeds sent."""
    payload = store_sale_schema()["examples"][0] | {
        "store_id": "LDS1",
        "number": str(number),
        "sold_at": sold_at.isoformat(),
    }
    publish_unsigned_sale(app.ports, StoreToken("till", "UK", "LDS1"), payload)


def test_a_day_outside_of_its_range_is_unusual(app: App) -> None:
    rule = enable(app, "unusual-day", days=3)
    forecast(
        app, ("store", "LDS1", LAST, 1, 5), ("store", "MAN1", LAST, 1, 100_000), ("store", "LDS1", NOON.date(), 9, 9)
    )
    evaluated(app)
    (alert,) = alerts(app)
    assert alert.title == "15 June was unusual in store LDS1 in UK: revenue was above the forecast"
    assert "GBP; forecast was 1.00 to 5.00." in alert.text
    assert alert.members[0].path == "/dashboard?from=2026-06-15&to=2026-06-15&region=UK&store=LDS1"
    assert replay_rule(sources(app), rule).count == 1
    forecast(app, ("store", "LDS1", LAST, 1, 100_000))
    evaluated(app)
    assert alerts(app) == []


def test_stores_of_an_unusual_region_raise_no_alerts_of_their_own(app: App) -> None:
    enable(app, "unusual-day")
    forecast(
        app,
        ("store", "LDS1", LAST, 90_000, 95_000),
        ("region", None, LAST, 90_000, 99_000),
        ("store", "MAN1", LAST, 90_000, 95_000),
    )
    evaluated(app)
    assert titles(app) == ["15 June was unusual in region UK: revenue was below the forecast"]


def test_a_goal_is_behind_by_its_share_of_what_was_expected(app: App) -> None:
    enable(app, "goal-behind")
    june, uk, leeds = Month.from_day(LAST), GoalTarget("UK"), GoalTarget("UK", "LDS1")
    wanted = {
        one.key: one
        for one in (
            Goal(uk, GoalMeasure.REVENUE, Decimal(1_000_000), "GBP"),
            Goal(leeds, GoalMeasure.REVENUE, Decimal(1), "GBP"),
        )
    }
    goals.save_goals(app.ports, {june: wanted}, by="boss", source="grid")
    evaluated(app)
    (alert,) = alerts(app)
    assert alert.title == "Region UK is 99% behind its goal of June"
    assert alert.members[0].path == "/goals?month=2026-06"
    goals.save_goals(app.ports, {june: dict.fromkeys(wanted)}, by="boss", source="grid")
    evaluated(app)
    assert alerts(app) == []


def test_a_price_far_from_the_list_names_product_and_sale(app: App, tmp_path: Path) -> None:
    rule = enable(app, "price-off-list")
    enter(app, EntryKind.PRODUCT, Product("TO-1", "Kite", prices=(DatedAmount("UK", "GBP", Decimal(10)),)))
    evaluated(app)
    assert titles(app) == []
    add_file(app, tmp_path, "UK-cheap.csv", [line("CHEAP", price=6), line("CLOSE", price=9)])
    evaluated(app)
    (alert,) = alerts(app)
    assert alert.title == "Kite was sold 40% below its list price in store LDS1 in UK on 15 June"
    assert alert.text == "Sold for 6.00 GBP; the list price is 10.00 GBP. Sale CHEAP."
    assert replay_rule(sources(app), rule).days[0].alerts == (alert.title,)


def test_a_high_share_of_returns(app: App, tmp_path: Path) -> None:
    rule = enable(app, "return-rate", percent=20)
    evaluated(app)
    assert titles(app) == []
    add_file(app, tmp_path, "UK-returns.csv", [line(f"CN{number}", units="-1") for number in range(40)])
    evaluated(app)
    (alert,) = alerts(app)
    assert alert.title == "Customers return much in store LDS1 in UK"
    assert "% of the revenue of the last 7 days was returned." in alert.text
    assert [one.day for one in replay_rule(sources(app), rule).days] == [LAST], "not again on each day after it"
    enable(app, "return-rate", percent=100)
    evaluated(app)
    assert titles(app) == []


def test_a_store_is_silent_in_its_opening_hours(app: App) -> None:
    enable(app, "store-silent", minutes=60)
    enter(app, EntryKind.STORE, LEEDS)
    for number in range(3):
        send(app, number, NOON - timedelta(days=number, hours=3))
    Worker(app).run_until_idle()
    evaluated(app)
    (alert,) = alerts(app)
    assert alert.title == "No sales have come from Leeds (LDS1, UK)"
    assert alert.text == "The last sale was on 16 June at 10:00 BST."
    send(app, 9, NOON - timedelta(minutes=1))
    Worker(app).run_until_idle()
    evaluated(app)
    assert titles(app) == []


def test_a_store_that_sells_by_files_is_not_silent(app: App) -> None:
    enable(app, "store-silent", minutes=15)
    enter(app, EntryKind.STORE, LEEDS)
    evaluated(app)
    assert titles(app) == []


@pytest.mark.parametrize(
    ("now", "minutes"),
    [
        ("2026-06-16T08:59", None),
        ("2026-06-16T09:00", 0),
        ("2026-06-16T11:30", 60),
        ("2026-06-16T12:30", 90),
        ("2026-06-16T14:00", 150),
        ("2026-06-16T18:00", None),
        ("2026-06-20T12:00", None),
    ],
)
def test_only_opening_hours_count(now: str, minutes: int | None) -> None:
    last_sold = datetime.fromisoformat("2026-06-16T10:30+01:00")
    assert open_minutes(LEEDS, last_sold, datetime.fromisoformat(f"{now}+01:00")) == minutes
