"""The commands of orders: a list, one with what arrived, and a PDF; their text on a terminal."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from app_factory import build
from order_steps import KETTLE, LAMP, NOW, add_catalogue, arrive, draft, sent

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.commands import stock as output
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.model.errors import NotFound, Rejected
from tillstream.settings import Settings


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = build(Settings(home=tmp_path / "home", samples=False, threads=1), ManualClock(NOW))
    add_catalogue(app.ports)
    sent(app.ports, {KETTLE: 12, LAMP: 2}, "a")
    arrive(app.ports, {KETTLE: 5}, order_id="a")
    draft(app.ports, {LAMP: 1}, "b")
    yield app
    app.close()


def run(app: App, name: str, **options: Any) -> Any:
    return COMMANDS[name](app, quiet, **options).data


def test_orders_of_a_state_are_listed(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    rows = run(app, "orders")
    assert [(one["number"], one["state"]) for one in rows] == [("PO-000002", "draft"), ("PO-000001", "partly received")]
    assert run(app, "orders", state="late") == []
    with pytest.raises(Rejected, match="The states are: open, draft"):
        run(app, "orders", state="lost")
    output.show_orders(rows)
    output.show_orders([])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "PO-000001 · partly received · ACME · IN/MUM01 · sent 2026-07-01"
    assert lines[2] == "There are no such orders."


def test_one_order_is_shown_with_what_arrived(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    output.show_order(run(app, "orders-show", number="po-000001"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:] == [
        "  KET Kettle · 12 ordered, 5 received · 4.50 INR each",
        "  LAMP Desk lamp · 2 ordered, 0 received · 10.00 INR each",
        "  Total 74.00 INR",
    ]
    with pytest.raises(NotFound):
        run(app, "orders-show", number="PO-000009")


def test_an_order_is_written_as_pdf(app: App, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "order.pdf"
    written = run(app, "orders-pdf", number="PO-000001", out=str(out))
    assert "Acme Wholesale" in pypdfium2.PdfDocument(out)[0].get_textpage().get_text_bounded()
    assert written["bytes"] == out.stat().st_size
    output.show_order_file(number=written["number"], file=written["file"])
    assert capsys.readouterr().out.startswith("PO-000001 is in ")
    with pytest.raises(Rejected, match="cannot be written"):
        run(app, "orders-pdf", number="PO-000001", out=str(tmp_path / "none" / "order.pdf"))
