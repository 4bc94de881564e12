"""A format of exports is declared once: menus, downloads, live files, background exports and subscriptions have it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from shop_steps import Shop

from tillstream.app import App
from tillstream.app.outgoing_deliveries import subscribed_tables_source
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.delivery import background_exports, background_run, export_table, subscriptions
from tillstream.delivery.export_formats import FORMATS, ExportFormat
from tillstream.people import accounts

TABS = ExportFormat("tab", "With tabs", "text/tab-separated-values", "export_table:tab_chunks", 0)

SUBSCRIPTION = {"name": "Net", "to": "b@example.com", "address": "/explore?by=store", "format": "tab", "every": "day"}


@pytest.fixture(autouse=True)
def tab_format(monkeypatch: pytest.MonkeyPatch) -> None:
    def tab_chunks(table: export_table.ExportTable) -> Iterator[bytes]:
        yield "\t".join(table.schema.names).encode()
        yield from (b"" for _ in table.batches)

    monkeypatch.setattr(export_table, "tab_chunks", tab_chunks, raising=False)
    monkeypatch.setitem(FORMATS, TABS.suffix, TABS)


def test_a_declared_format_is_wherever_tables_leave(shop: Shop, app: App, tmp_path: Path) -> None:
    shop.upload()
    assert "With tabs" in shop.boss.get("/explore").text
    for address in ("/tables/sales-by-store?format=tab", "/files/sales-by-store.tab?", "/files/sale-lines.tab?"):
        file = shop.boss.get(f"{address}&from=2026-06-01&to=2026-06-30")
        assert (file.mimetype, b"\t" in file.data) == (TABS.media_type, True)
    shop.boss.post("/exports", {"address": "/sale-lines/export?format=csv&region=IN", "format": "tab", "rows": "1"})
    assert background_run.run_due_exports(subscribed_tables_source(app)) == []
    (export,) = background_exports.list_exports(app.ports, accounts.get_user(app.ports, "boss"))
    assert b"\t" in shop.boss.get(f"/exports/{export.id}/file").data
    COMMANDS["export"](app, quiet, query="sales-by-store", params={}, out=str(tmp_path / "stores.tab"))
    assert b"\t" in (tmp_path / "stores.tab").read_bytes()
    shop.boss.post("/subscriptions", SUBSCRIPTION)
    assert [one.format for one in subscriptions.list_subscriptions(app.ports, "boss")] == ["tab"]
