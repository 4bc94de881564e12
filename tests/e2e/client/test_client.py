"""The Python client: the same frames from a home, through its server, and from a portal, within a user's access."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from app_factory import build
from portal_factory import create_app
from shop_of_client import IN_ROWS, UK_ROWS, ClientShop, fill, open_shop, served

import tillstream
from tillstream.client import portal as portal_source
from tillstream.model.errors import NotFound, Rejected, Unavailable
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.settings import Settings

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClientShop]:
    with open_shop(tmp_path_factory.mktemp("client") / "home") as shop:
        yield shop


@pytest.fixture(scope="module")
def closed_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home without a server."""
    home = tmp_path_factory.mktemp("closed") / "home"
    app = build(Settings(home=home, threads=1, samples=False))
    fill(app)
    accounts.add_account(app.ports, "uma", "Uma", Role.MANAGER, regions=("UK",))
    app.close()
    return home


@pytest.fixture(params=["home", "beside a server", "portal"])
def client(request: pytest.FixtureRequest, shop: ClientShop, closed_home: Path) -> tillstream.Client:
    match request.param:
        case "home":
            return tillstream.connect(home=closed_home)
        case "beside a server":
            return tillstream.connect(home=shop.home)
    return tillstream.connect(url=shop.url, token=shop.tokens["ada"])


def test_a_query_is_a_frame_with_exact_types(client: tillstream.Client) -> None:
    frame = client.query("kpis", region="UK")
    assert isinstance(frame, pd.DataFrame)
    assert frame["lines"].tolist() == [len(UK_ROWS)]
    assert frame["revenue"].dtype == pd.ArrowDtype(pa.decimal128(38, 9))
    assert frame["first_sale_date"].tolist() == [date(2010, 12, 1)]
    assert client.query("kpis", from_=date(2011, 1, 1), to="2011-12-31")["lines"].tolist() == [len(IN_ROWS)]


def test_measures_are_grouped_by_dimensions(client: tillstream.Client) -> None:
    frame = client.measures(["lines", "units"], by=["region", "month"])
    assert frame[["region", "month", "lines"]].to_numpy().tolist() == [
        ["IN", date(2011, 1, 1), len(IN_ROWS)],
        ["UK", date(2010, 12, 1), len(UK_ROWS)],
    ]
    assert frame["units"].tolist()[0] == Decimal(18)
    assert client.measures("lines", region=["IN", "UK"])["lines"].tolist() == [len(IN_ROWS) + len(UK_ROWS)]


def test_sale_lines_have_all_columns_and_types_also_if_there_are_none(client: tillstream.Client) -> None:
    lines = client.sales(region="UK")
    assert len(lines) == len(UK_ROWS)
    assert lines["sale_date"].is_monotonic_decreasing
    assert {"sale_id", "net_amount", "customer_id", "extra", "reporting_amount"} <= set(lines.columns)
    none = client.sales(from_="2010-12-24", to="2010-12-26")
    assert len(none) == 0
    assert none["net_amount"].dtype == lines["net_amount"].dtype
    assert list(none.columns) == list(lines.columns)


def test_frames_of_polars_and_tables_of_arrow_have_the_same_rows(client: tillstream.Client) -> None:
    frame = client.query("sales-by-product", as_="polars", limit=4)
    assert isinstance(frame, pl.DataFrame)
    assert frame.height == 4
    table = client.measures("lines", by="product", as_="arrow")
    assert isinstance(table, pa.Table)
    assert sum(table.column("lines").to_pylist()) == len(IN_ROWS) + len(UK_ROWS)
    with pytest.raises(Rejected, match="pandas, polars or arrow"):
        client.query("kpis", as_="excel")  # type: ignore[call-overload]


def test_definitions_and_queries_are_listed(client: tillstream.Client) -> None:
    assert "revenue" in client.definitions()["name"].tolist()
    assert "rfm-segments" in client.queries()["name"].tolist()


def test_errors_name_what_to_do(client: tillstream.Client) -> None:
    with pytest.raises(NotFound, match="Did you mean kpis"):
        client.query("kpi")
    with pytest.raises(NotFound, match="revenue"):
        client.measures("revenu")
    with pytest.raises(Rejected, match="regio"):
        client.query("kpis", regio="UK")
    with pytest.raises(Rejected, match="cannot be grouped"):
        client.measures("revenue_growth", by="month", from_="2010-12-01", to="2010-12-31")
    with pytest.raises(Rejected, match="limit"):
        client.query("kpis", limit=0)
    with pytest.raises(Rejected, match="region is a dict"):
        client.query("kpis", region={})  # type: ignore[arg-type]


