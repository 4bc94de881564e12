"""Homes that are copied from one built before, as most of a new home is the same in each test."""

import atexit
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

import duckdb
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

import portal
from tillstream import app
from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.app.local import WAREHOUSE
from tillstream.domain.password_cost import PasswordCost
from tillstream.ports import Clock
from tillstream.settings import Settings

CHEAP = PasswordCost(passes=1, memory_kib=8)


def furnished(settings: Settings, clock: Clock | None = None) -> None:
    """Put what `build` makes of an empty home into this one, unless something is there."""
    if settings.project or (settings.home / WAREHOUSE).exists():
        return
    given = clock.now() if isinstance(clock, ManualClock) else None
    shutil.copytree(_template(settings.reporting_currency, given), settings.home, dirs_exist_ok=True)


def build(settings: Settings, clock: Clock | None = None) -> App:
    """The product's `build`, in a home that is furnished already; passwords are cheap to hash."""
    furnished(settings, clock)
    made = app.build(settings, clock)
    return replace(made, ports=replace(made.ports, password_cost=CHEAP))


Deed = Callable[[App, ManualClock], None]
"""What is done in a home before it is copied."""


def after(deed: Deed, settings: Settings, clock: ManualClock) -> App:
    """`build` in a home in which the deed was done; it is done once, and each test has a copy of its own."""
    kept, later = _done(deed, settings.reporting_currency, clock.now())
    shutil.copytree(kept, settings.home, dirs_exist_ok=True)
    clock.advance((later - clock.now()).total_seconds())
    return build(settings, clock)


@cache
def _done(deed: Deed, currency: str, now: datetime) -> tuple[Path, datetime]:
    folder, clock = _folder(), ManualClock(now)
    settings = Settings(home=folder, project="", samples=False, threads=1, reporting_currency=currency)
    made = build(settings, clock)
    deed(made, clock)
    made.close()
    _settled(folder)
    clock.advance(0.01)  # no id is made twice, as no moment comes twice
    return folder, clock.now()


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="tillstream-home-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _settled(folder: Path) -> None:
    """Copies need not read the log of changes again."""
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
        self._known: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key, bucket.checksum] = bucket.code


COMPILED = OnceCompiled()
_compile_builder = Rule._compile_builder
_builders: dict[Any, Any] = {}


def _built_once(rule: Rule, append_unknown: bool = True) -> Any:
    """What makes addresses of a rule, compiled once for all apps of this process: most of the time of making an app."""
    key = (rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown)
    if key not in _builders:
        _builders[key] = _compile_builder(rule, append_unknown)
    return _builders[key]


Rule._compile_builder = _built_once  # type: ignore[method-assign]


def create_app(app: App) -> Flask:
    """The product's portal, its templates compiled once."""
    flask = portal.create_app(app)
    flask.jinja_env.bytecode_cache = COMPILED
    return flask
