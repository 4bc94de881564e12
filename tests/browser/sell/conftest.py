"""Each test of the sale form has its own copy of a shop that is filled once: its sales count from the start."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from live_server import Served, app_in, running
from seller_steps import open_shop

from tillstream.server.worker import Worker


@pytest.fixture(scope="session")
def filled_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a shop whose file of sales is imported."""
    folder = tmp_path_factory.mktemp("shop")
    app = app_in(folder)
    open_shop(app)
    Worker(app).run_until_idle()
    app.close()
    return folder / "home"


@pytest.fixture
def served(filled_shop: Path, tmp_path: Path) -> Iterator[Served]:
    shutil.copytree(filled_shop, tmp_path / "home")
    with running(app_in(tmp_path)) as served:
        yield served