def test_a_list_is_read_page_by_page(shop: ClientShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portal_source, "PAGE", 6)
    client = tillstream.connect(url=shop.url, token=shop.tokens["ada"])
    assert client.sales()["sale_id"].nunique() == len(IN_ROWS) + len(UK_ROWS)
    assert len(client.query("sales-by-product")) == 7
    assert len(client.query("sales-by-product", limit=3)) == 3
    assert len(client.measures("lines", by=["day", "region"])) == 18


def test_a_user_reads_only_within_the_own_access(shop: ClientShop, closed_home: Path) -> None:
    clients = [
        tillstream.connect(url=shop.url, token=shop.tokens["uma"]),
        tillstream.connect(home=shop.home, user="uma"),
        tillstream.connect(home=closed_home, user="uma"),
    ]
    for client in clients:
        assert client.query("kpis")["lines"].tolist() == [len(UK_ROWS)]
        assert client.measures("lines", by="region")["region"].tolist() == ["UK"]
        assert set(client.sales()["region"]) == {"UK"}
        assert "margin" in client.definitions()["name"].tolist()


@pytest.mark.parametrize("where", ["portal", "home"])
def test_an_analyst_gets_no_personal_data(shop: ClientShop, where: str) -> None:
    by_token = {"url": shop.url, "token": shop.tokens["ana"]}
    client = tillstream.connect(**(by_token if where == "portal" else {"home": shop.home, "user": "ana"}))  # type: ignore[arg-type]
    assert not {"customer_id", "customer_name", "salesperson_id", "extra"} & set(client.sales().columns)
    with pytest.raises(Rejected, match="personal"):
        client.measures("revenue", by="customer")
    with pytest.raises(Rejected):
        client.query("top-customers")


def test_an_unknown_or_stopped_account_reads_nothing(shop: ClientShop) -> None:
    with pytest.raises(NotFound):
        tillstream.connect(home=shop.home, user="nobody").query("kpis")
    with pytest.raises(Rejected):
        tillstream.connect(url=shop.url, token="wrong").query("kpis")


def test_contradictory_arguments_are_refused(tmp_path: Path) -> None:
    for arguments in ({"token": "x"}, {"url": "http://x"}, {"url": "http://x", "token": "x", "home": tmp_path}):
        with pytest.raises(Rejected):
            tillstream.connect(**arguments)  # type: ignore[arg-type]
    with pytest.raises(NotFound, match="no home"):
        tillstream.connect(home=tmp_path / "nothing")


def test_a_home_is_read_by_several_clients_at_once_and_stays_as_it_was(closed_home: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in closed_home.rglob("*.duckdb")}
    client = tillstream.connect(home=closed_home)
    with ThreadPoolExecutor(4) as threads:
        frames = list(threads.map(lambda _: client.query("kpis"), range(6)))
    assert {frame["lines"].iloc[0] for frame in frames} == {len(IN_ROWS) + len(UK_ROWS)}
    assert before == {path: path.stat().st_mtime_ns for path in closed_home.rglob("*.duckdb")}


class _Failing:
    """Answers some requests with an error, the others by the portal."""

    def __init__(self, portal: Any, *statuses: str) -> None:
        self._portal, self._statuses = portal, list(statuses)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        if self._statuses:
            start_response(self._statuses.pop(0), [("Retry-After", "0"), ("Location", "http://elsewhere.example/")])
            return [b""]
        return self._portal(environ, start_response)


def test_a_read_that_fails_is_repeated(shop: ClientShop, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(portal_source.time, "sleep", waits.append)
    portal = _Failing(_portal_of(shop), "503 Unavailable", "429 Too Many Requests")
    with served(portal) as url:
        client = tillstream.connect(url=url, token=shop.tokens["ada"])
        assert client.query("kpis")["lines"].tolist() == [len(IN_ROWS) + len(UK_ROWS)]
    assert waits == [0.5, 1.0]


def test_a_server_that_keeps_failing_is_unavailable(shop: ClientShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portal_source.time, "sleep", lambda _: None)
    with served(_Failing(None, *["503 Unavailable"] * portal_source.TRIES)) as url, pytest.raises(Unavailable):
        tillstream.connect(url=url, token="x").query("kpis")
    with pytest.raises(Unavailable, match="cannot be reached"):
        tillstream.connect(url=url, token="x", timeout=1).query("kpis")


def test_a_token_is_not_sent_to_another_host(shop: ClientShop) -> None:
    with served(_Failing(None, "302 Found")) as url, pytest.raises(Rejected, match="elsewhere"):
        tillstream.connect(url=url, token="x").query("kpis")


def _portal_of(shop: ClientShop) -> Any:

    return create_app(shop.app, testing=True)
