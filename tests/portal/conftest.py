"""The portal over a real application in a folder of its own; tests run its worker with the fixture `work`."""

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from app_factory import Setup, build, build_after
from flask import Flask
from portal_factory import create_app
from shop_steps import Shop
from visitor import PASSWORD, Visitor

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.server.worker import Worker
from tillstream.settings import Settings

NOW = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
Sell = Callable[[Visitor, Callable[[], None]], None]
"""Loads the sales of a module, as the person who is given, with the function `work`."""


@dataclass(frozen=True)
class SoldHome:
    """A home after the sales of a module, which its tests share; `people`: who is signed in, by login and scope."""

    app: App
    clock: ManualClock
    portal: Flask
    people: dict[tuple[Any, ...], Visitor] = field(default_factory=dict)


@pytest.fixture(scope="module")
def sold_home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoldHome]:
    clock = ManualClock(NOW)
    app = _app(tmp_path_factory.mktemp("sold") / "home", clock, request.module)
    yield SoldHome(app, clock, create_app(app, testing=True))
    app.close()


@pytest.fixture
def shared(request: pytest.FixtureRequest) -> SoldHome | None:
    """The home that the tests with the fixture `sold` share if `SHARED` of their module is true; the tests that change
    it are marked `own_home`."""
    is_shared = "sold" in request.fixturenames and getattr(request.module, "SHARED", False)
    if not is_shared or request.node.get_closest_marker("own_home"):
        return None
    home: SoldHome = request.getfixturevalue("sold_home")
    return home


@pytest.fixture
def clock(shared: SoldHome | None) -> ManualClock:
    return shared.clock if shared else ManualClock(NOW)


@pytest.fixture
def app(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock, shared: SoldHome | None) -> Iterator[App]:
    if shared:
        yield shared.app
        return
    app = _app(tmp_path / "home", clock, request.module if "sold" in request.fixturenames else None)
    yield app
    app.close()


def _app(home: Path, clock: ManualClock, module: ModuleType | None) -> App:
    """An app in a new home, after the sales of a module if one is given."""
    settings = Settings(home=home, samples=False, threads=1, reporting_currency="INR")
    if module is None:
        return build(settings, clock)
    return build_after(_setup_with_sales(module.sell, _seller(module)), settings, clock)


def _seller(module: ModuleType) -> Role:
    role: Role = getattr(module, "SELLER", Role.ADMIN)
    return role


def _bounds(role: Role) -> tuple[str, ...]:
    """The regions of a person with this role, if a test names none."""
    return ("IN",) if role not in {Role.ADMIN, Role.ANALYST} else ()


def _login(role: Role, regions: tuple[str, ...], stores: tuple[str, ...] = ()) -> str:
    return "-".join((role.value, *(regions or ("all",)), *stores)).lower()


@cache
def _setup_with_sales(sell: Sell, role: Role) -> Setup:
    def setup(app: App, clock: ManualClock) -> None:
        login = _login(role, _bounds(role))
        accounts.add_account(app.ports, login, login, role, regions=_bounds(role), password=PASSWORD)
        visitor = Visitor(create_app(app).test_client())
        visitor.sign_in(login)
        sell(visitor, Worker(app).run_until_idle)

    return setup


@pytest.fixture
def sold(request: pytest.FixtureRequest, portal: Flask, shared: SoldHome | None) -> Visitor:
    """The person who loaded the sales with `sell` of the test's module: an administrator, or one of region IN with the
    role `SELLER` of the module. Each test has its own copy of the home, unless the module has `SHARED`."""
    role = _seller(request.module)
    login = _login(role, _bounds(role))
    if shared and (login,) in shared.people:
        return shared.people[login,]
    visitor = Visitor(portal.test_client())
    assert visitor.sign_in(login).status_code == 303
    if shared:
        shared.people[login,] = visitor
    return visitor


@pytest.fixture
def portal(app: App, shared: SoldHome | None) -> Flask:
    return shared.portal if shared else create_app(app, testing=True)


@pytest.fixture
def anonymous(portal: Flask) -> Visitor:
    return Visitor(portal.test_client())


@pytest.fixture
def person(portal: Flask, app: App, shared: SoldHome | None) -> Callable[..., Visitor]:
    """Sign in a new user with a role, regions and stores."""

    def make(
        role: Role = Role.ADMIN,
        *regions: str,
        login: str = "",
        salesperson: str | None = None,
        stores: tuple[str, ...] = (),
    ) -> Visitor:
        login = login or _login(role, regions, stores)
        scope = regions or _bounds(role)
        salesperson = salesperson or ("S1" if role is Role.SALESPERSON else None)
        account = (login, role, scope, salesperson, stores)
        if shared and account in shared.people:
            return shared.people[account]
        bounds: dict[str, Any] = {"regions": scope, "stores": stores, "salesperson": salesperson}
        accounts.add_account(app.ports, login, login, role, **bounds, password=PASSWORD)
        visitor = Visitor(portal.test_client())
        assert visitor.sign_in(login).status_code == 303
        if shared:
            shared.people[account] = visitor
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
    accounts.add_account(app.ports, "boss", "boss", Role.ADMIN, password=PASSWORD)
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
