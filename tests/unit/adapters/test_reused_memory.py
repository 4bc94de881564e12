"""A command keeps freed memory for its next steps, a server gives most of it back."""

from pathlib import Path

from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.app import build
from tillstream.server.serve import with_server_memory
from tillstream.settings import Settings


def _kept(settings: Settings) -> str:
    app = build(settings)
    assert isinstance(app.ports.warehouse, DuckDBWarehouse)
    with app.ports.warehouse._database.transaction() as cursor:
        row = cursor.execute("SELECT current_setting('block_allocator_memory')").fetchone()
    app.close()
    assert row
    return str(row[0])


def test_a_server_keeps_less_freed_memory_than_a_command(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", samples=False)
    assert _kept(settings) == "953.6 MiB"
    assert _kept(with_server_memory(settings)) == "61.0 MiB"
