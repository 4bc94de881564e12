"""Apps and portals for tests, in homes copied from a prepared one, because creating a home takes long."""

import atexit
import json
import shutil
import tempfile
from collections.abc import Callable, Hashable
from copy import copy
from dataclasses import replace
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from types import CodeType
from typing import Any, ClassVar

import duckdb
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Map, Rule, RuleFactory
from werkzeug.routing.matcher import StateMachineMatcher
from werkzeug.test import TestResponse

import portal
from portal.health import ready
from portal.health.last_check import LastCheck
from tillstream import app
from tillstream.adapters.local.clock import ManualClock
from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.adapters.local.files import command_calls
from tillstream.app import App
from tillstream.app.local import WAREHOUSE
from tillstream.commands.client import CALL
from tillstream.domain.password_cost import PasswordCost
from tillstream.people import passwords
from tillstream.ports import Clock
from tillstream.settings import Settings

CHEAP = PasswordCost(passes=1, memory_kib=8)


def copy_template(settings: Settings, clock: Clock | None = None) -> None:
    """Copy the result of `build` in an empty home into this one, unless it has data."""
    if settings.project or any((settings.home / name).exists() for name in (WAREHOUSE, "documents.sqlite")):
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
    DuckDBWarehouse(folder / WAREHOUSE).close()
    _settled(folder)
    return folder / WAREHOUSE


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
    with duckdb.connect(str(folder / WAREHOUSE)) as warehouse:
        warehouse.execute("checkpoint")


@cache
def _template(currency: str, now: datetime | None) -> Path:
    folder = _folder()
    settings = Settings(home=folder, project="", samples=False, threads=1, reporting_currency=currency)
    app.build(settings, ManualClock(now) if now else None).close()
    _settled(folder)
    return folder


class OnceCompiled(BytecodeCache):
    """The templates of pages, compiled once for all apps of this process."""

    def __init__(self) -> None:
        self._bytecode: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._bytecode.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._bytecode[bucket.key, bucket.checksum] = bucket.code


COMPILED = OnceCompiled()


class Routes(Map):
    """The routes of an app. Those of apps with the same rules are compiled once in this process: compiling them is most
    of the time of building an app."""

    _compiled: ClassVar[dict[Hashable, tuple[StateMachineMatcher, dict[Any, list[Rule]]]]] = {}

    def __init__(self, *args: Any, **options: Any) -> None:
        self._added: list[Rule] = []
        super().__init__(*args, **options)

    def add(self, rulefactory: RuleFactory) -> None:
        self._added += rulefactory.get_rules(self)
        self._remap = True

    def update(self) -> None:
        if not self._remap:
            return
        options = self.host_matching, self.strict_slashes, self.merge_slashes, tuple(self.converters.items())
        rules = (options, *map(_words_of, self._added))
        if rules not in self._compiled:
            whole = Map(host_matching=self.host_matching, strict_slashes=self.strict_slashes)
            whole.merge_slashes, whole.converters = self.merge_slashes, self.converters
            for rule in self._added:
                whole.add(copy(rule))  # a rule can be in one map only
            whole.update()
            self._compiled[rules] = whole._matcher, whole._rules_by_endpoint
        with self._remap_lock:
            self._matcher, self._rules_by_endpoint = self._compiled[rules]
            self._remap = False


def _words_of(rule: Rule) -> Hashable:
    """All that distinguishes a rule that is in no map."""
    methods, automatic = rule.methods and frozenset(rule.methods), getattr(rule, "provide_automatic_options", None)
    place = rule.rule, rule.endpoint, rule.subdomain, rule.host, methods, automatic, repr(rule.defaults)
    slashes, kind = (rule.strict_slashes, rule.merge_slashes), (rule.build_only, rule.alias, rule.websocket)
    return place, slashes, kind, rule.redirect_to


Flask.url_map_class = Routes
passwords._guesses_log10 = cache(passwords._guesses_log10)
"""The estimate for one password and name takes long, and the people of tests have the same ones."""


def create_app(app: App, *, testing: bool = False) -> Flask:
    """The product's portal, its templates compiled once."""
    flask = portal.create_app(app)
    flask.testing = testing
    flask.jinja_env.bytecode_cache = COMPILED
    return flask


def headers_of_call(app: App, token: str, name: str, arguments: object) -> dict[str, str]:
    """Make the call of a command in the home of the app; returns the headers that its request needs."""
    (app.settings.home / command_calls.CALLS).mkdir(exist_ok=True)
    number = command_calls.make_call(app.settings.home, token, name, body_of(arguments))
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json", CALL: number}


def body_of(arguments: object) -> bytes:
    """The body of the request."""
    return json.dumps(arguments).encode()


def readiness(portal: Flask) -> TestResponse:
    """The answer of the readiness check after a new check, as if the last one were long ago."""
    portal.extensions[ready.LAST] = LastCheck(ready.check_parts, ready.count_losses)
    return portal.test_client().get("/healthz/ready")
