"""Apps for tests, in homes copied from a prepared one, because creating a home takes long."""

import atexit
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cache, partial
from pathlib import Path

import duckdb

from tillstream import app
from tillstream.adapters.local.clock import ManualClock
from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.adapters.local.files import home_folder
from tillstream.app import App
from tillstream.app.local import WAREHOUSE_FILE
from tillstream.commands.client import CALL
from tillstream.model.people import PasswordCost
from tillstream.people import passwords
from tillstream.ports import Clock
from tillstream.settings import Settings

CHEAP = PasswordCost(passes=1, memory_kib=8)


def copy_template(settings: Settings, clock: Clock | None = None) -> None:
    """Copy the result of `build` in an empty home into this one, unless it has data."""
    if settings.project or any((settings.home / name).exists() for name in (WAREHOUSE_FILE, "documents.sqlite")):
        return
    now = clock.now() if isinstance(clock, ManualClock) else None
    shutil.copytree(_template(settings.reporting_currency, now), settings.home, dirs_exist_ok=True)


def build(settings: Settings, clock: Clock | None = None, *, rates: bool = True) -> App:
    """The product's `build`, in a copy of a prepared home; passwords are cheap to hash."""
    copy_template(settings, clock)
    built = with_copied_warehouses(app.build(settings, clock, rates=rates))
    return replace(built, ports=replace(built.ports, password_cost=CHEAP))


class CopiedWarehouse(DuckDBWarehouse):
    """An empty warehouse, copied from a prepared one: to create its views takes longer than a small settlement."""

    def __init__(self, settings: Settings) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="tillstream-empty-"))
        path = Path(shutil.copy(_empty_warehouse(), self._folder))
        super().__init__(path, memory_limit=settings.memory_limit, threads=settings.threads, spill=self._folder)

    def close(self) -> None:
        super().close()
        shutil.rmtree(self._folder, ignore_errors=True)


@cache
def _empty_warehouse() -> Path:
    folder = _folder()
    DuckDBWarehouse(folder / WAREHOUSE_FILE).close()
    _settled(folder)
    return folder / WAREHOUSE_FILE


def with_copied_warehouses(built: App) -> App:
    """The app, which rebuilds ledgers in copies of an empty warehouse on a laptop."""
    if built.settings.project:
        return built
    return replace(built, fresh_warehouse=partial(CopiedWarehouse, built.settings))


Setup = Callable[[App, ManualClock], None]
"""A function that prepares a home before it is copied."""


def build_after(setup: Setup, settings: Settings, clock: ManualClock) -> App:
    """`build` in a home after `setup`; it runs once, and each test gets its own copy."""
    folder, later = _prepared_home(setup, settings.reporting_currency, clock.now())
    shutil.copytree(folder, settings.home, dirs_exist_ok=True)
    clock.advance((later - clock.now()).total_seconds())
    return build(settings, clock)


@cache
def _prepared_home(setup: Setup, currency: str, now: datetime) -> tuple[Path, datetime]:
    folder, clock = _folder(), ManualClock(now)
    settings = Settings(home=folder, project="", samples=False, threads=1, reporting_currency=currency)
    built = build(settings, clock)
    setup(built, clock)
    built.close()
    _settled(folder)
    clock.advance(0.01)  # ids contain the time, so no id is used twice
    return folder, clock.now()


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="tillstream-home-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _settled(folder: Path) -> None:
    """Write a checkpoint, so that copies need not replay the write-ahead log."""
    with duckdb.connect(str(folder / WAREHOUSE_FILE)) as warehouse:
        warehouse.execute("checkpoint")


@cache
def _template(currency: str, now: datetime | None) -> Path:
    folder = _folder()
    settings = Settings(home=folder, project="", samples=False, threads=1, reporting_currency=currency)
    app.build(settings, ManualClock(now) if now else None).close()
    _settled(folder)
    return folder


passwords._guesses_log10 = cache(passwords._guesses_log10)
"""The estimate for one password and name takes long, and the people of tests have the same ones."""


def headers_of_call(app: App, token: str, name: str, arguments: object) -> dict[str, str]:
    """Make the call of a command in the home of the app; returns the headers that its request needs."""
    (app.settings.home / home_folder.CALLS_FOLDER).mkdir(exist_ok=True)
    number = home_folder.make_call(app.settings.home, token, name, body_of(arguments))
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json", CALL: number}


def body_of(arguments: object) -> bytes:
    """The body of the request."""
    return json.dumps(arguments).encode()
