"""The home of the demo, which takes a minute to fill: made once in a process, and each caller gets a copy."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from tillstream.app import build
from tillstream.commands.demo_shop.loading import load_demo
from tillstream.commands.result import quiet
from tillstream.settings import Settings

SCALE = 0.09


def copy_into(home: Path) -> dict[str, Any]:
    """Copy the home of the demo; returns what the command returned: the receipts of its files, and its accounts."""
    filled, data = _filled()
    shutil.copytree(filled, home, dirs_exist_ok=True)
    return data


@cache
def _filled() -> tuple[Path, dict[str, Any]]:
    folder = Path(tempfile.mkdtemp(prefix="tillstream-demo-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    app = build(Settings(home=folder, samples=False, threads=1))
    data = load_demo(app, quiet, SCALE, accounts=True).data
    app.close()
    return folder, data
