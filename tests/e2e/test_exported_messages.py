"""What a broken till exported is received by a command: signatures are verified, and nothing counts twice."""

import json
from pathlib import Path
from typing import Any

import pytest
from app_factory import build
from click.testing import CliRunner

from tillstream.app import App
from tillstream.cli.main import main
from tillstream.model.messages import store_sale_schema
from tillstream.people import store_credentials
from tillstream.settings import Settings
from tillstream_till import Till

SALE = store_sale_schema()["examples"][0]
REGION, STORE = SALE["region"], SALE["store_id"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TILLSTREAM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TILLSTREAM_TILL_MARKERS", str(tmp_path / "markers"))
    monkeypatch.setenv("TILLSTREAM_SAMPLES", "no")
    return tmp_path / "home"


@pytest.fixture
def export(home: Path, tmp_path: Path) -> Path:
    """The export of a till that recorded two sales and was never connected."""
    app = build(Settings(home=home, threads=1, samples=False))
    code = store_credentials.connect_till(app.ports, "http://127.0.0.1:9", REGION, STORE, "front", "boss").code
    app.close()
    file = tmp_path / "unsent.jsonl"
    with Till.init(tmp_path / "till", code) as till:
        till.record_all(SALE | {"number": number} for number in ("1", "2"))
        till.close_day("2026-11-20")
        file.write_text("".join(json.dumps(line) + "\n" for line in till.export()))
    return file


def receive(file: Path) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(main, ["stores", "receive", str(file), "--json"])
    received: dict[str, Any] = json.loads(done.stdout)
    return done.exit_code, received


def counted(home: Path) -> list[str]:
    app: App = build(Settings(home=home, threads=1, samples=False))
    rows = app.ports.warehouse.query("SELECT DISTINCT sale_id FROM sale_lines ORDER BY sale_id").to_pylist()
    app.close()
    return [row["sale_id"] for row in rows]


def test_the_sales_of_an_export_count_once(home: Path, export: Path) -> None:
    for _ in range(2):
        assert receive(export) == (0, {"messages": 3, "accepted": 3, "refused": []})
        assert counted(home) == ["1", "2"]


def test_what_cannot_be_accepted_is_listed_with_its_line(home: Path, export: Path) -> None:
    app = build(Settings(home=home, threads=1, samples=False))
    (key,) = store_credentials.find_store_keys(app.ports)
    store_credentials.revoke_store_key(app.ports, key.id, "boss")
    app.close()
    first = export.read_text().splitlines()[0]
    foreign = json.dumps(json.loads(first) | {"store_id": "MAN1"})
    export.write_text("\n".join([first, "", "{broken", foreign]))
    code, received = receive(export)
    assert (code, received["messages"], received["accepted"]) == (3, 3, 0)
    assert [(one["line"], one["code"]) for one in received["refused"]] == [
        (1, "unverified-message"),
        (3, "unreadable-message"),
        (4, "not-your-store"),
    ]
    assert counted(home) == []


def test_the_text_output_and_a_file_that_cannot_be_read(home: Path, export: Path, tmp_path: Path) -> None:
    shown = CliRunner().invoke(main, ["stores", "receive", str(export)])
    assert "3 of 3 messages are accepted." in shown.stdout
    (tmp_path / "image").write_bytes(b"\xff\xfe")
    assert CliRunner().invoke(main, ["stores", "receive", str(tmp_path / "image")]).exit_code == 1
