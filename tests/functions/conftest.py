"""Each entry point through functions-framework's own test client, on a home of its own."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import functions_framework
import pytest
from app_factory import build
from flask.testing import FlaskClient

from tillstream.app import App
from tillstream.settings import Settings

SOURCE = str(Path(__file__).parents[2] / "functions" / "main.py")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """The same home as the functions work in."""
    app = build(Settings(home=tmp_path, threads=1))
    yield app
    app.close()


@pytest.fixture
def entry(tmp_path: Path, app: App, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], FlaskClient]]:
    monkeypatch.setenv("TILLSTREAM_HOME", str(tmp_path))
    monkeypatch.setenv("TILLSTREAM_THREADS", "1")
    opened = []

    def client(target: str) -> FlaskClient:
        flask = functions_framework.create_app(target, SOURCE)
        flask.testing = False  # a raising handler must answer 500, as it does when served
        opened.append(sys.modules["main"])
        return flask.test_client()

    yield client
    for module in opened:
        if module.app.cache_info().currsize:
            module.app().close()
