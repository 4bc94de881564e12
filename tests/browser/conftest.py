"""A real server and a real Chromium; every request that leaves the machine is an error."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from app_factory import build
from emulator_fixtures import require
from live_server import BUSY, Served, new_context, open_page, running, serving
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sample_shop import Shop, open_shop
from sent_forms import act_after_answers

from tillstream.contracts import source_settings
from tillstream.server.serve import with_server_memory
from tillstream.settings import Settings

ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium-headless-shell") or shutil.which("chromium")  # the first takes a quarter less time
    require("" if path else "there is no Chromium on this machine")
    expect.set_options(timeout=BUSY)
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        act_after_answers(patch)
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGS))
        yield browser
        browser.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as served:
        yield served


@pytest.fixture(scope="session")
def sample_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Shop]]:
    """A portal with the company of sample_shop.py, for all tests that only look at it."""
    folder = tmp_path_factory.mktemp("shop")
    app = build(with_server_memory(Settings(home=folder / "home", samples=False, development=True, threads=1)))
    shop = open_shop(app, folder)
    with running(app, working=False) as served:
        yield served, shop


@pytest.fixture
def direct(served: Served) -> None:
    """Data sources whose files are imported without a preview."""
    for name in ("IN", "UK"):
        source_settings.save_import_setting(served.app.ports, name, without_preview=True, by="admin")


@pytest.fixture
def context(chromium: Browser, served: Served) -> Iterator[BrowserContext]:
    with new_context(chromium, served) as context:
        yield context


@pytest.fixture
def page(context: BrowserContext, served: Served) -> Page:
    return open_page(context, served)
