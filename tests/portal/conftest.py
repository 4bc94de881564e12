"""The portal over a real application in a folder of its own; tests run its worker with the fixture `work`."""

import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from app_factory import Setup, build, build_after, create_app
from flask import Flask
from shop_steps import Shop
from visitor import PASSWORD, Visitor

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.domain.people import Role
from tillstream.people import accounts
from tillstream.server.worker import Worker
from tillstream.settings import Settings

BOSS = "admin-all"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 7, 1, 9, 0, tzinfo=UTC))


@pytest.fixture
def app(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> Iterator[App]:
    settings = Settings(home=tmp_path / "home", samples=False, threads=1, reporting_currency="INR")
    sell = getattr(request.module, "sell", None) if "sold" in request.fixturenames else None
    app = build_after(_setup_with_sales(sell), settings, clock) if sell else build(settings, clock)
    yield app
    app.close()


@cache
def _setup_with_sales(sell: Callable[[Visitor, Callable[[], None]], None]) -> Setup:
    def setup(app: App, clock: ManualClock) -> None:
        accounts.add(app.ports, BOSS, BOSS, Role.ADMIN, password=PASSWORD)
        admin = Visitor(create_app(app).test_client())
        admin.sign_in(BOSS)
        sell(admin, Worker(app).run_until_idle)

    return setup


@pytest.fixture
def sold(portal: Flask) -> Visitor:
    """An administrator, after `sell` of the test's module has loaded its sales; each test has its own copy."""
    visitor = Visitor(portal.test_client())
    assert visitor.sign_in(BOSS).status_code == 303
    return visitor


@pytest.fixture
def portal(app: App) -> Flask:
    flask = create_app(app)
    flask.testing = True
    return flask


@pytest.fixture
def anonymous(portal: Flask) -> Visitor:
    return Visitor(portal.test_client())


@pytest.fixture
def person(portal: Flask, app: App) -> Callable[..., Visitor]:
    """Sign in a new user with a role and regions."""

    def make(role: Role = Role.ADMIN, *regions: str, login: str = "", salesperson: str | None = None) -> Visitor:
        login = login or f"{role.value}-{'-'.join(regions).lower() or 'all'}"
        scope = regions or (("IN",) if role not in {Role.ADMIN, Role.ANALYST} else ())
        salesperson = salesperson or ("S1" if role is Role.SALESPERSON else None)
        accounts.add(app.ports, login, login, role, regions=scope, salesperson=salesperson, password=PASSWORD)
        visitor = Visitor(portal.test_client())
        assert visitor.sign_in(login).status_code == 303
        return visitor

    return make


@pytest.fixture
def work(app: App) -> Callable[[], None]:
    """Handle all events in the queues."""
    return Worker(app).run_until_idle


@pytest.fixture(scope="session")
def models(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, Visitor]]:
    """An app with the sample of scale-model orders, uploaded once for all tests, and an administrator."""
    settings = Settings(home=tmp_path_factory.mktemp("models"), samples=False, threads=1, reporting_currency="USD")
    app = build(settings, ManualClock(datetime(2026, 7, 1, 9, 0, tzinfo=UTC)))
    accounts.add(app.ports, "boss", "boss", Role.ADMIN, password=PASSWORD)
    visitor = Visitor(create_app(app).test_client())
    visitor.sign_in("boss")
    content = (shared_data / "classic-models" / "sales_data_sample.csv").read_bytes()
    visitor.upload(gzip.compress(content), name="sales_data_sample.csv.gz", contract="classic-models")
    Worker(app).run_until_idle()
    yield app, visitor
    app.close()


@pytest.fixture
def shop(app: App, portal: Flask, person: Callable[..., Visitor], work: Callable[[], None]) -> Shop:
    return Shop(app, portal, person, work)
