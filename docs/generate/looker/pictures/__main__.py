"""`python -m docs.generate.looker.pictures` draws the reports again, with a demo in a temporary home."""

import tempfile
from pathlib import Path

from docs.generate.looker.pictures import FOLDER, NOW, pictures
from tillstream.adapters.local.clock import ManualClock
from tillstream.app import build
from tillstream.commands.demo_shop.loading import FORECAST_FROM, load_demo
from tillstream.commands.result import quiet
from tillstream.settings import Settings


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        app = build(Settings(home=Path(home), project="", samples=False), ManualClock(NOW))
        try:
            load_demo(app, quiet, FORECAST_FROM, accounts=False)
            drawn = dict(pictures(app.ports.warehouse))
        finally:
            app.close()
    for name, svg in drawn.items():
        (FOLDER / name).write_text(svg, encoding="utf-8")
    for path in FOLDER.glob("*.svg"):
        if path.name not in drawn:
            path.unlink()


if __name__ == "__main__":
    main()
