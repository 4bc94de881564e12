"""Homes that are copied from one built before, as most of a new home is the same in each test."""

import atexit
import shutil
import tempfile
from datetime import datetime
from functools import cache
from pathlib import Path
from types import CodeType

import duckdb
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

import portal
from tillstream import app
from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.app.local import WAREHOUSE
from tillstream.ports import Clock
from tillstream.settings import Settings


def furnished(settings: Settings, clock: Clock | None = None) -> None:
    """Put what `build` makes of an empty home into this one, unless something is there."""
    if settings.project or (settings.home / WAREHOUSE).exists():
        return
    given = clock.now() if isinstance(clock, ManualClock) else None
    shutil.copytree(_template(settings.reporting_currency, given), settings.home, dirs_exist_ok=True)


def build(settings: Settings, clock: Clock | None = None) -> App:
    """The product's `build`, in a home that is furnished already."""
    furnished(settings, clock)
    return app.build(settings, clock)


@cache
def _template(currency: str, now: datetime | None) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="tillstream-home-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    settings = Settings(home=folder, project="", samples=False, threads=1, reporting_currency=currency)
    app.build(settings, ManualClock(now) if now else None).close()
    with duckdb.connect(str(folder / WAREHOUSE)) as warehouse:
        warehouse.execute("checkpoint")  # else each copy reads the log of changes again
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


def create_app(app: App) -> Flask:
    """The product's portal, its templates compiled once."""
    flask = portal.create_app(app)
    flask.jinja_env.bytecode_cache = COMPILED
    return flask
