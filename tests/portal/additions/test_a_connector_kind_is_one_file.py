"""The kind of connector of docs/connectors.md, a module and its name in a table, is offered, tested and pulls rows."""

import re
from pathlib import Path

import pytest
from shop_steps import Shop
from visitor import indian_file, indian_sale

from tillstream.app.source_access import source_access
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.connectors import due_runs, kind_table, kinds

PAGE = Path(__file__).resolve().parents[3] / "docs" / "connectors.md"


def test_a_kind_is_offered_tested_and_pulls_rows(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app, sources = shop.app, shop.app.settings.home / "sources"
    sources.mkdir(exist_ok=True)
    (sources / "monday.csv").write_bytes(indian_file(indian_sale("1")))
    with monkeypatch.context() as added:
        (code,) = re.findall(r"```python\n(.+?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
        (tmp_path / "folder.py").write_text(code, encoding="utf-8")
        added.setattr(kinds, "__path__", [*kinds.__path__, str(tmp_path)])
        added.setattr(kind_table, "MODULES", (*kind_table.MODULES, "folder"))

        assert "Pulls the files of a folder of the server." in shop.boss.get("/new-connector").text
        assert COMMANDS["connect-kinds"](app, quiet).data[-1]["settings"][0]["label"] == "Folder"
        form = {"name": "shop", "contract": "IN", "setting-folder": str(sources), "schedule": "daily"}
        assert shop.boss.post("/new-connector/folder", form).status_code == 303
        access = source_access(app)
        assert due_runs.test_connection(app.ports, access, "shop", "ana").message == "1 files."
        runs = [due_runs.run_connector(app.ports, app.contracts, access, "shop", "ana") for _ in range(2)]
        assert [(one.outcome, one.items) for one in runs] == [("done", 1), ("done", 0)]
        shop.work()
        assert "monday.csv" in shop.boss.get("/uploads").text
        assert shop.boss.post("/connectors/shop/remove").status_code == 303
    assert "a folder of the server" not in shop.boss.get("/new-connector").text
    assert shop.boss.get("/connectors").status_code == 200
