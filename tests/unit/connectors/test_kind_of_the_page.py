"""The kind of connector of docs/connectors.md works as the page shows it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from app_factory import build

from tillstream.app import App
from tillstream.app.source_access import source_access
from tillstream.connectors import due_runs, kind_table, kinds, records
from tillstream.connectors.state import ConnectorDraft
from tillstream.settings import Settings

PAGE = Path(__file__).resolve().parents[3] / "docs" / "connectors.md"
FILE = (
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    "1,A,Cup,1,12/5/2011 9:02,2.00,1,UK\n"
)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    opened = build(Settings(home=tmp_path / "home", samples=False, threads=1, connect_folders=str(tmp_path)))
    yield opened
    opened.close()


def test_a_kind_is_one_module_and_one_line(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"```python\n(.+?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "folder.py").write_text(code, encoding="utf-8")
    monkeypatch.setattr(kinds, "__path__", [*kinds.__path__, str(tmp_path / "modules")])
    monkeypatch.setattr(kind_table, "MODULES", (*kind_table.MODULES, "folder"))
    (tmp_path / "sales").mkdir()
    (tmp_path / "sales" / "monday.csv").write_text(FILE)
    access = source_access(app)

    draft = ConnectorDraft("shop", "folder", {"folder": str(tmp_path / "sales")}, "online-retail-uk")
    records.add_connector(app.ports, app.contracts, access, draft, "ana")

    assert due_runs.test_connection(app.ports, access, "shop", "ana").message == "1 files."
    brought = [due_runs.run_connector(app.ports, app.contracts, access, "shop", "ana") for _ in range(2)]
    assert [(one.outcome, one.items) for one in brought] == [("done", 1), ("done", 0)]
