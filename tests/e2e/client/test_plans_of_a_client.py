"""The Python client: forecasts, stock and goals are the same from a home, through its server, and from a portal."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from app_factory import build
from shop_of_client import ClientShop, fill, open_shop

import tillstream
from tillstream.app import App
from tillstream.forecasting.forecast_run import FORECASTS_SCHEMA
from tillstream.goals import stored_goals as goal_records
from tillstream.goals.targets import Goal, GoalMeasure, GoalTarget
from tillstream.model.dates import Month
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.settings import Settings
from tillstream.stock import movement_messages, stored_levels, stored_movements

pytestmark = pytest.mark.system
MONTH, FIRST = Month(date(2011, 1, 1)), date(2011, 1, 10)
MOVEMENTS = b"""{"movements": [{"movement_id": "count", "kind": "count", "region": "UK", "store_id": "ONLINE",
"stock_date": "2011-01-02",
"lines": [{"product_id": "P1", "quantity": "12"}, {"product_id": "P2", "quantity": "0"}]}]}"""


def plan(app: App) -> None:
    """Forecasts of two days, a count of two products, and goals of two regions."""
    rows: list[dict[str, Any]] = [
        dict.fromkeys(FORECASTS_SCHEMA.names)
        | {
            "target": "revenue",
            "level": level,
            "region": region,
            "currency": "GBP",
            "period": "day",
            "mean": Decimal(7),
        }
        | {"first_day": FIRST + timedelta(days=step), "last_day": FIRST + timedelta(days=step), "low": Decimal(5)}
        | {"mean": Decimal(7), "median": Decimal(7), "high": Decimal(9), "scale": Decimal(1), "method": "model"}
        | {"cutoff_date": FIRST - timedelta(days=1), "created_at": datetime(2011, 1, 10, tzinfo=UTC)}
        for level, region in (("total", None), ("region", "UK"), ("region", "IN"))
        for step in range(2)
    ]
    app.ports.warehouse.replace_table("forecasts", pa.Table.from_pylist(rows, FORECASTS_SCHEMA))
    stored_movements.record_movements(
        app.ports, movement_messages.parse_movements(MOVEMENTS, app.ports.clock.now().date()), by="ada"
    )
    stored_levels.refresh_levels(app.ports)
    goals = [
        Goal(GoalTarget(region), GoalMeasure.UNITS, Decimal(amount)) for region, amount in (("UK", 100), ("IN", 36))
    ]
    goal_records.save_goals(app.ports, {MONTH: {one.key: one for one in goals}}, by="ada", source="grid")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClientShop]:
    with open_shop(tmp_path_factory.mktemp("plans") / "home") as shop:
        plan(shop.app)
        yield shop


@pytest.fixture(scope="module")
def closed_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home without a server."""
    home = tmp_path_factory.mktemp("closed") / "home"
    app = build(Settings(home=home, threads=1, samples=False))
    fill(app)
    plan(app)
    accounts.add_account(app.ports, "uma", "Uma", Role.MANAGER, regions=("UK",))
    app.close()
    return home


def connect(where: str, shop: ClientShop, home: Path, login: str = "") -> tillstream.Client:
    match where:
        case "home":
            return tillstream.connect(home=home, user=login or None)
        case "server":
            return tillstream.connect(home=shop.home, user=login or None)
    return tillstream.connect(url=shop.url, token=shop.tokens[login or "ada"])


PLACES = ("home", "server", "portal")


@pytest.fixture(params=PLACES)
def client(request: pytest.FixtureRequest, shop: ClientShop, closed_home: Path) -> tillstream.Client:
    return connect(request.param, shop, closed_home)


def test_forecasts_are_of_a_level_and_its_days(client: tillstream.Client) -> None:
    total = client.forecasts()
    assert isinstance(total, pd.DataFrame)
    assert total["first_day"].tolist() == [FIRST, FIRST + timedelta(days=1)]
    assert total["mean"].dtype == pd.ArrowDtype(pa.decimal128(38, 9))
    regions = client.forecasts("region", region="UK", as_="polars")
    assert isinstance(regions, pl.DataFrame)
    assert regions["region"].unique().to_list() == ["UK"]
    assert client.forecasts("store", as_="arrow").num_rows == 0
    with pytest.raises(Rejected, match="level"):
        client.forecasts("planet")


def test_stock_is_now_or_of_a_day(client: tillstream.Client) -> None:
    now = client.stock(region="UK", text="P1")
    assert now["product"].tolist() == ["P1"]
    assert now["on_order"].tolist() == [Decimal(0)]
    assert now["on_hand"].dtype == pd.ArrowDtype(pa.decimal128(38, 9))
    counted = client.stock(date(2011, 1, 2), region="UK", status="out")
    assert counted["product"].tolist() == ["P2"]
    assert client.stock("2011-01-01", status="out", as_="arrow").num_rows == 0
    with pytest.raises(Rejected, match="not a day or a time"):
        client.stock("yesterday")


def test_goals_have_what_is_sold(client: tillstream.Client) -> None:
    regions = client.goals("2011-01", level="region", measure="units")
    assert dict(zip(regions["region"], regions["goal"], strict=True)) == {"IN": Decimal(36), "UK": Decimal(100)}
    sold = dict(zip(regions["region"], zip(regions["sold"], regions["sold_since"], strict=True), strict=True))
    assert sum(sold["IN"]) == Decimal(18)  # its last days are not complete
    assert regions["goal"].dtype == pd.ArrowDtype(pa.decimal128(38, 9))
    (one,) = client.goals(date(2011, 1, 9), measure="units", region="IN", as_="arrow").to_pylist()
    assert (one["region"], one["level"], one["origin"]) == ("IN", "region", "entered")
    assert client.goals("2011-01", measure="margin", as_="arrow").column_names[-1] == "cost_coverage"
    for wrong in ({"level": "planet"}, {"measure": "joy"}, {"month": "soon"}, {"colour": "red"}, {"store": "1"}):
        with pytest.raises(Rejected):
            client.goals(**wrong)  # type: ignore[call-overload]


def test_all_places_return_the_same_tables(shop: ClientShop, closed_home: Path) -> None:
    clients = [connect(where, shop, closed_home) for where in PLACES]
    for read in (
        lambda one: one.forecasts("region", as_="arrow"),
        lambda one: one.stock(region="UK", as_="arrow"),
        lambda one: one.stock("2011-01-05", as_="arrow"),
        lambda one: one.goals("2011-01", level="region", measure="units", as_="arrow"),
    ):
        tables = [read(one) for one in clients]
        assert tables[0].num_rows
        assert tables[1] == tables[0] == tables[2]


@pytest.mark.parametrize("where", PLACES)
def test_a_manager_reads_only_the_own_region(shop: ClientShop, closed_home: Path, where: str) -> None:
    client = connect(where, shop, closed_home, "uma")
    assert set(client.forecasts("region")["region"]) == {"UK"}
    assert client.forecasts().empty
    assert set(client.stock()["region"]) == {"UK"}
    assert client.goals("2011-01", measure="units")["region"].tolist() == ["UK"]
    assert client.goals("2011-01", measure="units", region="IN").empty
    with pytest.raises((NotFound, Rejected)):
        client.stock(region="IN")
