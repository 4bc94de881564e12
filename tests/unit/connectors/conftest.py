from pathlib import Path
from typing import Any

import pytest
from connectors import listed_kind
from unit.connectors.connector_steps import Connected

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App


@pytest.fixture
def connected(app: App, clock: ManualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Connected:
    """A connector to a list of items."""
    listed_kind.register(monkeypatch)
    monkeypatch.setenv("TILLSTREAM_SOURCE_LIST", listed_kind.PASSWORD)
    listed: list[dict[str, Any]] = []
    listed_kind.write(tmp_path / "list.json", listed)
    return Connected(app, clock, tmp_path / "list.json")
